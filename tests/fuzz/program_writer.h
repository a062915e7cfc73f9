// Writes what ByteSource reads, for those who make inputs by hand.
#ifndef WEIR_TESTS_FUZZ_PROGRAM_WRITER_H_
#define WEIR_TESTS_FUZZ_PROGRAM_WRITER_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "tests/fuzz/byte_source.h"

namespace weir::fuzz {

class ProgramWriter {
 public:
  ProgramWriter& Octet(int octet) {
    program_ += static_cast<char>(octet);
    return *this;
  }
  ProgramWriter& Octets(std::initializer_list<int> octets) {
    for (const int octet : octets) Octet(octet);
    return *this;
  }
  // An enumerator, such as an operation.
  template <typename Enum>
  ProgramWriter& Do(Enum what) {
    return Octet(static_cast<int>(what));
  }
  ProgramWriter& Number(uint32_t value) {
    if (value < ByteSource::kFirstLong) return Octet(static_cast<int>(value));
    const int count = value < 1u << 8 ? 1 : value < 1u << 16 ? 2 : value < 1u << 24 ? 3 : 4;
    Octet(ByteSource::kFirstLong + count - 1);
    for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) {
      Octet(static_cast<int>(value >> shift & 0xff));
    }
    return *this;
  }
  ProgramWriter& Text(std::string_view text) {
    program_ += text;
    return *this;
  }
  // A number, and so many octets.
  ProgramWriter& Run(std::string_view text) {
    return Number(static_cast<uint32_t>(text.size())).Text(text);
  }
  ProgramWriter& Times(int count, std::string_view program) {
    for (int i = 0; i < count; ++i) program_ += program;
    return *this;
  }

  std::string Take() { return std::move(program_); }
  const std::string& program() const { return program_; }

 private:
  std::string program_;
};

}  // namespace weir::fuzz

#endif  // WEIR_TESTS_FUZZ_PROGRAM_WRITER_H_
