#include "transport/http2/huffman.h"

#include <array>

namespace weir::http2 {
namespace {

constexpr int kSymbols = 257;
constexpr int kEndOfString = 256;
constexpr int kBitsMax = 30;

// How many bits the code of each symbol has (RFC 7541 appendix B). The code is canonical: shorter
// codes come before longer ones, and those of one length follow each other in the order of their
// symbols. So the lengths are all there is to know.
constexpr std::array<uint8_t, kSymbols> kBits = {
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,  // 0x00
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,  // 0x10
    6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11, 8,  6,  6,  6,   // 0x20
    5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8,  15, 6,  12, 10,  // 0x30
    13, 6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,   // 0x40
    7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8,  13, 19, 13, 14, 6,   // 0x50
    15, 5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,   // 0x60
    6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7,  15, 11, 14, 13, 28,  // 0x70
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,  // 0x80
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,  // 0x90
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,  // 0xa0
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,  // 0xb0
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,  // 0xc0
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,  // 0xd0
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,  // 0xe0
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,  // 0xf0
    30,                                                              // the end of the string
};

// What the lengths mean. Codes are compared as they stand at the head of 32 bits.
struct Code {
  // For each length: the first code behind those of that length or less, and what takes one of its
  // codes to the place of its symbol in `symbols`.
  std::array<uint64_t, kBitsMax + 1> end{};
  std::array<uint32_t, kBitsMax + 1> first{};
  std::array<uint16_t, kBitsMax + 1> place{};
  std::array<uint16_t, kSymbols> symbols{};
};

constexpr Code MakeCode() {
  Code code;
  uint64_t next = 0;
  size_t count = 0;
  for (size_t bits = 1; bits <= kBitsMax; ++bits) {
    code.first[bits] = static_cast<uint32_t>(next);
    code.place[bits] = static_cast<uint16_t>(count);
    for (size_t symbol = 0; symbol < kSymbols; ++symbol) {
      if (kBits[symbol] != bits) continue;
      code.symbols[count++] = static_cast<uint16_t>(symbol);
      next += uint64_t{1} << (32 - bits);
    }
    code.end[bits] = next;
  }
  return code;
}

constexpr Code kCode = MakeCode();
// No string of bits is without a meaning.
static_assert(kCode.end[kBitsMax] == uint64_t{1} << 32);

// The code of each octet, in its lowest bits.
constexpr std::array<uint32_t, 256> kCodes = [] {
  std::array<uint32_t, 256> codes{};
  for (size_t place = 0; place < kSymbols; ++place) {
    const size_t symbol = kCode.symbols[place];
    const size_t bits = kBits[symbol];
    if (symbol == kEndOfString) continue;
    const size_t rank = place - kCode.place[bits];
    codes[symbol] = static_cast<uint32_t>((kCode.first[bits] >> (32 - bits)) + rank);
  }
  return codes;
}();

// Codes of up to eight bits, which is nearly all of what fields are made of, by the next octet.
constexpr size_t kShortBits = 8;

struct ShortCode {
  uint8_t symbol = 0;
  uint8_t bits = 0;  // 0 when the code is longer
};

constexpr std::array<ShortCode, 1 << kShortBits> kShortCodes = [] {
  std::array<ShortCode, 1 << kShortBits> codes{};
  size_t next = 0;
  for (const uint16_t symbol : kCode.symbols) {
    const uint8_t bits = kBits[symbol];
    if (bits > kShortBits) break;
    for (size_t i = 0; i < size_t{1} << (kShortBits - bits); ++i) {
      codes[next++] = {.symbol = static_cast<uint8_t>(symbol), .bits = bits};
    }
  }
  return codes;
}();

// The symbol whose code stands at the head of `next`, and the length of that code.
size_t LongSymbol(uint32_t next, size_t* bits) {
  size_t length = kShortBits + 1;
  while (next >= kCode.end[length]) ++length;
  *bits = length;
  return kCode.symbols[kCode.place[length] + ((next - kCode.first[length]) >> (32 - length))];
}

// The next bits of a string, from the highest down.
struct Window {
  uint64_t bits = 0;
  size_t filled = 0;  // so many of them count; behind those are more of the string, or zeros

  void Drop(size_t count) {
    bits <<= count;
    filled -= count;
  }
};

ShortCode NextShort(const Window& window) { return kShortCodes[window.bits >> (64 - kShortBits)]; }

}  // namespace

std::optional<size_t> DecodeHuffman(ByteView coded, uint8_t* text) {
  const uint8_t* in = coded.data();
  const uint8_t* const end = in + coded.size();
  uint8_t* out = text;
  Window window;
  for (;;) {
    if (end - in >= 8) {
      const size_t octets = (64 - window.filled) / 8;
      window.bits |= LoadBig64(in) >> window.filled;
      window.filled += 8 * octets;
      in += octets;
    } else {
      for (; in != end && window.filled <= 56; ++in, window.filled += 8) {
        window.bits |= uint64_t{*in} << (56 - window.filled);
      }
    }
    // As long as there is much left, only whether a code is short has to be asked for each.
    ShortCode code = NextShort(window);
    while (code.bits != 0 && window.filled >= kShortBits) {
      *out++ = code.symbol;
      window.Drop(code.bits);
      code = NextShort(window);
    }
    if (in != end && window.filled < kBitsMax) continue;
    size_t bits = code.bits;
    size_t symbol = code.symbol;
    if (bits == 0) symbol = LongSymbol(static_cast<uint32_t>(window.bits >> 32), &bits);
    // With the zeros, a code that is cut can look like another one, but not like a shorter one.
    if (bits > window.filled) break;
    if (symbol == kEndOfString) return std::nullopt;
    *out++ = static_cast<uint8_t>(symbol);
    window.Drop(bits);
  }
  // What is left has to be the beginning of the end-of-string symbol, which consists of ones.
  const size_t left = window.filled;
  const uint64_t ones = left == 0 ? 0 : ~uint64_t{0} << (64 - left);
  if (left >= 8 || window.bits != ones) return std::nullopt;
  return static_cast<size_t>(out - text);
}

size_t HuffmanSize(std::string_view text) {
  size_t bits = 0;
  for (const char c : text) bits += kBits[static_cast<uint8_t>(c)];
  return (bits + 7) / 8;
}

void EncodeHuffman(std::string_view text, uint8_t* place) {
  uint64_t window = 0;  // what was not written yet stands in its lowest bits
  size_t filled = 0;
  for (const char c : text) {
    const auto symbol = static_cast<uint8_t>(c);
    window = window << kBits[symbol] | kCodes[symbol];
    filled += kBits[symbol];
    for (; filled >= 8; filled -= 8) *place++ = static_cast<uint8_t>(window >> (filled - 8));
  }
  if (filled != 0) *place = static_cast<uint8_t>(window << (8 - filled) | 0xffu >> filled);
}

}  // namespace weir::http2
