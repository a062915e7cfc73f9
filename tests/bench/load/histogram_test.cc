#include "bench/load/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "bench/load/random.h"

namespace load {
namespace {

constexpr double kResolution = 1.0 / 128;
constexpr double kFractions[] = {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1};

// The value at the rank that the histogram promises.
int64_t ExactPercentile(const std::vector<int64_t>& sorted, double fraction) {
  const auto rank = static_cast<size_t>(std::ceil(fraction * static_cast<double>(sorted.size())));
  return sorted[std::max<size_t>(rank, 1) - 1];
}

void ExpectPercentilesOf(std::vector<int64_t> values) {
  Histogram histogram;
  double sum = 0;
  for (const int64_t value : values) {
    histogram.Record(value);
    sum += static_cast<double>(value);
  }
  std::ranges::sort(values);
  for (const double fraction : kFractions) {
    const int64_t exact = ExactPercentile(values, fraction);
    EXPECT_GE(histogram.Percentile(fraction), exact) << fraction;
    EXPECT_LE(static_cast<double>(histogram.Percentile(fraction)),
              static_cast<double>(exact) * (1 + kResolution))
        << fraction;
  }
  EXPECT_EQ(histogram.max(), values.back());
  EXPECT_EQ(histogram.count(), values.size());
  EXPECT_NEAR(histogram.mean(), sum / static_cast<double>(values.size()), 1e-6 * sum);
}

TEST(Histogram, FindsPercentilesOfValuesOfEverySize) {
  Random random(1);
  std::vector<int64_t> values;
  // From one nanosecond to 100 s, evenly on a logarithmic scale.
  for (int i = 0; i < 50'000; ++i) {
    values.push_back(static_cast<int64_t>(std::exp(random.NextFraction() * std::log(1e11))));
  }
  ExpectPercentilesOf(std::move(values));
}

TEST(Histogram, FindsPercentilesOfALongTail) {
  Random random(2);
  std::vector<int64_t> values;
  for (int i = 0; i < 50'000; ++i) {
    const double tail = -std::log(1 - random.NextFraction());
    values.push_back(static_cast<int64_t>(50'000 + 200'000 * tail * tail));
  }
  ExpectPercentilesOf(std::move(values));
}

TEST(Histogram, FindsPercentilesOfFewValues) {
  for (int count = 1; count <= 12; ++count) {
    std::vector<int64_t> values;
    for (int i = 0; i < count; ++i) values.push_back(int64_t{1000} * (i + 1));
    ExpectPercentilesOf(std::move(values));
  }
}

TEST(Histogram, KeepsSmallValuesExactly) {
  for (int64_t value = 0; value < 256; ++value) {
    Histogram histogram;
    histogram.Record(value);
    histogram.Record(1'000'000);
    EXPECT_EQ(histogram.Percentile(0.5), value);
  }
}

TEST(Histogram, SaysNothingWhenEmpty) {
  const Histogram histogram;
  EXPECT_EQ(histogram.Percentile(0.5), 0);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.mean(), 0);
}

TEST(Histogram, TakesValuesBeyondItsBounds) {
  Histogram histogram;
  histogram.Record(-5);
  histogram.Record(Histogram::kLargest - 1);
  histogram.Record(Histogram::kLargest);
  histogram.Record(9 * Histogram::kLargest);
  EXPECT_EQ(histogram.Percentile(0.25), 0);
  EXPECT_EQ(histogram.Percentile(1), 9 * Histogram::kLargest);
  EXPECT_EQ(histogram.max(), 9 * Histogram::kLargest);
}

}  // namespace
}  // namespace load
