#include "transport/grpc/status_code.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::grpc {
namespace {

TEST(StatusCode, HasTheNamesOfTheSpecification) {
  EXPECT_EQ(StatusCodeName(StatusCode::kOk), "OK");
  EXPECT_EQ(StatusCodeName(StatusCode::kCancelled), "CANCELLED");
  EXPECT_EQ(StatusCodeName(StatusCode::kUnknown), "UNKNOWN");
  EXPECT_EQ(StatusCodeName(StatusCode::kInvalidArgument), "INVALID_ARGUMENT");
  EXPECT_EQ(StatusCodeName(StatusCode::kDeadlineExceeded), "DEADLINE_EXCEEDED");
  EXPECT_EQ(StatusCodeName(StatusCode::kNotFound), "NOT_FOUND");
  EXPECT_EQ(StatusCodeName(StatusCode::kAlreadyExists), "ALREADY_EXISTS");
  EXPECT_EQ(StatusCodeName(StatusCode::kPermissionDenied), "PERMISSION_DENIED");
  EXPECT_EQ(StatusCodeName(StatusCode::kResourceExhausted), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(StatusCodeName(StatusCode::kFailedPrecondition), "FAILED_PRECONDITION");
  EXPECT_EQ(StatusCodeName(StatusCode::kAborted), "ABORTED");
  EXPECT_EQ(StatusCodeName(StatusCode::kOutOfRange), "OUT_OF_RANGE");
  EXPECT_EQ(StatusCodeName(StatusCode::kUnimplemented), "UNIMPLEMENTED");
  EXPECT_EQ(StatusCodeName(StatusCode::kInternal), "INTERNAL");
  EXPECT_EQ(StatusCodeName(StatusCode::kUnavailable), "UNAVAILABLE");
  EXPECT_EQ(StatusCodeName(StatusCode::kDataLoss), "DATA_LOSS");
  EXPECT_EQ(StatusCodeName(StatusCode::kUnauthenticated), "UNAUTHENTICATED");
}

TEST(StatusCode, DigitsAreTheDecimalValueWithoutLeadingZeros) {
  for (int value = 0; value < kStatusCodeCount; ++value) {
    EXPECT_EQ(StatusCodeDigits(static_cast<StatusCode>(value)), std::to_string(value));
  }
}

TEST(StatusCode, OutsideTheListIsUnknown) {
  for (int value = kStatusCodeCount; value < 256; ++value) {
    EXPECT_EQ(StatusCodeName(static_cast<StatusCode>(value)), "UNKNOWN");
    EXPECT_EQ(StatusCodeDigits(static_cast<StatusCode>(value)), "2");
  }
}

}  // namespace
}  // namespace weir::grpc
