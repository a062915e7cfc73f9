#include "transport/net/percent_path.h"

#include <charconv>
#include <cstdint>

namespace weir::net {

namespace {

// RFC 3986 §3.3: pchar, and the slash between segments.
bool IsPathCharacter(char c) {
  const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  const bool is_digit = c >= '0' && c <= '9';
  constexpr std::string_view kOthers = "-._~!$&'()*+,;=:@/";
  return is_letter || is_digit || kOthers.find(c) != std::string_view::npos;
}

}  // namespace

std::string PercentEncodePath(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (IsPathCharacter(c)) {
      encoded += c;
      continue;
    }
    const auto octet = static_cast<uint8_t>(c);
    encoded += '%';
    encoded += kDigits[octet >> 4];
    encoded += kDigits[octet & 0x0f];
  }
  return encoded;
}

bool PercentDecodePath(std::string_view text, std::string& decoded) {
  decoded.clear();
  while (!text.empty()) {
    if (text.front() != '%') {
      decoded += text.front();
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 3) return false;
    uint8_t octet = 0;
    const auto [stop, error] = std::from_chars(text.data() + 1, text.data() + 3, octet, 16);
    if (error != std::errc() || stop != text.data() + 3) return false;
    decoded += static_cast<char>(octet);
    text.remove_prefix(3);
  }
  return true;
}

}  // namespace weir::net
