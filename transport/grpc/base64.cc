#include "transport/grpc/base64.h"

#include <array>
#include <cstdint>

namespace weir::grpc {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr uint8_t kNotInAlphabet = 0x80;

constexpr std::array<uint8_t, 256> kValues = [] {
  std::array<uint8_t, 256> values{};
  values.fill(kNotInAlphabet);
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  return values;
}();

uint8_t ValueOf(char c) { return kValues[static_cast<uint8_t>(c)]; }

// Removes the padding. False if there is some and it does not fill the last group of four.
bool StripPadding(std::string_view* text) {
  if (text->empty() || text->back() != '=') return true;
  if (text->size() % 4 != 0) return false;
  text->remove_suffix(1);
  if (text->back() == '=') text->remove_suffix(1);
  return true;
}

// Whether `text`, without padding, is base64. The bits of the last character that belong to no byte
// must be zero (RFC 4648 §3.5), so that one value has one spelling.
bool IsUnpaddedBase64(std::string_view text) {
  uint8_t all = 0;
  for (const char c : text) all |= ValueOf(c);
  if ((all & kNotInAlphabet) != 0) return false;
  switch (text.size() % 4) {
    case 1:
      return false;
    case 2:
      return (ValueOf(text.back()) & 0x0F) == 0;
    case 3:
      return (ValueOf(text.back()) & 0x03) == 0;
  }
  return true;
}

// The bits of up to four characters, as those of the first four would be.
uint32_t LoadGroup(std::string_view text) {
  uint32_t bits = 0;
  for (size_t i = 0; i < 4; ++i) bits = bits << 6 | (i < text.size() ? ValueOf(text[i]) : 0u);
  return bits;
}

}  // namespace

void Base64EncodeTo(std::string_view bytes, char* out) {
  const auto byte = [](char c) { return uint32_t{static_cast<uint8_t>(c)}; };
  for (; bytes.size() >= 3; bytes.remove_prefix(3)) {
    const uint32_t bits = byte(bytes[0]) << 16 | byte(bytes[1]) << 8 | byte(bytes[2]);
    *out++ = kAlphabet[bits >> 18];
    *out++ = kAlphabet[bits >> 12 & 63];
    *out++ = kAlphabet[bits >> 6 & 63];
    *out++ = kAlphabet[bits & 63];
  }
  if (bytes.empty()) return;
  const uint32_t bits = byte(bytes[0]) << 16 | (bytes.size() == 2 ? byte(bytes[1]) << 8 : 0);
  *out++ = kAlphabet[bits >> 18];
  *out++ = kAlphabet[bits >> 12 & 63];
  if (bytes.size() == 2) *out = kAlphabet[bits >> 6 & 63];
}

std::string Base64Encode(std::string_view bytes) {
  std::string text(Base64EncodedSize(bytes.size()), '\0');
  Base64EncodeTo(bytes, text.data());
  return text;
}

bool Base64Decode(std::string_view text, std::string* out) {
  if (!StripPadding(&text) || !IsUnpaddedBase64(text)) return false;
  out->resize(text.size() * 3 / 4);
  char* byte = out->data();
  for (; text.size() >= 4; text.remove_prefix(4)) {
    const uint32_t bits = LoadGroup(text.substr(0, 4));
    *byte++ = static_cast<char>(bits >> 16);
    *byte++ = static_cast<char>(bits >> 8);
    *byte++ = static_cast<char>(bits);
  }
  const uint32_t rest = LoadGroup(text);
  if (text.size() >= 2) *byte++ = static_cast<char>(rest >> 16);
  if (text.size() == 3) *byte = static_cast<char>(rest >> 8);
  return true;
}

bool IsBase64(std::string_view text) { return StripPadding(&text) && IsUnpaddedBase64(text); }

}  // namespace weir::grpc
