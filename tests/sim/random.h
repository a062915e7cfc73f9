// Where does everything that a simulation leaves to chance come from? One seed.
#ifndef WEIR_TESTS_SIM_RANDOM_H_
#define WEIR_TESTS_SIM_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace weir::sim {

// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): the same numbers on every machine, which the
// distributions of the standard library do not promise.
class Random {
 public:
  // Mixed, since neighbours would else give the same numbers, one place apart.
  explicit Random(uint64_t seed) : state_(Mix(seed + 0x2545f4914f6cdd1d)) {}

  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    return Mix(state_);
  }

  // 0 to `count` - 1; `count` is not 0.
  uint64_t Below(uint64_t count) { return Next() % count; }
  // Both ends included.
  uint64_t Between(uint64_t low, uint64_t high) { return low + Below(high - low + 1); }
  bool OneIn(uint64_t count) { return Below(count) == 0; }

  template <typename T>
  T Pick(std::initializer_list<T> values) {
    return values.begin()[Below(values.size())];
  }

  // 0 to `max`, each order of magnitude as likely as the next: limits are met at both ends.
  uint64_t Magnitude(uint64_t max) {
    uint64_t bits = 0;
    while ((max >> bits) > 1) ++bits;
    const uint64_t value = Below(uint64_t{2} << Below(bits + 1));
    return value > max ? max : value;
  }

 private:
  static constexpr uint64_t Mix(uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
  }

  uint64_t state_;
};

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_RANDOM_H_
