// Everything a connection does because time has passed.
#include <algorithm>

#include "transport/http2/connection.h"

namespace weir::http2 {

TimePoint Connection::NextDeadline() const {
  return std::min({deadlines_.preface, deadlines_.settings_ack, deadlines_.header_block,
                   deadlines_.drain, deadlines_.idle});
}

void Connection::OnDeadline(TimePoint now) {
  now_ = std::max(now_, now);
  if (now_ >= deadlines_.preface) {
    Fail(Violation::kPrefaceTimeout);
  } else if (now_ >= deadlines_.settings_ack) {
    Fail(Violation::kSettingsAckTimeout);
  } else if (now_ >= deadlines_.header_block) {
    Fail(Violation::kHeaderBlockTimeout);
  }
  if (now_ >= deadlines_.drain) OnDrainDeadline();
  if (now_ >= deadlines_.idle) OnIdleDeadline();
}

void Connection::OnDrainDeadline() {
  if (has_drain_clock_) {
    ConfirmDrain();
    return;
  }
  has_drain_clock_ = true;
  deadlines_.drain = AddSaturated(now_, options_.drain_ping_timeout);
}

// The deadline is armed once and moved only here, so that a busy connection does not move its
// owner's timer with every read.
void Connection::ArmIdleDeadline() {
  if (deadlines_.idle == kNever && !shutdown_.is_over()) {
    deadlines_.idle = AddSaturated(now_, options_.idle_release_delay);
  }
}

void Connection::OnIdleDeadline() {
  const TimePoint idle_at = AddSaturated(last_traffic_, options_.idle_release_delay);
  if (now_ < idle_at) {
    deadlines_.idle = idle_at;
    return;
  }
  deadlines_.idle = kNever;  // armed again with the next traffic
  output_.ReleaseIdleMemory();
  reader_.ReleaseIdleMemory();
  decoder_.ReleaseIdleMemory();
  encoder_.ReleaseIdleMemory();
  streams_.ReleaseIdleMemory();
}

}  // namespace weir::http2
