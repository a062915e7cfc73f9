// When is each call of an open loop due?
//
// An open loop makes its calls whether or not earlier ones are answered, as many independent
// clients do. Their times are fixed in advance, so that a server that stalls cannot make the
// generator ask more slowly and so hide its own stall ("coordinated omission").
#ifndef WEIR_BENCH_LOAD_SCHEDULE_H_
#define WEIR_BENCH_LOAD_SCHEDULE_H_

#include <cstdint>

#include "bench/load/random.h"

namespace load {

enum class Arrivals : uint8_t {
  kConstant,  // equal distances
  kPoisson,   // exponential distances, as of independent clients
};

class Schedule {
 public:
  // `rate` is in calls a second, above 0. The first call is due at `start` (constant) or one
  // distance behind it (Poisson).
  Schedule(int64_t start, double rate, Arrivals arrivals, uint64_t seed);

  // When the next call is due, on the clock that `start` is of.
  int64_t next() const { return next_; }
  void Advance();

 private:
  const int64_t start_;
  const double distance_;  // ns, on average
  const Arrivals arrivals_;
  Random random_;
  double offset_ = 0;  // of next_ from start_, with fractions of a nanosecond
  uint64_t calls_ = 0;
  int64_t next_ = 0;
};

}  // namespace load

#endif  // WEIR_BENCH_LOAD_SCHEDULE_H_
