// How are a client's frames written (RFC 9113 §6)?
//
// Each function appends one whole, legal frame. Whether it may be sent now is for the connection to
// know.
#ifndef WEIR_BENCH_LOAD_FRAMES_H_
#define WEIR_BENCH_LOAD_FRAMES_H_

#include <algorithm>
#include <cstdint>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/http2/error_code.h"
#include "transport/http2/frame_header.h"

namespace load {

inline constexpr uint32_t kWindowMax = 0x7fffffff;    // RFC 9113 §6.9.1
inline constexpr int64_t kInitialWindow = 65535;      // §6.9.2
inline constexpr uint32_t kMaxDataBytes = 16384;      // §4.2: every peer accepts as much
inline constexpr uint32_t kMaxReceivedFrame = 16384;  // §4.2: ours is not announced

// A header, and place for the `header.length` octets of payload behind it.
inline uint8_t* PlaceFrame(const weir::http2::FrameHeader& header, weir::Buffer* out) {
  uint8_t* const octets = out->Extend(weir::http2::kFrameHeaderSize + header.length);
  weir::http2::StoreFrameHeader(octets, header);
  return octets + weir::http2::kFrameHeaderSize;
}

// What a client says first (§3.4): the preface, and SETTINGS that forbid pushes and open windows as
// wide as they get, for streams and for the connection, so that the generator never makes a server
// wait.
void AppendClientPreface(weir::Buffer* out);
void AppendSettingsAck(weir::Buffer* out);
// `opaque` has eight octets.
void AppendPingAck(weir::ByteView opaque, weir::Buffer* out);
void AppendWindowUpdate(uint32_t stream, uint32_t increment, weir::Buffer* out);
void AppendRstStream(uint32_t stream, weir::http2::ErrorCode code, weir::Buffer* out);
// Without an error: the client has made its calls and leaves.
void AppendGoAway(weir::Buffer* out);

inline void AppendData(uint32_t stream, weir::ByteView payload, bool ends_stream,
                       weir::Buffer* out) {
  uint8_t* const place =
      PlaceFrame({.length = static_cast<uint32_t>(payload.size()),
                  .type = weir::http2::FrameType::kData,
                  .flags = ends_stream ? weir::http2::flags::kEndStream : weir::http2::flags::kNone,
                  .stream_id = stream},
                 out);
  std::copy(payload.begin(), payload.end(), place);
}

}  // namespace load

#endif  // WEIR_BENCH_LOAD_FRAMES_H_
