#include "transport/grpc/rejection.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

namespace weir::grpc {
namespace {

using Kind = Rejection::Kind;

// Written down a second time on purpose: clients depend on these numbers.
struct Expected {
  Kind kind;
  int http_status;
  StatusCode code;
};

constexpr Expected kExpected[] = {
    {Kind::kNone, 200, StatusCode::kOk},
    {Kind::kHeadersTooLarge, 200, StatusCode::kResourceExhausted},
    {Kind::kMethodNotPost, 405, StatusCode::kInternal},
    {Kind::kContentTypeNotGrpc, 415, StatusCode::kInvalidArgument},
    {Kind::kContentSubtypeUnknown, 200, StatusCode::kUnimplemented},
    {Kind::kFieldRepeated, 400, StatusCode::kInternal},
    {Kind::kPathMalformed, 200, StatusCode::kUnimplemented},
    {Kind::kTimeoutMalformed, 400, StatusCode::kInternal},
    {Kind::kDeadlinePassed, 200, StatusCode::kDeadlineExceeded},
    {Kind::kBinaryMetadataMalformed, 400, StatusCode::kInternal},
    {Kind::kServiceUnknown, 200, StatusCode::kUnimplemented},
    {Kind::kMethodUnknown, 200, StatusCode::kUnimplemented},
    {Kind::kEncodingUnsupported, 200, StatusCode::kUnimplemented},
    {Kind::kMessageTooLarge, 200, StatusCode::kResourceExhausted},
    {Kind::kInflatedMessageTooLarge, 200, StatusCode::kResourceExhausted},
    {Kind::kMessageFlagUnknown, 200, StatusCode::kInternal},
    {Kind::kMessageCompressedWithoutEncoding, 200, StatusCode::kInternal},
    {Kind::kMessageCorrupt, 200, StatusCode::kInternal},
    {Kind::kMessageTruncated, 200, StatusCode::kInternal},
    {Kind::kMessageMalformed, 200, StatusCode::kInternal},
    {Kind::kMessageMissing, 200, StatusCode::kUnimplemented},
    {Kind::kMessageTooMany, 200, StatusCode::kUnimplemented},
};
static_assert(std::size(kExpected) == Rejection::kKindCount);

TEST(Rejection, HasTheCodesClientsExpect) {
  for (const Expected& expected : kExpected) {
    const Rejection rejection = MakeRejection(expected.kind);
    EXPECT_EQ(rejection.kind, expected.kind);
    EXPECT_EQ(rejection.http_status, expected.http_status) << RejectionTag(expected.kind);
    EXPECT_EQ(rejection.code, expected.code) << RejectionTag(expected.kind);
    EXPECT_EQ(rejection.is_rejected(), expected.kind != Kind::kNone);
    EXPECT_EQ(rejection.message.empty(), expected.kind == Kind::kNone);
  }
}

TEST(Rejection, NeverUsesACodeThatBelongsToApplications) {
  // gRPC statuscodes.md: "only for use by applications". INVALID_ARGUMENT is among them too, but it
  // goes with the answer 415 to clients that do not speak gRPC.
  for (int i = 0; i < Rejection::kKindCount; ++i) {
    const Rejection rejection = MakeRejection(static_cast<Kind>(i));
    if (rejection.http_status == 415) continue;
    for (StatusCode code : {StatusCode::kInvalidArgument, StatusCode::kNotFound,
                            StatusCode::kAlreadyExists, StatusCode::kFailedPrecondition,
                            StatusCode::kAborted, StatusCode::kOutOfRange, StatusCode::kDataLoss}) {
      EXPECT_NE(rejection.code, code) << RejectionTag(rejection.kind);
    }
  }
}

TEST(Rejection, HasADistinctTagForEachKind) {
  std::set<std::string_view> tags;
  for (int i = 0; i < Rejection::kKindCount; ++i) {
    tags.insert(RejectionTag(static_cast<Kind>(i)));
  }
  EXPECT_EQ(tags.size(), static_cast<size_t>(Rejection::kKindCount));
}

TEST(Rejection, RepeatsOnlyTheBeginningOfWhatTheClientSaid) {
  EXPECT_EQ(MakeRejection(Kind::kServiceUnknown, "a.B").message, "unknown service: a.B");
  EXPECT_EQ(MakeRejection(Kind::kServiceUnknown, std::string(5000, 'x')).message,
            "unknown service: " + std::string(256, 'x'));
}

TEST(Rejection, TellsSizeAndLimit) {
  const Rejection rejection = RejectMessageTooLarge(5000000, 4194304);
  EXPECT_EQ(rejection.kind, Kind::kMessageTooLarge);
  EXPECT_EQ(rejection.code, StatusCode::kResourceExhausted);
  EXPECT_EQ(rejection.message, "message of 5000000 bytes exceeds the limit of 4194304");
  EXPECT_EQ(RejectInflatedMessageTooLarge(10).message,
            "decompressed message exceeds the limit of 10 bytes");
  EXPECT_EQ(RejectInflatedMessageTooLarge(10).kind, Kind::kInflatedMessageTooLarge);
}

TEST(Rejection, IsNoneByDefault) {
  EXPECT_FALSE(Rejection().is_rejected());
  EXPECT_EQ(Rejection().http_status, 200);
}

}  // namespace
}  // namespace weir::grpc
