// Appends frames to the output (RFC 9113 §6). Every frame is complete and legal by itself; whether
// it may be sent now is decided elsewhere.
#ifndef WEIR_TRANSPORT_HTTP2_FRAME_WRITER_H_
#define WEIR_TRANSPORT_HTTP2_FRAME_WRITER_H_

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "transport/base/bytes.h"
#include "transport/http2/error_code.h"
#include "transport/http2/frame_header.h"
#include "transport/http2/output_buffer.h"
#include "transport/http2/settings.h"

namespace weir::http2 {

// A frame header, and place for the `header.length` octets of payload behind it.
inline uint8_t* PlaceFrame(OutputBuffer& output, const FrameHeader& header) {
  uint8_t* const octets = output.Extend(kFrameHeaderSize + header.length);
  StoreFrameHeader(octets, header);
  return octets + kFrameHeaderSize;
}

// DATA without END_STREAM: a field section ends every response we send.
inline void WriteDataHeader(OutputBuffer& output, StreamId id, uint32_t size) {
  StoreFrameHeader(output.Extend(kFrameHeaderSize),
                   {.length = size, .type = FrameType::kData, .stream_id = id});
}
inline uint8_t* PlaceData(OutputBuffer& output, StreamId id, uint32_t size) {
  return PlaceFrame(output, {.length = size, .type = FrameType::kData, .stream_id = id});
}

// A header block as HEADERS and as many CONTINUATION frames as it takes.
void WriteFieldBlockInParts(OutputBuffer& output, StreamId id, ByteView block, bool ends_stream,
                            uint32_t max_frame_size);

inline void WriteFieldBlock(OutputBuffer& output, StreamId id, ByteView block, bool ends_stream,
                            uint32_t max_frame_size) {
  if (block.size() > max_frame_size) [[unlikely]] {
    WriteFieldBlockInParts(output, id, block, ends_stream, max_frame_size);
    return;
  }
  const uint8_t end_stream = ends_stream ? flags::kEndStream : flags::kNone;
  uint8_t* const payload =
      PlaceFrame(output, {.length = static_cast<uint32_t>(block.size()),
                          .type = FrameType::kHeaders,
                          .flags = static_cast<uint8_t>(flags::kEndHeaders | end_stream),
                          .stream_id = id});
  std::copy(block.begin(), block.end(), payload);  // which may be none
}

void WriteSettings(OutputBuffer& output, std::span<const Setting> settings);
void WriteSettingsAck(OutputBuffer& output);
void WriteRstStream(OutputBuffer& output, StreamId id, ErrorCode code);
void WriteWindowUpdate(OutputBuffer& output, StreamId id, uint32_t increment);
void WritePing(OutputBuffer& output, uint64_t payload, bool is_ack);
// Debug data beyond 256 octets is cut off: it is for people, and the peer may not read it at all.
void WriteGoAway(OutputBuffer& output, StreamId last_stream_id, ErrorCode code,
                 std::string_view debug);

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_FRAME_WRITER_H_
