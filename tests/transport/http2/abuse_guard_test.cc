#include "transport/http2/abuse_guard.h"

#include <gtest/gtest.h>

#include <chrono>

namespace weir::http2 {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1h};

TEST(TokenBucket, LetsABurstThroughAndNotOneMore) {
  const Allowance allowance{.burst = 5, .per_second = 10};
  TokenBucket bucket;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bucket.Spend(allowance, kStart));
  EXPECT_FALSE(bucket.Spend(allowance, kStart));
  EXPECT_FALSE(bucket.Spend(allowance, kStart + 99ms));
  EXPECT_TRUE(bucket.Spend(allowance, kStart + 100ms));
  EXPECT_FALSE(bucket.Spend(allowance, kStart + 100ms));
}

TEST(TokenBucket, FillsUpToItsBurstOnly) {
  const Allowance allowance{.burst = 5, .per_second = 10};
  TokenBucket bucket;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bucket.Spend(allowance, kStart));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bucket.Spend(allowance, kStart + 1h));
  EXPECT_FALSE(bucket.Spend(allowance, kStart + 1h));
}

TEST(TokenBucket, TakesTokensBackUpToItsBurstOnly) {
  const Allowance allowance{.burst = 5, .per_second = 10};
  TokenBucket bucket;
  bucket.Refund(allowance, 100);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bucket.Spend(allowance, kStart));
  EXPECT_FALSE(bucket.Spend(allowance, kStart));
  bucket.Refund(allowance, 2);
  EXPECT_TRUE(bucket.Spend(allowance, kStart));
  EXPECT_TRUE(bucket.Spend(allowance, kStart));
  EXPECT_FALSE(bucket.Spend(allowance, kStart));
  bucket.Refund(allowance, 100);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bucket.Spend(allowance, kStart));
  EXPECT_FALSE(bucket.Spend(allowance, kStart));
}

TEST(TokenBucket, TakesTheWidestAllowance) {
  const Allowance allowance{.burst = UINT32_MAX, .per_second = 1};
  TokenBucket bucket;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(bucket.Spend(allowance, kStart));
}

TEST(AbuseGuard, EachFamilyHasAnAllowanceOfItsOwn) {
  ConnectionOptions options;
  options.glitches = options.refusals = options.premature_resets = {.burst = 2, .per_second = 1};
  AbuseGuard guard(options);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(guard.OnGlitch(kStart), Violation::kNone);
    EXPECT_EQ(guard.OnRefusal(kStart), Violation::kNone);
    EXPECT_EQ(guard.OnPrematureReset(kStart), Violation::kNone);
  }
  EXPECT_EQ(guard.OnGlitch(kStart), Violation::kTooManyGlitches);
  EXPECT_EQ(guard.OnRefusal(kStart), Violation::kTooManyRefusals);
  EXPECT_EQ(guard.OnPrematureReset(kStart), Violation::kTooManyResets);
}

TEST(AbuseGuard, ACompletedResponseMakesUpForAReset) {
  ConnectionOptions options;
  options.premature_resets = {.burst = 10, .per_second = 1};
  AbuseGuard guard(options);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(guard.OnPrematureReset(kStart), Violation::kNone);
    guard.OnResponseCompleted();
  }
  for (int i = 0; i < 10; ++i) ASSERT_EQ(guard.OnPrematureReset(kStart), Violation::kNone);
  EXPECT_EQ(guard.OnPrematureReset(kStart), Violation::kTooManyResets);
}

class PingPolicyTest : public ::testing::Test {
 protected:
  Violation Ping(Duration at, bool has_streams = true) {
    return guard_.OnPing(kStart + at, has_streams);
  }
  ConnectionOptions options_;
  AbuseGuard guard_{options_};
};

TEST_F(PingPolicyTest, TheThirdEarlyPingIsTooMany) {
  EXPECT_EQ(Ping(0s), Violation::kNone);
  EXPECT_EQ(Ping(1s), Violation::kNone);
  EXPECT_EQ(Ping(2s), Violation::kNone);
  EXPECT_EQ(Ping(3s), Violation::kTooManyPings);
}

TEST_F(PingPolicyTest, APingAtExactlyTheIntervalIsWelcome) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Ping(i * 5min), Violation::kNone);
}

TEST_F(PingPolicyTest, AnEarlyPingDoesNotMoveTheTimeThatTheNextIsMeasuredFrom) {
  EXPECT_EQ(Ping(0s), Violation::kNone);
  EXPECT_EQ(Ping(4min), Violation::kNone);                // first strike
  EXPECT_EQ(Ping(5min), Violation::kNone);                // in time
  EXPECT_EQ(Ping(5min + 1s), Violation::kNone);           // second strike
  EXPECT_EQ(Ping(9min + 59s), Violation::kTooManyPings);  // third
}

TEST_F(PingPolicyTest, WithoutStreamsTheIntervalIsLonger) {
  EXPECT_EQ(Ping(0s, false), Violation::kNone);
  EXPECT_EQ(Ping(1h, false), Violation::kNone);
  EXPECT_EQ(Ping(1h + 59min, false), Violation::kNone);
  EXPECT_EQ(Ping(2h - 1ns, false), Violation::kTooManyPings);
}

TEST_F(PingPolicyTest, SendingForgivesAllStrikes) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Ping(i * 1s), Violation::kNone);
    EXPECT_EQ(Ping(i * 1s), Violation::kNone);
    EXPECT_EQ(Ping(i * 1s), Violation::kNone);
    guard_.OnResponseSent();
  }
}

}  // namespace
}  // namespace weir::http2
