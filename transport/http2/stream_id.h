// How a stream is named: by its identifier on the wire, and by a key towards the layer above.
#ifndef WEIR_TRANSPORT_HTTP2_STREAM_ID_H_
#define WEIR_TRANSPORT_HTTP2_STREAM_ID_H_

#include <cstdint>

#include "transport/base/slot_map.h"

namespace weir::http2 {

// RFC 9113 §5.1.1: 31 bits; odd for streams a client opens; 0 is the connection.
using StreamId = uint32_t;

inline constexpr StreamId kConnectionStreamId = 0;
inline constexpr StreamId kStreamIdMax = 0x7fffffff;

// Names a stream towards the layer above. A key outlives its stream harmlessly: commands on a
// stale key do nothing.
using StreamKey = SlotKey;

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_STREAM_ID_H_
