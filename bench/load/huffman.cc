#include "bench/load/huffman.h"

#include <array>
#include <cstdint>

namespace load {
namespace {

constexpr int kLongest = 30;  // bits of a code

// Bits of the code of each octet (RFC 7541 appendix B).
constexpr std::array<uint8_t, 256> kLengths = {
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,  //
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,  //
    6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11, 8,  6,  6,  6,   //
    5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8,  15, 6,  12, 10,  //
    13, 6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,   //
    7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8,  13, 19, 13, 14, 6,   //
    15, 5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,   //
    6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7,  15, 11, 14, 13, 28,  //
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,  //
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,  //
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,  //
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,  //
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,  //
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,  //
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,  //
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,  //
};

// The code is canonical: among codes in the order of their lengths, and of octets where lengths
// are equal, each is the one before it plus one. So the lengths say everything.
constexpr std::array<uint32_t, 256> MakeCodes() {
  std::array<uint32_t, 256> codes{};
  uint32_t next = 0;
  for (int length = 1; length <= kLongest; ++length) {
    next <<= 1;
    for (size_t octet = 0; octet < codes.size(); ++octet) {
      if (kLengths[octet] == length) codes[octet] = next++;
    }
  }
  return codes;
}

constexpr std::array<uint32_t, 256> kCodes = MakeCodes();

static_assert(kCodes['0'] == 0x0 && kCodes['a'] == 0x3 && kCodes['z'] == 0x7b);
static_assert(kCodes['~'] == 0x1ffd && kCodes['\n'] == 0x3ffffffc && kCodes[255] == 0x3ffffee);

}  // namespace

size_t HuffmanSize(std::string_view text) {
  size_t bits = 0;
  for (const char octet : text) bits += kLengths[static_cast<uint8_t>(octet)];
  return (bits + 7) / 8;
}

void AppendHuffman(std::string_view text, size_t size, weir::Buffer* out) {
  uint8_t* place = out->Extend(size);
  uint64_t pending = 0;  // its lowest `bits` bits are not written yet
  int bits = 0;
  for (const char octet : text) {
    const auto symbol = static_cast<uint8_t>(octet);
    pending = (pending << kLengths[symbol]) | kCodes[symbol];
    for (bits += kLengths[symbol]; bits >= 8; bits -= 8) {
      *place++ = static_cast<uint8_t>(pending >> (bits - 8));
    }
  }
  // The rest of the last octet is the beginning of the code of EOS: ones.
  if (bits > 0) *place = static_cast<uint8_t>((pending << (8 - bits)) | (0xff >> bits));
}

}  // namespace load
