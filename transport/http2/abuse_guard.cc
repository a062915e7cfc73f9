#include "transport/http2/abuse_guard.h"

namespace weir::http2 {

// gRFC A8: a PING that comes too early is a strike, and does not move the time that the next one is
// measured from.
Violation AbuseGuard::OnPing(TimePoint now, bool has_streams) {
  const Duration interval =
      has_streams ? options_.peer_ping_interval_min : options_.peer_ping_interval_min_idle;
  if (last_ping_ == TimePoint::min() || now - last_ping_ >= interval) {
    last_ping_ = now;
    return Violation::kNone;
  }
  return ++ping_strikes_ > options_.peer_ping_strikes_max ? Violation::kTooManyPings
                                                          : Violation::kNone;
}

}  // namespace weir::http2
