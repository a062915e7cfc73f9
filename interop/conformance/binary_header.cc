#include "interop/conformance/binary_header.h"

#include <algorithm>
#include <cstdint>

namespace weir::interop {
namespace {

// RFC 4648 §4.
constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string LowerCase(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

bool IsBinaryHeader(std::string_view name) { return LowerCase(name).ends_with("-bin"); }

std::string EncodeBinaryHeader(std::string_view value) {
  std::string text;
  uint32_t bits = 0;
  int count = 0;  // of bits that are not written yet, at the lower end
  for (const char octet : value) {
    bits = bits << 8 | static_cast<uint8_t>(octet);
    for (count += 8; count >= 6; count -= 6) text += kDigits[bits >> (count - 6) & 63];
  }
  if (count > 0) text += kDigits[bits << (6 - count) & 63];
  return text;
}

std::string DecodeBinaryHeader(std::string_view text) {
  std::string value;
  uint32_t bits = 0;
  int count = 0;
  for (const char digit : text.substr(0, text.find_last_not_of('=') + 1)) {
    const size_t six = kDigits.find(digit);
    if (six == std::string_view::npos) return std::string(text);
    bits = bits << 6 | static_cast<uint32_t>(six);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    value += static_cast<char>(bits >> count);
  }
  return value;
}

}  // namespace weir::interop
