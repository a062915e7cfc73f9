// How are millions of latencies kept, and what are their percentiles?
//
// A log-linear histogram, as HdrHistogram has it: each power of two is divided into 128 equal
// parts, so that a value is known to 1/128 (0.8 %) of itself at every size, and recording one is an
// addition at an index.
#ifndef WEIR_BENCH_LOAD_HISTOGRAM_H_
#define WEIR_BENCH_LOAD_HISTOGRAM_H_

#include <cstdint>
#include <vector>

namespace load {

class Histogram {
 public:
  // The largest value that is told from others; larger ones count as this one, but for max() and
  // mean(). A call that took longer has failed by any measure.
  static constexpr int64_t kLargest = 100'000'000'000;  // 100 s in ns

  Histogram();

  // `value` is in nanoseconds; a negative one counts as 0.
  void Record(int64_t value);

  uint64_t count() const { return count_; }
  // Exact. 0 when nothing is recorded.
  int64_t max() const { return max_; }
  double mean() const;
  // The value that `fraction` of all values (0.99 is p99) do not exceed: the upper end of its part,
  // so at most 0.8 % too high and never too low; never above max(). 0 when nothing is recorded.
  int64_t Percentile(double fraction) const;

 private:
  static constexpr int kPartBits = 7;
  static constexpr uint64_t kParts = uint64_t{1} << kPartBits;

  static uint64_t IndexOf(uint64_t value);
  static uint64_t UpperEndOf(uint64_t index);

  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace load

#endif  // WEIR_BENCH_LOAD_HISTOGRAM_H_
