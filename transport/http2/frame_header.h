// The nine octets in front of every frame (RFC 9113 §4.1): types, flags, in and out.
#ifndef WEIR_TRANSPORT_HTTP2_FRAME_HEADER_H_
#define WEIR_TRANSPORT_HTTP2_FRAME_HEADER_H_

#include <cstddef>
#include <cstdint>

#include "transport/base/bytes.h"
#include "transport/http2/stream_id.h"

namespace weir::http2 {

inline constexpr size_t kFrameHeaderSize = 9;

// Limits of SETTINGS_MAX_FRAME_SIZE, and its value until a peer says otherwise (RFC 9113 §6.5.2).
inline constexpr uint32_t kMaxFrameSizeFloor = 1u << 14;
inline constexpr uint32_t kMaxFrameSizeCeiling = (1u << 24) - 1;

// RFC 9113 §6. Types that are not defined there are all one to us: they are skipped
// (RFC 9113 §4.1, §5.5).
enum class FrameType : uint8_t {
  kData = 0x0,
  kHeaders = 0x1,
  kPriority = 0x2,
  kRstStream = 0x3,
  kSettings = 0x4,
  kPushPromise = 0x5,
  kPing = 0x6,
  kGoAway = 0x7,
  kWindowUpdate = 0x8,
  kContinuation = 0x9,
  kExtension = 0xa,  // any other octet
};

inline constexpr size_t kFrameTypeCount = static_cast<size_t>(FrameType::kExtension) + 1;

// Flags that a frame type does not define are ignored (RFC 9113 §4.1), so each is tested only on
// the frames that have it.
namespace flags {
inline constexpr uint8_t kNone = 0x0;
inline constexpr uint8_t kEndStream = 0x1;   // DATA, HEADERS
inline constexpr uint8_t kAck = 0x1;         // SETTINGS, PING
inline constexpr uint8_t kEndHeaders = 0x4;  // HEADERS, CONTINUATION
inline constexpr uint8_t kPadded = 0x8;      // DATA, HEADERS
inline constexpr uint8_t kPriority = 0x20;   // HEADERS
}  // namespace flags

struct FrameHeader {
  uint32_t length = 0;  // of the payload; 24 bits
  FrameType type = FrameType::kExtension;
  uint8_t flags = 0;
  StreamId stream_id = 0;

  bool Has(uint8_t flag) const { return (flags & flag) != 0; }
};

// `octets` points at nine. The reserved bit is ignored. The first eight are taken as one integer,
// since this is done for every frame.
constexpr FrameHeader ParseFrameHeader(const uint8_t* octets) {
  const uint64_t most = LoadBig64(octets);
  const auto type = static_cast<uint8_t>(most >> 32);
  return FrameHeader{
      .length = static_cast<uint32_t>(most >> 40),
      .type = type < static_cast<uint8_t>(FrameType::kExtension) ? static_cast<FrameType>(type)
                                                                 : FrameType::kExtension,
      .flags = static_cast<uint8_t>(most >> 24),
      .stream_id = (static_cast<uint32_t>(most << 8) | octets[8]) & kStreamIdMax,
  };
}

constexpr void StoreFrameHeader(uint8_t* octets, const FrameHeader& header) {
  StoreBig64(octets, (uint64_t{header.length} << 40) |
                         (uint64_t{static_cast<uint8_t>(header.type)} << 32) |
                         (uint64_t{header.flags} << 24) | (header.stream_id >> 8));
  octets[8] = static_cast<uint8_t>(header.stream_id);
}

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_FRAME_HEADER_H_
