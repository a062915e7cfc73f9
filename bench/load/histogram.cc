#include "bench/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace load {

// Values below two times kParts have a part each. Above, `shift` bits are dropped, so that what is
// left lies in [kParts, 2 * kParts).
uint64_t Histogram::IndexOf(uint64_t value) {
  if (value < 2 * kParts) return value;
  const int shift = std::bit_width(value) - (kPartBits + 1);
  return static_cast<uint64_t>(shift) * kParts + (value >> shift);
}

uint64_t Histogram::UpperEndOf(uint64_t index) {
  if (index < 2 * kParts) return index;
  const uint64_t shift = index / kParts - 1;
  const uint64_t part = index - shift * kParts;
  return ((part + 1) << shift) - 1;
}

Histogram::Histogram() : counts_(IndexOf(kLargest) + 1) {}

void Histogram::Record(int64_t value) {
  value = std::max<int64_t>(value, 0);
  ++counts_[IndexOf(static_cast<uint64_t>(std::min(value, kLargest)))];
  ++count_;
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
}

double Histogram::mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

int64_t Histogram::Percentile(double fraction) const {
  if (count_ == 0) return 0;
  const auto rank = static_cast<uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
  const uint64_t wanted = std::clamp<uint64_t>(rank, 1, count_);
  uint64_t seen = 0;
  for (uint64_t index = 0; index < counts_.size(); ++index) {
    seen += counts_[index];
    // Nothing is told apart in the last part, which may hold values of any size.
    if (seen >= wanted && index + 1 < counts_.size()) {
      return std::min(max_, static_cast<int64_t>(UpperEndOf(index)));
    }
  }
  return max_;
}

}  // namespace load
