// A header block that comes in more than one frame (RFC 9113 §4.3): where its parts are collected.
//
// Its limits are checked frame by frame before there is anything to collect (see FrameSequence).
#ifndef WEIR_TRANSPORT_HTTP2_FIELD_BLOCK_H_
#define WEIR_TRANSPORT_HTTP2_FIELD_BLOCK_H_

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/http2/stream_id.h"

namespace weir::http2 {

struct FieldBlock {
  StreamId stream_id = 0;
  bool ends_stream = false;
  // HEADERS used a stream identifier for the first time.
  bool opens_stream = false;
  Buffer fragments;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_FIELD_BLOCK_H_
