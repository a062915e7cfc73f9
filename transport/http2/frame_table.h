// What can be said about a frame from its nine header octets alone, as one row per type
// (RFC 9113 §6).
#ifndef WEIR_TRANSPORT_HTTP2_FRAME_TABLE_H_
#define WEIR_TRANSPORT_HTTP2_FRAME_TABLE_H_

#include <cstdint>

#include "transport/http2/frame_header.h"
#include "transport/http2/violation.h"

namespace weir::http2 {

// Which stream identifiers a frame type may carry.
enum class StreamRule : uint8_t { kStreamOnly, kConnectionOnly, kEither, kNever };

struct FrameRow {
  FrameType type;
  StreamRule stream_rule;
  Violation stream_violation;
  uint32_t length_min;
  uint32_t length_max;
  uint32_t length_multiple;  // the length must be a multiple of this
  Violation length_violation;
  // Payload octets anybody looks at; what follows is skipped without being stored.
  uint32_t octets_kept;
};

const FrameRow& FrameRowOf(FrameType type);

// Checks type, stream and length. `max_frame_size` is what we announced.
Violation CheckFrameHeader(const FrameHeader& header, uint32_t max_frame_size);

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_FRAME_TABLE_H_
