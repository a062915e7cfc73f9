// What is inside the payload of each frame that is not DATA (RFC 9113 §6). Lengths that the frame
// table checks are given.
#ifndef WEIR_TRANSPORT_HTTP2_FRAME_PAYLOAD_H_
#define WEIR_TRANSPORT_HTTP2_FRAME_PAYLOAD_H_

#include <cstdint>

#include "transport/base/bytes.h"
#include "transport/http2/error_code.h"
#include "transport/http2/frame_reader.h"
#include "transport/http2/violation.h"

namespace weir::http2 {

// §6.2: takes padding and priority fields off the field block fragment. The priority fields are
// checked and ignored (§5.3.2).
Violation ParseHeaders(const Frame& frame, ByteView* fragment);

// §6.3.
Violation CheckPriority(const Frame& frame);

// §6.4.
inline ErrorCode ParseRstStream(const Frame& frame) {
  return static_cast<ErrorCode>(LoadBig32(frame.payload.data()));
}

// §6.7.
inline uint64_t ParsePing(const Frame& frame) { return LoadBig64(frame.payload.data()); }

// §6.8: the peer's error code. Its last stream identifier speaks of streams that a server opened,
// of which there are none.
inline ErrorCode ParseGoAway(const Frame& frame) {
  return static_cast<ErrorCode>(LoadBig32(frame.payload.data() + 4));
}

// §6.9: the increment without its reserved bit.
inline uint32_t ParseWindowUpdate(const Frame& frame) {
  return LoadBig32(frame.payload.data()) & 0x7fffffff;
}

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_FRAME_PAYLOAD_H_
