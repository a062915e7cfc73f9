// Everything a connection does because time has passed.
#include <algorithm>
#include <utility>

#include "transport/http2/connection.h"
#include "transport/http2/frame_writer.h"

namespace weir::http2 {
namespace {

constexpr std::string_view kMaxAge = "max_age";

}  // namespace

TimePoint Connection::NextDeadline() const {
  return Earliest(EarliestForPeer(), deadlines_.drain, deadlines_.idle, deadlines_.stall,
                  quiet_deadlines_.unused, quiet_deadlines_.age);
}

// Of what the peer owes us.
TimePoint Connection::EarliestForPeer() const {
  return Earliest(deadlines_.preface, deadlines_.settings_ack, deadlines_.header_block,
                  quiet_deadlines_.keepalive);
}

void Connection::OnDeadline(TimePoint now) {
  now_ = std::max(now_, now);
  if (now_ >= EarliestForPeer()) OnPeerDeadline();
  if (now_ >= deadlines_.drain) OnDrainDeadline();
  if (now_ >= quiet_deadlines_.age) OnAgeDeadline();
  if (now_ >= quiet_deadlines_.unused) OnUnusedDeadline();
  if (now_ >= deadlines_.stall) OnStallDeadline();
  if (now_ >= deadlines_.idle) OnIdleDeadline();
}

// What the peer owes may have arrived long ago, and lie in the socket because reading stopped: then
// the time begins again. (A peer whose reading is what we wait for has WorkerOptions's
// write_stall_timeout.)
void Connection::OnPeerDeadline() {
  const bool is_fair = WantsInput() && !std::exchange(has_paused_, false);
  const auto judge = [&](TimePoint* deadline, Duration timeout, Violation violation) {
    if (now_ < *deadline) return;
    if (is_fair) {
      Fail(violation);
    } else {
      *deadline = AddSaturated(now_, timeout);
    }
  };
  judge(&deadlines_.preface, options_.preface_timeout, Violation::kPrefaceTimeout);
  judge(&deadlines_.settings_ack, options_.settings_ack_timeout, Violation::kSettingsAckTimeout);
  judge(&deadlines_.header_block, options_.header_block_timeout, Violation::kHeaderBlockTimeout);
  if (now_ < quiet_deadlines_.keepalive) return;
  if (is_fair || !has_keepalive_ping_) {
    OnKeepaliveDeadline();
  } else {
    quiet_deadlines_.keepalive = AddSaturated(now_, options_.keepalive_timeout);
  }
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
  ++counters_.idle_releases;
  output_.ReleaseIdleMemory();
  reader_.ReleaseIdleMemory();
  decoder_.ReleaseIdleMemory();
  encoder_.ReleaseIdleMemory();
  if (scheduler_.queued_bytes() == 0) deadlines_.stall = kNever;
  streams_.ReleaseIdleMemory();
}

// ---- Signs of life (gRFC A8). Moved only here, like the one above.

void Connection::OnKeepaliveDeadline() {
  const TimePoint quiet_at = AddSaturated(last_traffic_, options_.keepalive_time);
  if (now_ < quiet_at) {
    has_keepalive_ping_ = false;
    quiet_deadlines_.keepalive = quiet_at;
  } else if (!has_keepalive_ping_) {
    has_keepalive_ping_ = true;
    WritePing(output_, kKeepalivePing, /*is_ack=*/false);
    quiet_deadlines_.keepalive = AddSaturated(now_, options_.keepalive_timeout);
  } else {
    Fail(Violation::kKeepaliveTimeout);
  }
}

// ---- Connections that have had their time (gRFC A9).

void Connection::LimitAge(Duration age) {
  if (!is_draining()) quiet_deadlines_.age = AddSaturated(now_, age);
}

void Connection::OnAgeDeadline() {
  if (is_too_old_) {
    CloseNow(ErrorCode::kNoError, kMaxAge);
    return;
  }
  is_too_old_ = true;
  quiet_deadlines_.age = kNever;  // until the final GOAWAY
  DrainByItself(Limit::kConnectionAge, kMaxAge);
}

void Connection::OnUnusedDeadline() {
  if (streams_.open() != 0) {
    quiet_deadlines_.unused = kNever;  // until the last of them closes
  } else if (!std::exchange(has_unused_clock_, true)) {
    quiet_deadlines_.unused = AddSaturated(now_, options_.connection_idle_max);
  } else {
    quiet_deadlines_.unused = kNever;
    DrainByItself(Limit::kConnectionIdle, "max_idle");
  }
}

void Connection::DrainByItself(Limit limit, std::string_view debug) {
  if (is_draining()) return;
  counters_.Hit(limit);
  is_drain_event_due_ = true;
  BeginDrain(debug);
}

// ---- Responses that the peer does not take.

// Of the streams that had something to send last time and never ran out of it since, those are over
// that got next to nothing through. The events that say so come with the next call of Next().
void Connection::OnStallDeadline() {
  streams_.ForEach([this](Stream& stream) {
    SendQueue* const queue = stream.queue.get();
    if (queue == nullptr || queue->empty() || queue->given_up != Violation::kNone) {
      return;
    }
    const uint64_t framed = std::exchange(queue->framed_since_watched, 0);
    if (!std::exchange(queue->is_watched, true) || framed >= options_.stream_stall_bytes) return;
    GiveUp(*queue, Violation::kStreamStalled);
  });
  deadlines_.stall =
      scheduler_.queued_bytes() == 0 ? kNever : AddSaturated(now_, options_.stream_stall_timeout);
}

void Connection::GiveUp(SendQueue& queue, Violation reason) {
  queue.given_up = reason;
  if (!static_cast<ListNode<InEvents>&>(queue).is_linked()) writable_.PushBack(queue);
}

void Connection::GiveUpStalledStream(StreamKey key) {
  Stream* const stream = FindOpen(key);
  if (stream == nullptr || stream->queue == nullptr) return;
  if (stream->queue->given_up == Violation::kNone) {
    GiveUp(*stream->queue, Violation::kStreamReaped);
  }
}

size_t Connection::LargestStalledStream(StreamKey* stream) {
  size_t largest = 0;
  streams_.ForEach([&](const Stream& candidate) {
    const SendQueue* const queue = candidate.queue.get();
    if (candidate.is_closed || queue == nullptr) return;
    if (queue->given_up != Violation::kNone) return;
    if (queue->size() <= largest) return;
    if (HasWindow(candidate) && send_windows_.Connection() > 0) return;
    largest = queue->size();
    if (stream != nullptr) *stream = StreamStore::KeyOf(candidate);
  });
  return largest;
}

}  // namespace weir::http2
