#include "interop/conformance/binary_header.h"

#include <openssl/evp.h>

#include <algorithm>

namespace weir::interop {

std::string LowerCase(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

bool IsBinaryHeader(std::string_view name) { return LowerCase(name).ends_with("-bin"); }

std::string EncodeBinaryHeader(std::string_view value) {
  std::string text((value.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL adds a zero.
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(value.data()),
                  static_cast<int>(value.size()));
  text.resize((value.size() * 4 + 2) / 3);
  return text;
}

std::string DecodeBinaryHeader(std::string_view text) {
  std::string padded(text.substr(0, text.find_last_not_of('=') + 1));
  const size_t size = padded.size() * 3 / 4;
  padded.append((4 - padded.size() % 4) % 4, '=');
  std::string value(padded.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(value.data()),
                      reinterpret_cast<const unsigned char*>(padded.data()),
                      static_cast<int>(padded.size())) < 0) {
    return std::string(text);
  }
  value.resize(size);
  return value;
}

}  // namespace weir::interop
