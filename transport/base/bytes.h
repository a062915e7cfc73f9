// Views of bytes, and integers in network byte order.
//
// Every wire format weir speaks is big-endian: HTTP/2 frames (RFC 9113 §4.1) and the gRPC message
// prefix (gRPC PROTOCOL-HTTP2 "Length-Prefixed-Message").
#ifndef WEIR_TRANSPORT_BASE_BYTES_H_
#define WEIR_TRANSPORT_BASE_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir {

// Bytes somebody else owns. Valid until the next call on the object that gave it, unless its
// source says otherwise.
using ByteView = std::span<const uint8_t>;

inline ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

inline std::string_view AsText(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

constexpr uint16_t LoadBig16(const uint8_t* p) {
  return static_cast<uint16_t>((uint16_t{p[0]} << 8) | p[1]);
}

constexpr uint32_t LoadBig24(const uint8_t* p) {
  return (uint32_t{p[0]} << 16) | (uint32_t{p[1]} << 8) | p[2];
}

constexpr uint32_t LoadBig32(const uint8_t* p) {
  return (uint32_t{p[0]} << 24) | (uint32_t{p[1]} << 16) | (uint32_t{p[2]} << 8) | p[3];
}

constexpr uint64_t LoadBig64(const uint8_t* p) {
  return (uint64_t{LoadBig32(p)} << 32) | LoadBig32(p + 4);
}

constexpr void StoreBig16(uint8_t* p, uint16_t value) {
  p[0] = static_cast<uint8_t>(value >> 8);
  p[1] = static_cast<uint8_t>(value);
}

constexpr void StoreBig24(uint8_t* p, uint32_t value) {
  p[0] = static_cast<uint8_t>(value >> 16);
  p[1] = static_cast<uint8_t>(value >> 8);
  p[2] = static_cast<uint8_t>(value);
}

constexpr void StoreBig32(uint8_t* p, uint32_t value) {
  p[0] = static_cast<uint8_t>(value >> 24);
  p[1] = static_cast<uint8_t>(value >> 16);
  p[2] = static_cast<uint8_t>(value >> 8);
  p[3] = static_cast<uint8_t>(value);
}

constexpr void StoreBig64(uint8_t* p, uint64_t value) {
  StoreBig32(p, static_cast<uint32_t>(value >> 32));
  StoreBig32(p + 4, static_cast<uint32_t>(value));
}

}  // namespace weir

#endif  // WEIR_TRANSPORT_BASE_BYTES_H_
