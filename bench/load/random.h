// Where do trace ids and jitter come from?
//
// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): a few operations a number, and the same numbers
// for the same seed everywhere.
#ifndef WEIR_BENCH_LOAD_RANDOM_H_
#define WEIR_BENCH_LOAD_RANDOM_H_

#include <cstdint>

namespace load {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t mixed = (state_ += 0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

  // From [0, 1), all 53 bits of it.
  double NextFraction() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

 private:
  uint64_t state_;
};

}  // namespace load

#endif  // WEIR_BENCH_LOAD_RANDOM_H_
