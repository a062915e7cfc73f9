// What an HTTP/2 connection has to remember while nothing happens on it.
//
// Most connections of a server are silent most of the time. Between two frames, without streams and
// without output, two thirds of a Connection are as they were when it was new. The rest is kept,
// and the Connection is made again from it when the next octet or deadline comes.
#ifndef WEIR_TRANSPORT_HTTP2_DORMANT_CONNECTION_H_
#define WEIR_TRANSPORT_HTTP2_DORMANT_CONNECTION_H_

#include <cstdint>

#include "transport/base/long_lived.h"
#include "transport/base/time.h"
#include "transport/http2/abuse_guard.h"
#include "transport/http2/hpack_decoder.h"
#include "transport/http2/hpack_encoder.h"
#include "transport/http2/options.h"
#include "transport/http2/settings.h"
#include "transport/http2/stream_store.h"
#include "transport/http2/window.h"

namespace weir::http2 {

// The members of Connection that outlast its sleep as they are. HPACK's tables and the history of
// streams do, too: they are handed over by those who own them.
class LastingState {
 protected:
  // When something has to happen on a quiet connection.
  struct QuietDeadlines {
    TimePoint keepalive = kNever;
    TimePoint unused = kNever;  // ConnectionOptions::connection_idle_max
    TimePoint age = kNever;
  };

  LastingState(const ConnectionOptions& options, ConnectionCounters& counters, TimePoint now,
               uint32_t connection_window)
      : options_(options),
        counters_(counters),
        now_(now),
        last_traffic_(now),
        receive_window_(connection_window),
        guard_(options) {}

  const ConnectionOptions& options_;
  ConnectionCounters& counters_;
  TimePoint now_;
  TimePoint last_traffic_;
  QuietDeadlines quiet_deadlines_;
  ReceiveWindow receive_window_;
  SendWindows send_windows_;
  PeerSettings peer_;
  AbuseGuard guard_;
  StreamId highest_processed_ = 0;
  uint32_t pings_outstanding_ = 0;
  bool is_peer_going_away_ = false;
  bool has_paused_ = false;          // since a deadline of the peer was judged last
  bool has_keepalive_ping_ = false;  // sent, and nothing has arrived since
  bool has_unused_clock_ = true;
};

// Made by Connection::FallDormant, and good for nothing but to make a Connection again.
class DormantConnection final : public LongLived, private LastingState {
 public:
  // When it has to wake up even though nothing arrives, or kNever.
  TimePoint NextDeadline() const {
    return Earliest(quiet_deadlines_.keepalive, quiet_deadlines_.unused, quiet_deadlines_.age);
  }

 private:
  friend class Connection;

  explicit DormantConnection(const LastingState& state) : LastingState(state) {}

  HpackDecoder decoder_;
  HpackEncoder encoder_;
  StreamStore::History streams_;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_DORMANT_CONNECTION_H_
