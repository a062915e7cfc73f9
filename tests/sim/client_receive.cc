// What a client of the simulation makes of what it hears, and the credit it gives for it.
#include <algorithm>
#include <utility>

#include "tests/sim/client.h"

namespace weir::sim {
namespace {

// A window below this is too small for comfort: it gets more, sooner or later.
constexpr int64_t kLowWindow = 1'000;
// Nobody would get to an end with credit of a few octets alone.
constexpr uint32_t kSmallGrants = 12;
constexpr int64_t kLargeWindow = 1 << 30;

}  // namespace

void Client::Receive(std::string_view octets) {
  input_.Feed(octets, *this);
  if (phase_ == Phase::kGone) return;
  Flush();
  TickSoon();
}

void Client::OnServerEnd() {
  if (phase_ == Phase::kGone) return;
  trace_.Note("client sees the server's end", index_);
  phase_ = Phase::kStaying;
  // Some keep their side open until the server's patience is over.
  if (profile_.is_calm || !random_.OneIn(5)) {
    events_.Schedule(trace_.now() + profile_.pace_max, *this, kClose);
  }
}

void Client::OnBroken() {
  trace_.Note("client sees its connection broken", index_);
  phase_ = Phase::kGone;
}

void Client::OnFrame(const FrameHeader& frame, std::string_view payload) {
  const auto found = streams_.find(frame.stream_id);
  Stream* const stream = found == streams_.end() ? nullptr : &found->second;
  switch (frame.type) {
    case frame_type::kData:
      OnConsumed(frame.stream_id, stream, frame.length);
      if (stream != nullptr && frame.Has(frame_flag::kEndStream)) OnResponseEnd(*stream);
      return;
    case frame_type::kHeaders:
      if (stream != nullptr && frame.Has(frame_flag::kEndStream)) OnResponseEnd(*stream);
      return;
    case frame_type::kRstStream:
      if (stream != nullptr) MarkReset(*stream);
      return;
    case frame_type::kSettings:
      OnSettings(frame, payload);
      return;
    case frame_type::kPing:
      if (!frame.Has(frame_flag::kAck) && !is_silent_) {
        Write(frame_type::kPing, frame_flag::kAck, 0, payload);
      }
      return;
    case frame_type::kGoAway:
      OnGoAway(payload);
      return;
    case frame_type::kWindowUpdate: {
      const auto increment = static_cast<int64_t>(LoadNumber(payload));
      if (frame.stream_id == 0) {
        send_window_ += increment;
      } else if (stream != nullptr) {
        stream->send_window += increment;
      }
      return;
    }
    default:
      return;
  }
}

void Client::OnSettings(const FrameHeader& frame, std::string_view payload) {
  if (frame.Has(frame_flag::kAck)) {
    if (unacknowledged_windows_.empty()) return;
    if (const std::optional<uint32_t> window = unacknowledged_windows_.front()) {
      for (auto& [id, stream] : streams_) stream.receive_window += *window - initial_window_;
      initial_window_ = *window;
    }
    unacknowledged_windows_.pop_front();
    return;
  }
  for (; payload.size() >= 6; payload.remove_prefix(6)) {
    const uint64_t value = LoadNumber(payload.substr(2, 4));
    switch (LoadNumber(payload.substr(0, 2))) {
      case setting_id::kInitialWindowSize:
        for (auto& [id, stream] : streams_) {
          stream.send_window += static_cast<int64_t>(value) - server_initial_window_;
        }
        server_initial_window_ = static_cast<int64_t>(value);
        break;
      case setting_id::kMaxFrameSize:
        server_max_frame_ = static_cast<uint32_t>(value);
        break;
      case setting_id::kMaxConcurrentStreams:
        server_max_streams_ = static_cast<uint32_t>(value);
        break;
      default:
        break;
    }
  }
  has_server_settings_ = true;
  if (!has_sent_preface_) SendPreface();
  if (profile_.breach == Breach::kNoSettingsAck) {
    if (!std::exchange(has_breached_, true)) coverage_.AddBreach(profile_.breach);
    return;
  }
  if (!is_silent_ && profile_.breach != Breach::kBadPreface &&
      profile_.breach != Breach::kFirstFrameNotSettings) {
    Write(frame_type::kSettings, frame_flag::kAck, 0, "");
  }
}

void Client::OnGoAway(std::string_view payload) {
  const uint64_t last = LoadNumber(payload.substr(0, 4));
  // The first of two still allows new streams (RFC 9113 §6.8).
  if (last != kStreamIdMax || random_.OneIn(2)) is_server_going_ = true;
  for (auto& [id, stream] : streams_) {
    if (id > last) MarkReset(stream);
  }
}

void Client::OnResponseEnd(Stream& stream) {
  stream.is_response_over = true;
  stream.call->is_over_for_client = true;
  // The server has said all; what we have not said is not wanted (RFC 9113 §8.1).
  stream.is_ended = true;
}

void Client::MarkReset(Stream& stream) {
  stream.is_reset = true;
  if (stream.call != nullptr) stream.call->is_over_for_client = true;
}

// ---- credit ------------------------------------------------------------------------------------

void Client::OnConsumed(uint32_t id, Stream* stream, int64_t size) {
  receive_window_ -= size;
  owed_ += size;
  if (stream != nullptr) {
    stream->receive_window -= size;
    stream->owed += size;
  }
  if (is_silent_ || profile_.credit == Credit::kNever || profile_.credit == Credit::kDrip) return;
  const bool at_once = profile_.credit == Credit::kAtOnce;
  if (owed_ > 0 && (at_once || owed_ > receive_window_)) GiveBack(0, &owed_, &grants_);
  if (stream == nullptr || stream->is_over() || stream->owed == 0) return;
  if (at_once || stream->owed > stream->receive_window) {
    GiveBack(id, &stream->owed, &stream->grants);
  }
}

void Client::GiveBack(uint32_t id, int64_t* owed, uint32_t* grants) {
  int64_t increment = std::exchange(*owed, 0);
  if (increment < kLowWindow && ++*grants > kSmallGrants) increment += kLowWindow;
  Grant(id, increment);
}

bool Client::GrantSomething() {
  if (profile_.credit == Credit::kNever) return false;
  std::vector<uint32_t> low;
  if (receive_window_ < kLowWindow) low.push_back(0);
  for (const auto& [id, stream] : streams_) {
    if (stream.receive_window < kLowWindow && !stream.is_over()) low.push_back(id);
  }
  if (low.empty()) return false;
  const uint32_t id = low[random_.Below(low.size())];
  uint32_t& grants = id == 0 ? grants_ : streams_[id].grants;
  const bool is_small = ++grants <= kSmallGrants;
  Grant(id, static_cast<int64_t>(1 + random_.Magnitude(is_small ? 100 : 100'000)));
  return true;
}

void Client::Grant(uint32_t id, int64_t increment) {
  int64_t& window = id == 0 ? receive_window_ : streams_[id].receive_window;
  if (window + increment > kLargeWindow) return;
  window += increment;
  coverage_.Add(increment == 1 ? Behaviour::kGrantOfOne : Behaviour::kGrant);
  WriteNumber(frame_type::kWindowUpdate, id, static_cast<uint32_t>(increment));
}

}  // namespace weir::sim
