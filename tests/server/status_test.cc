// weir::Status and weir::StatusOr as values.
#include "weir/status.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace weir {
namespace {

TEST(Status, IsOkUnlessToldOtherwise) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_TRUE(Status::OK.ok());
  EXPECT_EQ(status.error_code(), StatusCode::OK);
  EXPECT_EQ(status.error_message(), "");
  EXPECT_EQ(status.error_details(), "");
  EXPECT_EQ(status.ToString(), "OK");
}

TEST(Status, HoldsCodeMessageAndDetails) {
  const Status status(StatusCode::NOT_FOUND, "no such thing", "details");
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "no such thing");
  EXPECT_EQ(status.error_details(), "details");
  EXPECT_EQ(status.ToString(), "NOT_FOUND: no such thing");
  EXPECT_EQ(Status(StatusCode::ABORTED, "").ToString(), "ABORTED");
}

TEST(Status, OfCodeOkHasNoMessage) {
  const Status status(StatusCode::OK, "dropped", "dropped");
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.error_message(), "");
  EXPECT_EQ(status.error_details(), "");
}

TEST(Status, OfAnUnknownCodeIsUnknown) {
  for (const int code : {-1, 17, 1'000'000}) {
    const Status status(static_cast<StatusCode>(code), "what");
    EXPECT_EQ(status.error_code(), StatusCode::UNKNOWN) << code;
    EXPECT_EQ(status.error_message(), "what");
    EXPECT_EQ(StatusCodeName(static_cast<StatusCode>(code)), "UNKNOWN");
  }
}

TEST(Status, NamesEveryCode) {
  EXPECT_EQ(StatusCodeName(StatusCode::OK), "OK");
  EXPECT_EQ(StatusCodeName(StatusCode::CANCELLED), "CANCELLED");
  EXPECT_EQ(StatusCodeName(StatusCode::DEADLINE_EXCEEDED), "DEADLINE_EXCEEDED");
  EXPECT_EQ(StatusCodeName(StatusCode::UNAUTHENTICATED), "UNAUTHENTICATED");
}

TEST(Status, IsCopiedDeeply) {
  Status original(StatusCode::ABORTED, "message", "details");
  Status copy = original;
  original = Status::OK;
  EXPECT_EQ(copy.ToString(), "ABORTED: message");
  copy = *&copy;
  EXPECT_EQ(copy.error_details(), "details");
  Status moved = std::move(copy);
  EXPECT_EQ(moved.ToString(), "ABORTED: message");
  moved = Status::CANCELLED;
  EXPECT_EQ(moved.error_code(), StatusCode::CANCELLED);
}

TEST(StatusOr, HoldsAValueOrAStatus) {
  StatusOr<std::string> value = std::string("text");
  ASSERT_TRUE(value.ok());
  EXPECT_TRUE(value.status().ok());
  EXPECT_EQ(*value, "text");
  EXPECT_EQ(value->size(), 4u);
  EXPECT_EQ(std::move(value).value(), "text");

  const StatusOr<std::string> failure = Status(StatusCode::ABORTED, "no");
  EXPECT_FALSE(failure.ok());
  EXPECT_EQ(failure.status().error_code(), StatusCode::ABORTED);
}

TEST(StatusOr, HoldsWhatCanOnlyBeMoved) {
  StatusOr<std::unique_ptr<int>> value = std::make_unique<int>(7);
  const std::unique_ptr<int> taken = std::move(value).value();
  EXPECT_EQ(*taken, 7);
}

TEST(StatusOr, MadeFromOkIsAMistake) {
  const StatusOr<int> value = Status::OK;
  EXPECT_FALSE(value.ok());
  EXPECT_EQ(value.status().error_code(), StatusCode::INTERNAL);
}

}  // namespace
}  // namespace weir
