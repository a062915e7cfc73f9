#include "tests/sim/client.h"

#include <algorithm>
#include <utility>

#include "tests/sim/breach_maker.h"

namespace weir::sim {
namespace {

// Without this a client without pauses would act forever in one point of time.
constexpr Duration kShortestPause = std::chrono::microseconds(1);

}  // namespace

Client::Client(int index, const ClientProfile& profile, const ServerProfile& server,
               std::vector<CallRecord*> calls, Link& link, Random& random, EventQueue& events,
               Trace& trace, Coverage& coverage)
    : index_(index),
      profile_(profile),
      server_(server),
      calls_(std::move(calls)),
      link_(link),
      random_(random),
      events_(events),
      trace_(trace),
      coverage_(coverage),
      pings_left_(profile.pings),
      priorities_left_(profile.priorities),
      unknown_left_(profile.unknown_frames),
      empty_left_(profile.empty_data),
      settings_left_(profile.settings_changes),
      stalls_left_(profile.stalls) {}

void Client::Start() {
  events_.Schedule(AddSaturated(trace_.now(), profile_.patience), *this, kPatienceOver);
  TickSoon();
}

void Client::OnEvent(uint32_t what) {
  if (phase_ == Phase::kGone) return;
  switch (what) {
    case kTick:
      is_tick_scheduled_ = false;
      if (phase_ == Phase::kActive) Tick();
      return;
    case kPatienceOver:
      if (phase_ == Phase::kActive) Leave();
      return;
    case kStallOver:
      link_.StallClient(false);
      return;
    case kClose:
      LeaveNow();
      return;
    default:
      if (phase_ == Phase::kActive) Cancel(what - kCancelFirst);
      return;
  }
}

void Client::TickSoon() {
  if (is_tick_scheduled_ || phase_ != Phase::kActive) return;
  is_tick_scheduled_ = true;
  const auto most = static_cast<uint64_t>(profile_.pace_max.count());
  const Duration pause(static_cast<int64_t>(random_.Below(most + 1)));
  events_.Schedule(trace_.now() + pause + kShortestPause, *this, kTick);
}

// ---- what it does ------------------------------------------------------------------------------

void Client::Tick() {
  ++ticks_;
  bool has_acted = false;
  for (uint64_t actions = random_.Between(1, 3); actions > 0; --actions) {
    if (!is_silent_ && DoSomething()) has_acted = true;
  }
  Flush();
  if (IsFinished()) {
    Leave();
  } else if (has_acted) {
    TickSoon();
  }
}

void Client::Flush() { link_.ClientSends(std::exchange(output_, {})); }

bool Client::IsFinished() const {
  if (!has_sent_preface_ || is_silent_ || HasCallToOpen()) return false;
  if (!is_server_going_ && next_call_ < calls_.size()) return false;
  return std::all_of(streams_.begin(), streams_.end(),
                     [](const auto& entry) { return entry.second.is_over(); });
}

bool Client::DoSomething() {
  if (!has_sent_preface_) {
    SendPreface();
    return true;
  }
  if (profile_.breach != Breach::kNone && !has_breached_ && ticks_ > 1 && random_.OneIn(6)) {
    BreachMaker(*this).TryToBreach();
    if (is_silent_) return true;
  }
  if (random_.OneIn(5) && DoSomethingOptional()) return true;
  if (random_.OneIn(3) && GrantSomething()) return true;
  if (HasCallToOpen() && random_.OneIn(2)) {
    OpenCall();
    return true;
  }
  std::vector<uint32_t> sendable;
  for (const auto& [id, stream] : streams_) {
    const bool has_window = send_window_ > 0 && stream.send_window > 0;
    if (stream.can_send() && (has_window || stream.sent == stream.body.size())) {
      sendable.push_back(id);
    }
  }
  if (!sendable.empty()) {
    const uint32_t id = sendable[random_.Below(sendable.size())];
    SendBody(id, streams_[id]);
    return true;
  }
  if (HasCallToOpen()) {
    OpenCall();
    return true;
  }
  return GrantSomething() || (profile_.breach != Breach::kNone && !has_breached_ && ticks_ < 200);
}

bool Client::DoSomethingOptional() {
  switch (random_.Below(5)) {
    case 0:
      if (pings_left_ == 0) return false;
      --pings_left_;
      Write(frame_type::kPing, 0, 0, "ping " + std::to_string(100 + pings_left_));
      return true;
    case 1: {
      if (priorities_left_ == 0) return false;
      --priorities_left_;
      std::string payload;
      AppendNumber(0, 4, &payload);
      payload.push_back('\x10');
      Write(frame_type::kPriority, 0, static_cast<uint32_t>(random_.Below(20)) * 2 + 1, payload);
      return true;
    }
    case 2:
      if (unknown_left_ == 0) return false;
      --unknown_left_;
      Write(frame_type::kUnknown, static_cast<uint8_t>(random_.Below(256)),
            static_cast<uint32_t>(random_.Below(10)), std::string(random_.Below(50), 'u'));
      return true;
    case 3:
      if (settings_left_ == 0) return false;
      --settings_left_;
      ChangeSettings();
      return true;
    default: {
      if (stalls_left_ == 0) return false;
      --stalls_left_;
      trace_.Note("client stalls", index_);
      coverage_.Add(Behaviour::kClientStalled);
      link_.StallClient(true);
      const Duration stall(static_cast<int64_t>(
          random_.Magnitude(static_cast<uint64_t>(profile_.stall_max.count()))));
      events_.Schedule(trace_.now() + stall, *this, kStallOver);
      return true;
    }
  }
}

void Client::SendPreface() {
  has_sent_preface_ = true;
  if (profile_.breach == Breach::kNoPreface) {
    has_breached_ = is_silent_ = true;
    coverage_.AddBreach(profile_.breach);
    if (random_.OneIn(2)) output_ = kPreface.substr(0, random_.Below(kPreface.size()));
    return;
  }
  if (profile_.breach == Breach::kBadPreface) {
    has_breached_ = true;
    coverage_.AddBreach(profile_.breach);
    output_ =
        random_.OneIn(2) ? "GET / HTTP/1.1\r\nhost: a\r\n\r\n" : "PRI * HTTP/2.0\r\n\r\nSM\r\n\r?";
    return;
  }
  output_ += kPreface;
  if (profile_.breach == Breach::kFirstFrameNotSettings) {
    has_breached_ = true;
    coverage_.AddBreach(profile_.breach);
    Write(frame_type::kPing, 0, 0, "too soon");
    return;
  }
  std::string payload;
  std::optional<uint32_t> window;
  for (const auto& [id, value] : profile_.settings) {
    AppendSetting(id, value, &payload);
    if (id == setting_id::kInitialWindowSize) window = value;
  }
  unacknowledged_windows_.push_back(window);
  Write(frame_type::kSettings, 0, 0, payload);
  if (profile_.connection_credit != 0) Grant(0, profile_.connection_credit);
}

void Client::ChangeSettings() {
  std::string payload;
  std::optional<uint32_t> window;
  for (uint64_t entries = random_.Between(1, 3); entries > 0; --entries) {
    switch (random_.Below(3)) {
      case 0:
        window = random_.Pick({0u, 1u, 100u, 5'000u, 65'535u, 500'000u});
        AppendSetting(setting_id::kInitialWindowSize, *window, &payload);
        break;
      case 1:
        AppendSetting(setting_id::kHeaderTableSize,
                      static_cast<uint32_t>(random_.Magnitude(10'000)), &payload);
        break;
      default:
        AppendSetting(setting_id::kMaxFrameSize,
                      16'384 + static_cast<uint32_t>(random_.Magnitude(50'000)), &payload);
        break;
    }
  }
  unacknowledged_windows_.push_back(window);
  coverage_.Add(Behaviour::kSettingsChanged);
  Write(frame_type::kSettings, 0, 0, payload);
}

// ---- calls -------------------------------------------------------------------------------------

bool Client::HasCallToOpen() const {
  if (next_call_ >= calls_.size() || is_server_going_) return false;
  if (!has_server_settings_ && !profile_.ignores_concurrency_at_start) return false;
  const auto open = static_cast<uint32_t>(std::count_if(
      streams_.begin(), streams_.end(), [](const auto& entry) { return !entry.second.is_over(); }));
  return open < std::min(server_max_streams_, profile_.calls_at_once);
}

void Client::OpenCall() {
  CallRecord& call = *calls_[next_call_];
  const uint32_t id = next_stream_id_;
  next_stream_id_ += random_.OneIn(8) ? 2 * static_cast<uint32_t>(random_.Between(2, 4)) : 2;
  call.stream_id = id;
  Stream& stream = streams_[id];
  stream.call = &call;
  stream.body = RequestBody(call.plan, server_.receive_message_max);
  stream.send_window = server_initial_window_;
  stream.receive_window = initial_window_;
  trace_.Note("client opens stream for call", index_, id, call.plan.id);
  const bool ends = stream.body.empty() && !call.plan.ends_with_trailers && random_.OneIn(2);
  SendHeaders(id,
              encoder_.Encode(RequestFields(call.plan, server_.worker.http2.header_list_size_max)),
              ends);
  if (ends) stream.is_ended = call.has_sent_all = true;
  if (call.plan.is_cancelled) {
    events_.Schedule(trace_.now() + call.plan.cancel_after, *this,
                     kCancelFirst + static_cast<uint32_t>(next_call_));
  }
  ++next_call_;
}

void Client::SendHeaders(uint32_t id, const std::string& block, bool ends_stream) {
  std::string_view rest = block;
  uint8_t flags = ends_stream ? frame_flag::kEndStream : 0;
  std::string prefix;
  std::string padding;
  if (profile_.padded_one_in != 0 && random_.OneIn(profile_.padded_one_in)) {
    padding.assign(random_.Below(256), '\0');
    prefix.push_back(static_cast<char>(padding.size()));
    flags |= frame_flag::kPadded;
  }
  if (random_.OneIn(10)) {
    AppendNumber(0, 4, &prefix);
    prefix.push_back('\x0f');
    flags |= frame_flag::kPriority;
  }
  const bool is_split =
      profile_.continuation_one_in != 0 && random_.OneIn(profile_.continuation_one_in);
  const size_t room = server_max_frame_ - prefix.size() - padding.size();
  const size_t first = std::min(is_split ? random_.Below(rest.size() + 1) : rest.size(), room);
  const bool is_whole = first == rest.size() && !is_split;
  if (is_whole) flags |= frame_flag::kEndHeaders;
  Write(frame_type::kHeaders, flags, id, prefix + std::string(rest.substr(0, first)) + padding);
  if (is_whole) return;
  coverage_.Add(Behaviour::kContinuationSent);
  rest.remove_prefix(first);
  // At most one that is short of its end: more are taken for an attack.
  const size_t second = random_.OneIn(3) ? random_.Below(rest.size() + 1) : rest.size();
  if (second != rest.size() && second <= server_max_frame_) {
    Write(frame_type::kContinuation, 0, id, rest.substr(0, second));
    rest.remove_prefix(second);
  }
  while (rest.size() > server_max_frame_) {
    Write(frame_type::kContinuation, 0, id, rest.substr(0, server_max_frame_));
    rest.remove_prefix(server_max_frame_);
  }
  Write(frame_type::kContinuation, frame_flag::kEndHeaders, id, rest);
}

void Client::SendBody(uint32_t id, Stream& stream) {
  const size_t left = stream.body.size() - stream.sent;
  if (left == 0) {
    EndBody(id, stream);
    return;
  }
  if (empty_left_ != 0 && random_.OneIn(3)) {
    --empty_left_;
    Write(frame_type::kData, 0, id, "");
  }
  const auto window = static_cast<uint64_t>(std::min(send_window_, stream.send_window));
  size_t size = std::min<size_t>({left, window, server_max_frame_, profile_.chunk_max});
  if (random_.OneIn(4)) size = random_.Between(std::min(size, left / 16 + 1), size);
  uint8_t flags = 0;
  std::string payload;
  size_t padding = 0;
  if (profile_.padded_one_in != 0 && random_.OneIn(profile_.padded_one_in) && size > 1) {
    // The pad length octet and the padding count against the windows too (RFC 9113 §6.9.1).
    padding = std::min<size_t>(random_.Below(256), size - 2);
    size -= 1 + padding;
    flags |= frame_flag::kPadded;
    payload.push_back(static_cast<char>(padding));
    coverage_.Add(Behaviour::kPaddedData);
  }
  payload.append(stream.body, stream.sent, size).append(padding, '\0');
  stream.sent += size;
  const bool ends = stream.sent == stream.body.size() && !stream.call->plan.ends_with_trailers &&
                    random_.OneIn(2);
  if (ends) flags |= frame_flag::kEndStream;
  send_window_ -= static_cast<int64_t>(payload.size());
  stream.send_window -= static_cast<int64_t>(payload.size());
  Write(frame_type::kData, flags, id, payload);
  if (ends) stream.is_ended = stream.call->has_sent_all = true;
}

void Client::EndBody(uint32_t id, Stream& stream) {
  if (stream.call->plan.ends_with_trailers) {
    SendHeaders(id, encoder_.Encode({{"x-sim-trailer", "1"}}), /*ends_stream=*/true);
    coverage_.Add(Behaviour::kRequestTrailers);
  } else {
    Write(frame_type::kData, frame_flag::kEndStream, id, "");
  }
  stream.is_ended = stream.call->has_sent_all = true;
}

void Client::Cancel(size_t call_index) {
  CallRecord& call = *calls_[call_index];
  Stream& stream = streams_[call.stream_id];
  if (stream.is_over() || is_silent_) return;
  trace_.Note("client cancels stream", index_, call.stream_id);
  coverage_.Add(Behaviour::kClientCancelled);
  WriteNumber(frame_type::kRstStream, call.stream_id, error_code::kCancel);
  call.was_reset_by_client = true;
  MarkReset(stream);
  Flush();
  TickSoon();
}

// ---- the end -----------------------------------------------------------------------------------

void Client::Leave() {
  trace_.Note("client leaves, way", index_, static_cast<uint64_t>(profile_.leave));
  phase_ = Phase::kStaying;
  switch (profile_.leave) {
    case Departure::kGoAway: {
      std::string payload;
      AppendNumber(0, 4, &payload);
      AppendNumber(error_code::kNoError, 4, &payload);
      if (has_sent_preface_ && !is_silent_) Write(frame_type::kGoAway, 0, 0, payload + "bye");
      Flush();
      coverage_.Add(Behaviour::kClientGoAway);
      events_.Schedule(trace_.now() + profile_.pace_max + kShortestPause, *this, kClose);
      return;
    }
    case Departure::kClose:
      LeaveNow();
      return;
    case Departure::kHalfClose:
      link_.StallClient(false);
      link_.ClientShutsDown();
      coverage_.Add(Behaviour::kClientHalfClosed);
      return;
    case Departure::kReset:
      coverage_.Add(Behaviour::kConnectionReset);
      phase_ = Phase::kGone;
      link_.Reset();
      return;
    case Departure::kStay:
      // It may stay for long, and deaf.
      if (profile_.is_calm || random_.OneIn(2)) link_.StallClient(false);
      return;
  }
}

void Client::LeaveNow() {
  phase_ = Phase::kGone;
  link_.StallClient(false);
  link_.ClientCloses();
}

void Client::Write(uint8_t type, uint8_t flags, uint32_t stream_id, std::string_view payload) {
  AppendFrame(type, flags, stream_id, payload, &output_);
}

}  // namespace weir::sim
