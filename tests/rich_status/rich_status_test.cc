// Are the details what other implementations of google.rpc.Status read?
#include "weir/rich_status.h"

#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

google::rpc::Status Parse(const Status& status) {
  google::rpc::Status parsed;
  EXPECT_TRUE(parsed.ParseFromString(status.error_details()));
  return parsed;
}

template <typename Detail>
Detail Find(const google::rpc::Status& status) {
  Detail found;
  int count = 0;
  for (const google::protobuf::Any& each : status.details()) {
    if (each.Is<Detail>() && each.UnpackTo(&found)) ++count;
  }
  EXPECT_EQ(count, 1) << Detail::descriptor()->full_name();
  return found;
}

TEST(RichStatus, RepeatsCodeAndMessageInItsDetails) {
  const Status status = RichStatus(StatusCode::NOT_FOUND, "no such book").ToStatus();
  EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "no such book");
  const google::rpc::Status parsed = Parse(status);
  EXPECT_EQ(parsed.code(), 5);
  EXPECT_EQ(parsed.message(), "no such book");
  EXPECT_EQ(parsed.details_size(), 0);
}

// The octets, so that a change of the .proto cannot change both sides of the test.
TEST(RichStatus, IsEncodedAsTheWorldEncodesIt) {
  const Status status =
      RichStatus(StatusCode::INVALID_ARGUMENT, "bad").AddFieldViolation("name", "empty").ToStatus();
  EXPECT_EQ(status.error_details(),
            "\x08\x03\x12\x03"
            "bad"
            "\x1a\x3c\x0a\x29type.googleapis.com/google.rpc.BadRequest"
            "\x12\x0f\x0a\x0d\x0a\x04name\x12\x05"
            "empty");
}

TEST(RichStatus, GathersViolationsInOneDetail) {
  const google::rpc::Status parsed = Parse(RichStatus(StatusCode::INVALID_ARGUMENT, "")
                                               .AddFieldViolation("a", "1")
                                               .AddQuotaViolation("user:7", "too much")
                                               .AddFieldViolation("b", "2")
                                               .AddPreconditionViolation("TOS", "x", "y")
                                               .AddHelpLink("manual", "https://example.com")
                                               .ToStatus());
  EXPECT_EQ(parsed.details_size(), 4);
  const auto bad_request = Find<google::rpc::BadRequest>(parsed);
  ASSERT_EQ(bad_request.field_violations_size(), 2);
  EXPECT_EQ(bad_request.field_violations(0).field(), "a");
  EXPECT_EQ(bad_request.field_violations(1).description(), "2");
  EXPECT_EQ(Find<google::rpc::QuotaFailure>(parsed).violations(0).subject(), "user:7");
  EXPECT_EQ(Find<google::rpc::PreconditionFailure>(parsed).violations(0).type(), "TOS");
  EXPECT_EQ(Find<google::rpc::Help>(parsed).links(0).url(), "https://example.com");
}

TEST(RichStatus, HasOneDetailOfEachType) {
  const google::rpc::Status parsed = Parse(RichStatus(StatusCode::UNAVAILABLE, "")
                                               .SetRetryInfo(1s)
                                               .SetErrorInfo("ONE", "a.example", {{"k", "v"}})
                                               .SetErrorInfo("TWO", "b.example")
                                               .SetRetryInfo(2500ms)
                                               .SetRequestInfo("id-7", "data")
                                               .SetResourceInfo("book", "b/7", "me", "gone")
                                               .SetLocalizedMessage("de-CH", "weg")
                                               .SetDebugInfo({"f()", "g()"}, "why")
                                               .ToStatus());
  EXPECT_EQ(parsed.details_size(), 6);
  const auto retry = Find<google::rpc::RetryInfo>(parsed);
  EXPECT_EQ(retry.retry_delay().seconds(), 2);
  EXPECT_EQ(retry.retry_delay().nanos(), 500'000'000);
  const auto error = Find<google::rpc::ErrorInfo>(parsed);
  EXPECT_EQ(error.reason(), "TWO");
  EXPECT_EQ(error.domain(), "b.example");
  EXPECT_EQ(error.metadata_size(), 0);
  EXPECT_EQ(Find<google::rpc::RequestInfo>(parsed).request_id(), "id-7");
  EXPECT_EQ(Find<google::rpc::ResourceInfo>(parsed).owner(), "me");
  EXPECT_EQ(Find<google::rpc::LocalizedMessage>(parsed).locale(), "de-CH");
  EXPECT_EQ(Find<google::rpc::DebugInfo>(parsed).stack_entries_size(), 2);
}

TEST(RichStatus, TakesMessagesOfAnyType) {
  google::protobuf::StringValue value;
  value.set_value("mine");
  const google::rpc::Status parsed =
      Parse(RichStatus(StatusCode::INTERNAL, "").SetDetail(value).ToStatus());
  EXPECT_EQ(Find<google::protobuf::StringValue>(parsed).value(), "mine");
}

TEST(RichStatus, IsAValue) {
  RichStatus one(StatusCode::ABORTED, "one");
  RichStatus other = one;
  other.SetRetryInfo(1s);
  EXPECT_EQ(Parse(one.ToStatus()).details_size(), 0);
  one = other;
  EXPECT_EQ(Parse(one.ToStatus()).details_size(), 1);
}

}  // namespace
}  // namespace weir
