// What a connection knows about one stream: plain data, grouped by who it is about.
#ifndef WEIR_TRANSPORT_HTTP2_STREAM_H_
#define WEIR_TRANSPORT_HTTP2_STREAM_H_

#include <cstdint>
#include <memory>

#include "transport/http2/send_queue.h"
#include "transport/http2/stream_id.h"
#include "transport/http2/stream_state.h"
#include "transport/http2/window.h"

namespace weir::http2 {

struct Stream {
  Stream(StreamId stream_id, uint32_t window) : id(stream_id), receive_window(window) {}

  const StreamId id;

  ReceiveState receive_state = ReceiveState::kIdle;
  SendState send_state = SendState::kIdle;
  // The layer above is done with it: no more events.
  bool is_released = false;
  // Both halves are over on the wire: the id is known to the closed streams, not to the index.
  bool is_closed = false;

  // The stream has some of the connection's receive budget, or waits for some.
  bool uses_budget = false;

  void* user = nullptr;              // what the layer above attached
  Stream* next_in_bucket = nullptr;  // the store's

  // The receive half.
  ReceiveWindow receive_window;
  uint32_t window_growth = 0;  // of its size, out of the connection's budget
  // Until our SETTINGS are acknowledged: what of the provisional window was left over when a
  // message asked for some of it.
  int32_t window_spare = static_cast<int32_t>(kWindowMax);
  uint32_t window_wanted = 0;  // for a message, while it waits for the budget; else 0

  // The send half.
  SendWindows::Delta send_delta = 0;
  std::unique_ptr<SendQueue> queue;  // nullptr until something had to wait

  // DATA octets still to come by content-length, or -1 when it was not given.
  int64_t content_left = -1;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_STREAM_H_
