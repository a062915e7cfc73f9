// The reference model: whether the server may say what it says (RFC 9113 §4 to §6, §8).
#include <algorithm>
#include <string>
#include <utility>

#include "tests/sim/reference_model.h"

namespace weir::sim {
namespace {

using namespace frame_type;  // NOLINT: constants of this file's one subject

}  // namespace

void ReferenceModel::Fail(const FrameHeader& frame, const char* why) {
  referee_.Fail("server frame " + Describe(frame) + ": " + why);
}

void ReferenceModel::OnServerFrame(const FrameHeader& frame, std::string_view payload) {
  ++frames_judged_;
  coverage_.Add(Behaviour::kServerFrame);
  if (is_said_all_) return Fail(frame, "comes after the last GOAWAY");
  if (frame.length > max_frame_) return Fail(frame, "is larger than the client accepts (§4.2)");
  if (!has_server_settings_ && (frame.type != kSettings || frame.Has(frame_flag::kAck))) {
    return Fail(frame, "comes before the server's SETTINGS (§3.4)");
  }
  const bool continues = frame.type == kContinuation && frame.stream_id == server_block_stream_;
  if ((server_block_stream_ != 0) != continues) {
    return Fail(frame, "does not go with the header block (§4.3)");
  }
  switch (frame.type) {
    case kData:
      return OnServerData(frame, payload);
    case kHeaders:
      if (frame.Has(frame_flag::kPadded) || frame.Has(frame_flag::kPriority)) {
        return Fail(frame, "has flags that weir does not use");
      }
      if (ResponseStream(frame) == nullptr) return;
      server_block_ = payload;
      server_block_stream_ = frame.stream_id;
      server_block_ends_ = frame.Has(frame_flag::kEndStream);
      if (frame.Has(frame_flag::kEndHeaders)) OnServerBlock(frame);
      return;
    case kContinuation:
      coverage_.Add(Behaviour::kServerContinuation);
      server_block_ += payload;
      if (frame.Has(frame_flag::kEndHeaders)) OnServerBlock(frame);
      return;
    case kRstStream:
      if (payload.size() != 4) return Fail(frame, "has a wrong length (§6.4)");
      return OnServerReset(frame, static_cast<uint32_t>(LoadNumber(payload)));
    case kSettings:
      return OnServerSettings(frame, payload);
    case kPing:
      return OnServerPing(frame, payload);
    case kGoAway:
      return OnServerGoAway(frame, payload);
    case kWindowUpdate:
      if (payload.size() != 4) return Fail(frame, "has a wrong length (§6.9)");
      return OnServerWindowUpdate(frame, static_cast<int64_t>(LoadNumber(payload)));
    default:
      return Fail(frame, "is of a type that a server does not send");
  }
}

// ---- responses ---------------------------------------------------------------------------------

// The stream that HEADERS or DATA of a response may come on; nullptr after a failure.
ReferenceModel::Stream* ReferenceModel::ResponseStream(const FrameHeader& frame) {
  const auto found = streams_.find(frame.stream_id);
  if (found == streams_.end()) {
    Fail(frame, "comes on a stream that the client has not opened (§5.1)");
    return nullptr;
  }
  Stream& stream = found->second;
  if (stream.is_ignored) {
    Fail(frame, "comes on a stream above the last one of GOAWAY (§6.8)");
  } else if (stream.is_server_reset) {
    Fail(frame, "comes after RST_STREAM (§5.1)");
  } else if (stream.is_server_ended) {
    Fail(frame, "comes after END_STREAM (§5.1)");
  } else if (stream.is_client_reset && fence_ > stream.client_over_fence) {
    Fail(frame, "comes after the client's RST_STREAM (§5.1)");
  } else if (stream.is_malformed) {
    Fail(frame, "answers a malformed request");
  } else {
    return &stream;
  }
  return nullptr;
}

void ReferenceModel::OnServerData(const FrameHeader& frame, std::string_view payload) {
  Stream* const stream = ResponseStream(frame);
  if (stream == nullptr) return;
  if (!stream->has_headers) return Fail(frame, "comes before the response's HEADERS (§8.1)");
  if (frame.flags != 0) return Fail(frame, "has flags, where trailers end every response");
  if (frame.length == 0) return Fail(frame, "is empty");
  const auto length = static_cast<int64_t>(frame.length);
  if (length > send_window_) return Fail(frame, "exceeds the connection's window (§6.9.1)");
  if (length > stream->send_window) return Fail(frame, "exceeds the stream's window (§6.9.1)");
  send_window_ -= length;
  stream->send_window -= length;
  if (send_window_ == 0 || stream->send_window == 0) {
    coverage_.Add(Behaviour::kServerWindowExhausted);
  }
  judge_.OnData(frame.stream_id, payload);
}

void ReferenceModel::OnServerBlock(const FrameHeader& frame) {
  const uint32_t id = std::exchange(server_block_stream_, 0);
  Stream& stream = streams_[id];
  Fields fields;
  if (!response_decoder_.Decode(server_block_, &fields)) {
    return Fail(frame, "ends a block that a fresh decoder does not understand (RFC 7541)");
  }
  const bool is_first = !std::exchange(stream.has_headers, true);
  if (!is_first && !server_block_ends_) return Fail(frame, "is a second block without END_STREAM");
  if (server_block_ends_) stream.is_server_ended = true;
  judge_.OnFields(id, fields, is_first, server_block_ends_);
}

void ReferenceModel::OnServerReset(const FrameHeader& frame, uint32_t code) {
  const auto found = streams_.find(frame.stream_id);
  const auto explains = [&](const Cause& cause) {
    return cause.on_stream && cause.stream_id == frame.stream_id && (cause.codes & Bit(code)) != 0;
  };
  const auto cause = std::find_if(causes_.begin(), causes_.end(), explains);
  if (cause != causes_.end()) {
    cause->is_met = true;
  }
  if (found == streams_.end()) {
    if (cause == causes_.end()) Fail(frame, "comes on an idle stream (§5.1)");
    return;
  }
  Stream& stream = found->second;
  if (stream.is_server_reset) return Fail(frame, "comes for the second time");
  stream.is_server_reset = true;
  if (cause != causes_.end()) {
    judge_.OnMalformedAnswered(frame.stream_id);
    return;
  }
  if (stream.is_client_reset && fence_ > stream.client_over_fence) {
    return Fail(frame, "comes after the client's RST_STREAM (§5.4.2)");
  }
  switch (code) {
    case error_code::kNoError:
      if (!stream.is_server_ended) return Fail(frame, "breaks off a response (§8.1)");
      coverage_.Add(Behaviour::kResetAfterResponse);
      return;
    case error_code::kRefusedStream:
      if (!stream.may_be_refused || stream.has_headers) {
        return Fail(frame, "refuses a stream below the limit (§5.1.2)");
      }
      coverage_.Add(Behaviour::kRefusedStream);
      judge_.OnRefused(frame.stream_id);
      return;
    case error_code::kCancel:
      if (stream.is_server_ended) return Fail(frame, "cancels a response that is complete");
      ++glitches_;
      judge_.OnCancelled(frame.stream_id);
      return;
    default:
      return Fail(frame, ("has the code " + std::to_string(code) + " for no reason").c_str());
  }
}

// ---- the connection ----------------------------------------------------------------------------

void ReferenceModel::OnServerSettings(const FrameHeader& frame, std::string_view payload) {
  if (frame.stream_id != 0 || frame.length % 6 != 0) return Fail(frame, "is malformed (§6.5)");
  if (frame.Has(frame_flag::kAck)) {
    if (frame.length != 0) return Fail(frame, "acknowledges with a payload (§6.5)");
    if (settings_.empty()) return Fail(frame, "acknowledges what was not sent (§6.5.3)");
    return OnServerAck();
  }
  if (has_server_settings_) return Fail(frame, "comes for the second time");
  has_server_settings_ = true;
  for (; payload.size() >= 6; payload.remove_prefix(6)) {
    const auto value = static_cast<int64_t>(LoadNumber(payload.substr(2, 4)));
    const uint64_t id = LoadNumber(payload.substr(0, 2));
    if ((id == setting_id::kInitialWindowSize && value != limits_.stream_window) ||
        (id == setting_id::kMaxConcurrentStreams && value != limits_.max_concurrent_streams) ||
        (id == setting_id::kMaxFrameSize && value != limits_.max_frame_size) ||
        (id == setting_id::kEnablePush && value != 0)) {
      return Fail(frame, "announces other limits than were configured");
    }
  }
}

// From here on the server speaks under the settings that it acknowledges.
void ReferenceModel::OnServerAck() {
  for (const auto& [id, value] : settings_.front()) {
    if (id == setting_id::kInitialWindowSize) {
      for (auto& [stream_id, stream] : streams_) {
        stream.send_window += int64_t{value} - initial_window_;
        if (stream.send_window < 0 && !stream.is_closed()) {
          coverage_.Add(Behaviour::kServerWindowNegative);
        }
      }
      initial_window_ = value;
    } else if (id == setting_id::kMaxFrameSize) {
      max_frame_ = value;
    } else if (id == setting_id::kHeaderTableSize) {
      response_decoder_.SetTableSize(value);
    }
  }
  settings_.pop_front();
}

void ReferenceModel::OnServerPing(const FrameHeader& frame, std::string_view payload) {
  if (frame.stream_id != 0 || frame.length != 8) return Fail(frame, "is malformed (§6.7)");
  if (!frame.Has(frame_flag::kAck)) return;
  if (pings_.empty() || pings_.front() != payload) {
    return Fail(frame, "acknowledges another PING than the oldest (§6.7)");
  }
  pings_.pop_front();
}

void ReferenceModel::OnServerGoAway(const FrameHeader& frame, std::string_view payload) {
  if (frame.stream_id != 0 || frame.length < 8) return Fail(frame, "is malformed (§6.8)");
  const auto last = static_cast<uint32_t>(LoadNumber(payload.substr(0, 4)));
  const auto code = static_cast<uint32_t>(LoadNumber(payload.substr(4, 4)));
  if (last > last_stream_) return Fail(frame, "raises the last stream (§6.8)");
  if (last != kStreamIdMax && last > highest_id_) {
    return Fail(frame, "names a stream that was never opened (§6.8)");
  }
  ++goaways_;
  last_stream_ = last;
  for (auto& [id, stream] : streams_) {
    if (id <= last || stream.is_ignored) continue;
    if (stream.has_headers) return Fail(frame, "disowns a stream that it has answered (§6.8)");
    stream.is_ignored = true;
    judge_.OnRefused(id);
  }
  if (code == error_code::kNoError) return;
  is_said_all_ = has_failed_ = true;
  coverage_.Add(Behaviour::kGoAwayWithError);
  bool is_explained = code == error_code::kEnhanceYourCalm && MayTakeForAttack();
  if ((code == error_code::kProtocol || code == error_code::kSettingsTimeout) &&
      HasTimedOut(/*is_required=*/false)) {
    is_explained = true;
    coverage_.Add(Behaviour::kTimeoutOfPeer);
  }
  for (const Cause& cause : causes_) {
    if (cause.on_connection && (cause.codes & Bit(code)) != 0) is_explained = true;
  }
  if (!is_explained) {
    Fail(frame,
         ("ends the connection with code " + std::to_string(code) + " for no reason").c_str());
  }
}

// Whether something legal has happened more often than it has to be borne.
bool ReferenceModel::MayTakeForAttack() const {
  // A response that the client does not take counts as well.
  const auto pending =
      static_cast<uint64_t>(std::count_if(streams_.begin(), streams_.end(), [](const auto& entry) {
        return !entry.second.is_server_over();
      }));
  return glitches_ + pending > limits_.glitches.burst || refusals_ > limits_.refusals.burst ||
         resets_ > limits_.premature_resets.burst || pings_read_ > limits_.ping_strikes_max;
}

void ReferenceModel::OnServerWindowUpdate(const FrameHeader& frame, int64_t increment) {
  if (increment <= 0 || increment > kWindowMax) return Fail(frame, "is by 0 (§6.9)");
  coverage_.Add(Behaviour::kServerUpdatedWindow);
  if (frame.stream_id == 0) {
    credited_ += increment;
    if (kWindowDefault + credited_ - received_ > limits_.connection_window) {
      return Fail(frame, "gives the connection more than its window");
    }
    return;
  }
  const auto found = streams_.find(frame.stream_id);
  if (found == streams_.end()) return Fail(frame, "comes on an idle stream (§5.1)");
  Stream& stream = found->second;
  if (stream.is_server_reset) return Fail(frame, "comes after RST_STREAM (§5.1)");
  if ((stream.is_client_ended || stream.is_client_reset) && fence_ > stream.client_over_fence) {
    return Fail(frame, "gives credit to who has ended");
  }
  stream.credited += increment;
  const auto message = static_cast<int64_t>(limits_.message_max + kMessagePrefixSize);
  const int64_t most = std::max({InitialReceiveWindow(), limits_.stream_window_max, message});
  if (InitialReceiveWindow() + stream.credited - stream.received > most) {
    return Fail(frame, "gives a stream more than its window and its largest message");
  }
}

}  // namespace weir::sim
