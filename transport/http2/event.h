// What a connection tells the layer above, pulled one at a time with Connection::Next.
#ifndef WEIR_TRANSPORT_HTTP2_EVENT_H_
#define WEIR_TRANSPORT_HTTP2_EVENT_H_

#include <cstdint>

#include "transport/base/bytes.h"
#include "transport/http2/error_code.h"
#include "transport/http2/field_section.h"
#include "transport/http2/stream_id.h"
#include "transport/http2/violation.h"

namespace weir::http2 {

struct Event {
  enum class Kind : uint8_t {
    kRequestStarted,    // stream, stream_id, fields, ends_stream
    kDataReceived,      // stream, data, ends_stream
    kTrailersReceived,  // stream, fields; kStreamEnded follows
    kStreamEnded,       // stream: the peer's half ended properly
    kStreamReset,     // stream, error_code, by_peer, violation when !by_peer: both halves are over
    kStreamWritable,  // stream: queued output fell to the low mark after it had reached the high
    kPingAcked,       // ping_payload: our Ping was answered
    kPeerGoingAway,   // error_code: the peer sent GOAWAY; open streams go on
    kDrainBegun,      // the connection drains because of its age, or for want of streams
    kConnectionFailed,  // violation, error_code; the last event ever. All streams are over.
  };

  Kind kind = Kind::kConnectionFailed;
  bool ends_stream = false;  // kStreamEnded follows this event
  bool by_peer = false;
  Violation violation = Violation::kNone;
  StreamId stream_id = 0;
  StreamKey stream;
  void* user = nullptr;  // what Connection::SetUser attached to the stream
  ErrorCode error_code = ErrorCode::kNoError;
  FieldSectionPtr fields;
  // Payload without padding. Valid until the next call of Connection::Next. Its size is what to
  // give back through Connection::ReleaseWindow as it is consumed (padding was given back already).
  ByteView data;
  uint64_t ping_payload = 0;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_EVENT_H_
