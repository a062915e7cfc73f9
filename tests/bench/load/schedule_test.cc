#include "bench/load/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "bench/load/clock.h"

namespace load {
namespace {

constexpr int64_t kStart = 12'345;

std::vector<int64_t> Times(Schedule schedule, int count) {
  std::vector<int64_t> times;
  for (int i = 0; i < count; ++i, schedule.Advance()) times.push_back(schedule.next());
  return times;
}

TEST(Schedule, KeepsConstantDistancesWithoutDrift) {
  // 3 does not divide a second.
  const std::vector<int64_t> times = Times({kStart, 3, Arrivals::kConstant, 1}, 3'000'001);
  EXPECT_EQ(times[0], kStart);
  EXPECT_EQ(times[1], kStart + 333'333'333);
  EXPECT_EQ(times[3], kStart + kSecond);
  EXPECT_EQ(times[3'000'000], kStart + 1'000'000 * kSecond);
}

TEST(Schedule, MakesThePoissonProcessOfItsRate) {
  constexpr int kCalls = 400'000;
  constexpr double kRate = 20'000;
  const std::vector<int64_t> times = Times({kStart, kRate, Arrivals::kPoisson, 7}, kCalls);
  double sum = 0;
  double squares = 0;
  for (int i = 1; i < kCalls; ++i) {
    const auto distance = static_cast<double>(times[i] - times[i - 1]);
    ASSERT_GE(distance, 0);
    sum += distance;
    squares += distance * distance;
  }
  // Of exponential distances the deviation is as large as the mean; both have an error of about
  // 1/sqrt(400,000) = 0.16 %.
  const double mean = sum / (kCalls - 1);
  const double deviation = std::sqrt(squares / (kCalls - 1) - mean * mean);
  EXPECT_NEAR(mean, 1e9 / kRate, 0.01 * 1e9 / kRate);
  EXPECT_NEAR(deviation, mean, 0.02 * mean);
  EXPECT_GT(times[0], kStart);
}

TEST(Schedule, RepeatsWithItsSeed) {
  const auto times = [](uint64_t seed) {
    return Times({kStart, 1000, Arrivals::kPoisson, seed}, 100);
  };
  EXPECT_EQ(times(5), times(5));
  EXPECT_NE(times(5), times(6));
}

}  // namespace
}  // namespace load
