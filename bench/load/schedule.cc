#include "bench/load/schedule.h"

#include <cmath>

#include "bench/load/clock.h"

namespace load {

Schedule::Schedule(int64_t start, double rate, Arrivals arrivals, uint64_t seed)
    : start_(start),
      distance_(static_cast<double>(kSecond) / rate),
      arrivals_(arrivals),
      random_(seed),
      next_(start) {
  if (arrivals_ == Arrivals::kPoisson) Advance();
}

void Schedule::Advance() {
  switch (arrivals_) {
    case Arrivals::kConstant:
      // A product, not a sum: errors of rounding do not add up.
      offset_ = static_cast<double>(++calls_) * distance_;
      break;
    case Arrivals::kPoisson:
      // 1 - fraction is never 0, whose logarithm would be infinite.
      offset_ -= std::log(1 - random_.NextFraction()) * distance_;
      break;
  }
  next_ = start_ + std::llround(offset_);
}

}  // namespace load
