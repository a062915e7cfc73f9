#include "bench/load/grpc_timeout.h"

#include <gtest/gtest.h>

#include "bench/load/clock.h"

namespace load {
namespace {

TEST(GrpcTimeout, OfGrpcGoIsRoundedUpInTheFinestUnit) {
  EXPECT_EQ(FormatAsGrpcGo(1), "1n");
  EXPECT_EQ(FormatAsGrpcGo(99'999'999), "99999999n");
  EXPECT_EQ(FormatAsGrpcGo(100'000'000), "100000u");
  EXPECT_EQ(FormatAsGrpcGo(kSecond - 1), "1000000u");
  EXPECT_EQ(FormatAsGrpcGo(99'999'999 * kMicrosecond + 1), "100000m");
  EXPECT_EQ(FormatAsGrpcGo(600 * kSecond), "600000m");
}

TEST(GrpcTimeout, OfGrpcJavaIsRoundedDownInTheFinestUnit) {
  EXPECT_EQ(FormatAsGrpcJava(1), "1n");
  EXPECT_EQ(FormatAsGrpcJava(99'999'999), "99999999n");
  EXPECT_EQ(FormatAsGrpcJava(100'000'999), "100000u");
  EXPECT_EQ(FormatAsGrpcJava(kSecond - 1), "999999u");
  EXPECT_EQ(FormatAsGrpcJava(600 * kSecond - 1), "599999m");
}

TEST(GrpcTimeout, OfGrpcCppHasThreeDigits) {
  EXPECT_EQ(RoundAsGrpcCpp(1).text, "1m");
  EXPECT_EQ(RoundAsGrpcCpp(499'000'001).text, "500m");
  EXPECT_EQ(RoundAsGrpcCpp(999'999'999).text, "1S");
  EXPECT_EQ(RoundAsGrpcCpp(1'234'000'000).text, "1240m");
  EXPECT_EQ(RoundAsGrpcCpp(12'345'000'000).text, "12400m");
  EXPECT_EQ(RoundAsGrpcCpp(60 * kSecond).text, "1M");
  EXPECT_EQ(RoundAsGrpcCpp(123'456'000'000).text, "124S");
  EXPECT_EQ(RoundAsGrpcCpp(600 * kSecond).milliseconds, 600'000);
}

}  // namespace
}  // namespace load
