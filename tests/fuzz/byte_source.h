// A fuzzer's input read as a program: numbers, choices and runs of octets, from front to back.
//
// Every input is a program, and an input cut short is a shorter program: past the end everything is
// zero. A number takes few octets when it is small, so that what a mutation changes is mostly the
// value that it hits. program_writer.h is the reverse.
#ifndef WEIR_TESTS_FUZZ_BYTE_SOURCE_H_
#define WEIR_TESTS_FUZZ_BYTE_SOURCE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "transport/base/bytes.h"

namespace weir::fuzz {

class ByteSource {
 public:
  explicit ByteSource(ByteView input) : input_(input) {}

  bool empty() const { return input_.empty(); }
  size_t left() const { return input_.size(); }

  uint8_t Octet() {
    if (input_.empty()) return 0;
    const uint8_t octet = input_.front();
    input_ = input_.subspan(1);
    return octet;
  }

  bool Flag() { return (Octet() & 1) != 0; }

  // Less than `count`, which is 1 to 256.
  size_t Below(size_t count) { return Octet() % count; }

  uint16_t Number16() {
    const uint8_t high = Octet();
    return static_cast<uint16_t>(high << 8 | Octet());
  }
  uint32_t Number32() {
    const uint32_t high = Number16();
    return high << 16 | Number16();
  }

  // One octet up to 251; 252 to 255 announce a number of one to four octets.
  uint32_t Number() {
    const uint8_t first = Octet();
    if (first < kFirstLong) return first;
    uint32_t value = 0;
    for (int i = kFirstLong; i <= first; ++i) value = value << 8 | Octet();
    return value;
  }

  template <typename T, size_t kCount>
  const T& Pick(const std::array<T, kCount>& choices) {
    static_assert(kCount <= 256);
    return choices[Below(kCount)];
  }

  // The next `count` octets, or all that are left.
  ByteView Take(size_t count) {
    const ByteView taken = input_.first(std::min(count, input_.size()));
    input_ = input_.subspan(taken.size());
    return taken;
  }
  // A number, and so many octets.
  ByteView Run() { return Take(Number()); }
  ByteView TakeRest() { return Take(input_.size()); }

  static constexpr uint8_t kFirstLong = 252;

 private:
  ByteView input_;
};

}  // namespace weir::fuzz

#endif  // WEIR_TESTS_FUZZ_BYTE_SOURCE_H_
