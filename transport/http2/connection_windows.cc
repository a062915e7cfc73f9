// What the peer may send us: credit for what was consumed, more for what is large or fast, and the
// budget that all of it comes out of (RFC 9113 §5.2, §6.9).
#include <algorithm>
#include <atomic>
#include <utility>

#include "transport/http2/connection.h"
#include "transport/http2/frame_writer.h"

namespace weir::http2 {

void Connection::CreditConnection(uint32_t bytes) {
  const uint32_t increment = receive_window_.Release(bytes);
  if (increment != 0) WriteWindowUpdate(output_, kConnectionStreamId, increment);
}

// What a new stream may send. Until the peer has acknowledged a smaller window than the initial one
// it may use that (RFC 9113 §6.9.3).
uint32_t Connection::InitialReceiveWindow() const {
  const uint32_t window = std::min(options_.stream_window, kWindowMax);
  return has_settings_ack_ ? window : std::max(window, kWindowInitial);
}

// The peer has learnt that the windows are smaller than the provisional ones. Streams that were
// used already may find theirs closed, with nothing on its way that would make us look at them
// again: what was released meanwhile is announced, and what a message was promised is asked for
// once more. (If nothing is held, no message has begun, and the promise was kept.)
void Connection::ResizeReceiveWindows() {
  const uint32_t size = InitialReceiveWindow();
  streams_.ForEach([this, size](Stream& stream) {
    if (stream.is_closed) return;
    ReceiveWindow& window = stream.receive_window;
    const int64_t promised = window.held() == 0 ? 0 : window.available() - stream.window_spare;
    window.Resize(size + stream.window_growth);
    if (stream.receive_state != ReceiveState::kOpen) return;
    const StreamKey key = StreamStore::KeyOf(stream);
    ReleaseWindow(key, 0);
    if (promised > 0) ExtendWindow(key, static_cast<size_t>(promised));
  });
}

void Connection::ReleaseWindow(StreamKey key, size_t bytes) {
  Stream* const stream = FindOpen(key);
  if (stream == nullptr || stream->receive_state != ReceiveState::kOpen) return;
  ReceiveWindow& window = stream->receive_window;
  const uint64_t surplus = window.surplus();
  uint32_t increment = window.Release(bytes);
  if (increment != 0) {
    increment += GrowWindow(*stream);
    WriteWindowUpdate(output_, stream->id, increment);
  }
  if (window.surplus() == surplus) return;
  budget_.GiveBackFromMessage(surplus - window.surplus());
  ServeWaitingStreams();
}

// A stream that uses its window up, and whose bytes are consumed, has it doubled until it is as
// large as one may be. Returns what is to be announced for that.
uint32_t Connection::GrowWindow(Stream& stream) {
  ReceiveWindow& window = stream.receive_window;
  const uint32_t size_max = std::min(options_.stream_window_max, kWindowMax);
  if (window.size() >= size_max || IsPressed(MemoryPressure::kNoGrowth)) return 0;
  const auto growth = static_cast<uint32_t>(
      budget_.TakeForGrowth(std::min(window.size(), size_max - window.size())));
  stream.window_growth += growth;
  stream.uses_budget = true;
  window.Grow(growth);
  return growth;
}

bool Connection::ExtendWindow(StreamKey key, size_t bytes) {
  Stream* const stream = FindOpen(key);
  if (stream == nullptr || stream->receive_state != ReceiveState::kOpen) return false;
  const int64_t available = stream->receive_window.available();
  if (available >= static_cast<int64_t>(bytes)) {
    if (!has_settings_ack_) {
      stream->window_spare = static_cast<int32_t>(available - static_cast<int64_t>(bytes));
    }
    return true;
  }
  const bool is_waiting = stream->window_wanted != 0;
  stream->window_wanted = static_cast<uint32_t>(std::min<size_t>(bytes, kWindowMax));
  stream->uses_budget = true;
  if (is_waiting) return false;  // and keeps its place
  // A message under way is finished first (padding has used up some of what it was granted): it may
  // not wait for those that wait for it.
  if (stream->receive_window.surplus() != 0) {
    budget_.AddToMessage(stream->receive_window.SurplusFor(bytes));
    AnnounceExtension(*stream);
    return true;
  }
  if (!budget_.has_waiting() && TryExtendWindow(*stream)) return true;
  budget_.Wait(key);
  counters_.Hit(Limit::kReceiveBudget);
  return false;
}

// False when the budget does not allow it now. Under memory pressure it is as if there were none,
// so that one message at a time arrives.
bool Connection::TryExtendWindow(Stream& stream) {
  const uint64_t surplus = stream.receive_window.SurplusFor(stream.window_wanted);
  if (surplus != 0) {
    const bool is_pressed = IsPressed(MemoryPressure::kNoGrowth);
    if (is_pressed && budget_.has_message()) return false;
    if (!budget_.TakeForMessage(surplus)) return false;
  }
  AnnounceExtension(stream);
  return true;
}

void Connection::AnnounceExtension(Stream& stream) {
  const uint32_t increment = stream.receive_window.Extend(stream.window_wanted);
  stream.window_wanted = 0;
  if (increment != 0) WriteWindowUpdate(output_, stream.id, increment);
}

void Connection::ServeWaitingStreams() {
  while (budget_.has_waiting() && !shutdown_.is_over()) {  // behind the last GOAWAY comes nothing
    Stream* const stream = FindOpen(budget_.FirstWaiting());
    const bool still_waits = stream != nullptr && stream->window_wanted != 0;
    if (still_waits && !TryExtendWindow(*stream)) return;
    budget_.PopWaiting();
  }
}

bool Connection::IsPressed(MemoryPressure level) const {
  return options_.memory_pressure != nullptr &&
         options_.memory_pressure->load(std::memory_order_relaxed) >= level;
}

// Nothing more will arrive on the stream.
void Connection::EndReceiveWindow(Stream& stream) {
  const uint64_t surplus = stream.receive_window.TakeSurplus();
  const uint32_t growth = std::exchange(stream.window_growth, 0);
  stream.window_wanted = 0;
  stream.uses_budget = false;
  budget_.GiveBackFromMessage(surplus);
  budget_.GiveBackGrowth(growth);
  ServeWaitingStreams();
}

}  // namespace weir::http2
