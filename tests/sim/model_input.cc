// The reference model: what a client's frame means, and which errors it may or must be answered
// with (RFC 9113 §4 to §6, §8).
#include <algorithm>
#include <string>
#include <utility>

#include "tests/sim/reference_model.h"

namespace weir::sim {
namespace {

using namespace frame_type;  // NOLINT: constants of this file's one subject

constexpr uint64_t kFieldOverhead = 32;  // RFC 9113 §6.5.2
constexpr uint64_t kAbuseFactor = 4;     // of the limits on a field section
// Windows that the server has used and not yet written about make less difference than this.
constexpr int64_t kWindowDoubt = 1 << 23;

// Credit that is hardly worth a frame.
constexpr int64_t kSmallIncrement = 256;

bool IsEven(uint32_t id) { return id % 2 == 0; }

}  // namespace

void ReferenceModel::OnPreface(bool matches) {
  has_preface_ = true;
  if (!matches) ExpectEnd(Bit(error_code::kProtocol), "bad preface (§3.4)");
}

// ---- by the frame header alone -----------------------------------------------------------------

void ReferenceModel::OnFrameHeader(const FrameHeader& frame, uint8_t pad_length) {
  ++frames_judged_;
  if (is_input_over_) return;
  coverage_.Add(Behaviour::kClientFrame);
  if (!IsHeaderLegal(frame) || !IsSequenceLegal(frame)) return;
  if (frame.type == kData) OnDataHeader(frame, pad_length);
  if (frame.type == kHeaders) block_started_ = trace_.now();
  if (frame.type > kContinuation) ++glitches_;
}

bool ReferenceModel::IsSequenceLegal(const FrameHeader& frame) {
  if (!has_settings_ && (frame.type != kSettings || frame.Has(frame_flag::kAck))) {
    ExpectEnd(Bit(error_code::kProtocol), "the first frame is not SETTINGS (§3.4)");
  } else if (block_stream_ != 0 &&
             (frame.type != kContinuation || frame.stream_id != block_stream_)) {
    ExpectEnd(Bit(error_code::kProtocol), "a frame inside a header block (§4.3)");
  } else if (frame.type == kContinuation && block_stream_ == 0) {
    ExpectEnd(Bit(error_code::kProtocol), "CONTINUATION alone (§6.10)");
  } else if (frame.type == kSettings && frame.length / 6 > limits_.settings_entries_max) {
    ExpectEnd(Bit(error_code::kEnhanceYourCalm), "too many settings (§10.5)");
  } else if (frame.type == kHeaders || frame.type == kContinuation) {
    if (frame.type == kHeaders) block_octets_ = block_continuations_ = small_continuations_ = 0;
    block_octets_ += frame.length;
    if (frame.type == kContinuation) {
      ++block_continuations_;
      if (frame.length < 1024 && !frame.Has(frame_flag::kEndHeaders)) ++small_continuations_;
    }
    if (block_octets_ > limits_.header_block_bytes_max ||
        block_continuations_ > limits_.continuation_frames_max) {
      ExpectEnd(Bit(error_code::kEnhanceYourCalm), "a header block too large (§10.5)");
    } else if (small_continuations_ > 2) {
      Expect(kOnConnection, 0, Bit(error_code::kEnhanceYourCalm), "many small CONTINUATIONs",
             /*is_required=*/false);
    }
  }
  return !is_input_over_;
}

bool ReferenceModel::IsHeaderLegal(const FrameHeader& frame) {
  const uint32_t size = Bit(error_code::kFrameSize);
  const uint32_t protocol = Bit(error_code::kProtocol);
  const bool is_on_stream = frame.stream_id != 0;
  if (frame.length > limits_.max_frame_size) {
    ExpectEnd(size, "a frame larger than SETTINGS_MAX_FRAME_SIZE (§4.2)");
    return false;
  }
  switch (frame.type) {
    case kData:
    case kHeaders:
    case kContinuation:
      if (!is_on_stream) ExpectEnd(protocol, "a stream's frame on stream 0 (§6.1, §6.2)");
      break;
    case kPriority:
      if (!is_on_stream) {
        ExpectEnd(protocol, "PRIORITY on stream 0 (§6.3)");
      } else if (frame.length != 5) {
        ExpectEnd(size, "length of PRIORITY (§6.3)");
      } else {
        ++glitches_;
      }
      break;
    case kRstStream:
      if (!is_on_stream) {
        ExpectEnd(protocol, "RST_STREAM on stream 0 (§6.4)");
      } else if (frame.length != 4) {
        ExpectEnd(size, "length of RST_STREAM (§6.4)");
      }
      break;
    case kSettings:
      if (is_on_stream) {
        ExpectEnd(protocol, "SETTINGS on a stream (§6.5)");
      } else if (frame.length % 6 != 0) {
        ExpectEnd(size, "length of SETTINGS (§6.5)");
      }
      break;
    case kPushPromise:
      ExpectEnd(protocol, "PUSH_PROMISE of a client (§8.4)");
      break;
    case kPing:
      if (is_on_stream) {
        ExpectEnd(protocol, "PING on a stream (§6.7)");
      } else if (frame.length != 8) {
        ExpectEnd(size, "length of PING (§6.7)");
      }
      break;
    case kGoAway:
      if (is_on_stream) {
        ExpectEnd(protocol, "GOAWAY on a stream (§6.8)");
      } else if (frame.length < 8) {
        ExpectEnd(size, "length of GOAWAY (§6.8)");
      } else {
        ++glitches_;
      }
      break;
    case kWindowUpdate:
      if (frame.length != 4) ExpectEnd(size, "length of WINDOW_UPDATE (§6.9)");
      break;
    default:
      break;
  }
  return !is_input_over_;
}

// ---- DATA --------------------------------------------------------------------------------------

void ReferenceModel::OnDataHeader(const FrameHeader& frame, uint8_t pad_length) {
  const bool is_padded = frame.Has(frame_flag::kPadded);
  if (is_padded && pad_length >= frame.length) {
    ExpectEnd(Bit(error_code::kProtocol) | Bit(error_code::kFrameSize), "padding of DATA (§6.1)");
    return;
  }
  if (IsEven(frame.stream_id)) {
    ExpectEnd(Bit(error_code::kProtocol), "DATA on an even stream (§5.1.1)");
    return;
  }
  const uint32_t padding = is_padded ? 1u + pad_length : 0;
  if (frame.length == padding && !frame.Has(frame_flag::kEndStream)) ++glitches_;
  const auto length = static_cast<int64_t>(frame.length);
  // Credit that is due and not yet written cannot make the window larger than it began.
  if (length > limits_.connection_window) {
    ExpectEnd(Bit(error_code::kFlowControl), "DATA beyond the connection's window (§6.9.1)");
    return;
  }
  if (length > kWindowDefault + credited_ - received_) {
    Expect(kOnConnection, 0, Bit(error_code::kFlowControl), "DATA near the connection's window",
           /*is_required=*/false);
  }
  received_ += length;
  unfinished_data_ = length;
  if (frame.stream_id > last_stream_) return;
  if (frame.stream_id > highest_id_) {
    OnIdleStream("DATA on an idle stream (§5.1)");
    return;
  }
  const auto found = streams_.find(frame.stream_id);
  if (found == streams_.end() || found->second.is_client_ended || found->second.is_client_reset) {
    OnClosedStream(frame.stream_id, found == streams_.end() ? nullptr : &found->second,
                   /*is_headers=*/false);
    return;
  }
  OnDataOnStream(frame, padding, found->second);
}

void ReferenceModel::OnDataOnStream(const FrameHeader& frame, uint32_t padding, Stream& stream) {
  const auto length = static_cast<int64_t>(frame.length);
  if (stream.is_server_reset || stream.is_ignored) return;
  const int64_t window = InitialReceiveWindow() + stream.credited - stream.received;
  if (length > 0 && length > window) {
    // Exact only if nothing has moved since the server had said all it had to say.
    const bool is_certain = was_settled_ && stream.received_in_read != reads_;
    Expect(kOnEither, frame.stream_id, Bit(error_code::kFlowControl),
           "DATA beyond the stream's window (§6.9.1)", is_certain);
    if (is_certain) return;
  }
  stream.received += length;
  stream.received_in_read = reads_;
  if (stream.content_left >= 0) {
    stream.content_left -= length - static_cast<int64_t>(padding);
    if (stream.content_left < 0 || (stream.content_left > 0 && frame.Has(frame_flag::kEndStream))) {
      Expect(kOnEither, frame.stream_id, Bit(error_code::kProtocol),
             "DATA that does not fit content-length (§8.1.1)");
    }
  }
}

// A frame on a stream that the client has ended or never opened.
void ReferenceModel::OnClosedStream(uint32_t id, const Stream* stream, bool is_headers) {
  if (stream != nullptr && (stream->is_server_reset || stream->is_ignored)) return;
  const uint32_t closed = Bit(error_code::kStreamClosed);
  if (stream == nullptr) {
    const uint32_t codes = closed | (is_headers ? Bit(error_code::kProtocol) : 0);
    Expect(kOnEither, id, codes, "a frame on a stream that was skipped (§5.1.1)",
           !may_have_forgotten_);
    return;
  }
  Expect(kOnEither, id, closed,
         stream->is_client_reset ? "a frame after RST_STREAM (§5.1)"
                                 : "a frame after END_STREAM (§5.1)",
         !may_have_forgotten_);
}

// Ignored when the server has set its last stream, which is not known before that is written.
void ReferenceModel::OnIdleStream(const char* rule) {
  if (goaways_ == 0 && was_settled_) return ExpectEnd(Bit(error_code::kProtocol), rule);
  Expect(kOnConnection, 0, Bit(error_code::kProtocol), rule, /*is_required=*/false);
}

void ReferenceModel::OnEndStream(uint32_t id, Stream& stream) {
  stream.is_client_ended = true;
  stream.client_over_fence = fence_;
  if (stream.content_left > 0) {
    Expect(kOnEither, id, Bit(error_code::kProtocol), "an end before content-length (§8.1.1)");
  }
}

// ---- complete frames ---------------------------------------------------------------------------

void ReferenceModel::OnFrame(const FrameHeader& frame, std::string_view payload) {
  if (is_input_over_) return;
  const bool is_even = IsEven(frame.stream_id) && frame.stream_id != 0;
  switch (frame.type) {
    case kData: {
      unfinished_data_ = 0;
      const auto found = streams_.find(frame.stream_id);
      if (frame.Has(frame_flag::kEndStream) && found != streams_.end() &&
          !found->second.is_client_ended && !found->second.is_client_reset) {
        OnEndStream(frame.stream_id, found->second);
      }
      return;
    }
    case kHeaders:
      OnHeaders(frame, payload);
      return;
    case kContinuation:
      block_ += payload;
      if (frame.Has(frame_flag::kEndHeaders)) OnBlock();
      return;
    case kPriority:
      if ((LoadNumber(payload.substr(0, 4)) & kStreamIdMax) == frame.stream_id) {
        ExpectEnd(Bit(error_code::kProtocol), "PRIORITY on itself (RFC 7540 §5.3.1)");
      }
      return;
    case kRstStream:
      if (is_even) {
        ExpectEnd(Bit(error_code::kProtocol), "RST_STREAM on an even stream (§5.1.1)");
      } else {
        OnRstStream(frame.stream_id);
      }
      return;
    case kSettings:
      OnSettingsFrame(frame, payload);
      return;
    case kPing:
      if (frame.Has(frame_flag::kAck)) {
        ++glitches_;
        return;
      }
      ++pings_read_;
      ++replies_due_;
      pings_.emplace_back(payload);
      return;
    case kWindowUpdate:
      if (is_even) {
        ExpectEnd(Bit(error_code::kProtocol), "WINDOW_UPDATE on an even stream (§5.1.1)");
      } else {
        OnWindowUpdate(frame.stream_id, static_cast<int64_t>(LoadNumber(payload) & kStreamIdMax));
      }
      return;
    default:
      return;
  }
}

void ReferenceModel::OnHeaders(const FrameHeader& frame, std::string_view payload) {
  size_t pad_length = 0;
  const uint32_t codes = Bit(error_code::kProtocol) | Bit(error_code::kFrameSize);
  if (frame.Has(frame_flag::kPadded)) {
    if (payload.empty()) return ExpectEnd(codes, "padding of HEADERS (§6.2)");
    pad_length = static_cast<uint8_t>(payload[0]);
    payload.remove_prefix(1);
  }
  if (frame.Has(frame_flag::kPriority)) {
    if (payload.size() < 5) return ExpectEnd(codes, "priority of HEADERS (§6.2)");
    if ((LoadNumber(payload.substr(0, 4)) & kStreamIdMax) == frame.stream_id) {
      return ExpectEnd(codes, "HEADERS depend on themselves (RFC 7540 §5.3.1)");
    }
    payload.remove_prefix(5);
  }
  if (pad_length > payload.size()) return ExpectEnd(codes, "padding of HEADERS (§6.2)");
  if (IsEven(frame.stream_id)) {
    return ExpectEnd(Bit(error_code::kProtocol), "HEADERS on an even stream (§5.1.1)");
  }
  block_stream_ = frame.stream_id;
  block_continued_ = trace_.now();
  block_ends_stream_ = frame.Has(frame_flag::kEndStream);
  block_ = payload.substr(0, payload.size() - pad_length);
  if (frame.Has(frame_flag::kEndHeaders)) OnBlock();
}

void ReferenceModel::OnBlock() {
  const uint32_t id = std::exchange(block_stream_, 0);
  block_started_ = block_continued_ = kNever;
  Fields fields;
  if (!request_decoder_.Decode(block_, &fields)) {
    return ExpectEnd(Bit(error_code::kCompression) | Bit(error_code::kEnhanceYourCalm),
                     "a block that cannot be decompressed (§4.3)");
  }
  uint64_t list_size = 0;
  for (const Field& field : fields) {
    list_size += field.name.size() + field.value.size() + kFieldOverhead;
  }
  if (list_size > kAbuseFactor * limits_.header_list_size_max ||
      fields.size() > kAbuseFactor * limits_.header_fields_max) {
    return ExpectEnd(Bit(error_code::kEnhanceYourCalm), "a field section far too large (§10.5.1)");
  }
  if (id > highest_id_) {
    highest_id_ = id;
    if (id <= last_stream_) OnRequest(id, fields);
    if (id > last_stream_) coverage_.Add(Behaviour::kStreamAfterDrain);
    return;
  }
  const auto found = streams_.find(id);
  if (found == streams_.end() || found->second.is_client_ended || found->second.is_client_reset) {
    if (id <= last_stream_) {
      OnClosedStream(id, found == streams_.end() ? nullptr : &found->second, /*is_headers=*/true);
    }
    return;
  }
  Stream& stream = found->second;
  if (stream.is_server_reset || stream.is_ignored) return;
  if (!block_ends_stream_) {
    Expect(kOnEither, id, Bit(error_code::kProtocol), "trailers that do not end (§8.1)");
    return;
  }
  OnEndStream(id, stream);
}

void ReferenceModel::OnRequest(uint32_t id, const Fields& fields) {
  const size_t live = PossiblyLive();
  Stream& stream = streams_[id];
  stream.send_window = initial_window_;
  stream.may_be_refused = live >= limits_.max_concurrent_streams;
  if (stream.may_be_refused) {
    ++refusals_;
    ++replies_due_;
  }
  if (const std::string* length = FindField(fields, "content-length")) {
    stream.content_left = std::atoll(length->c_str());
  }
  judge_.OnRequest(id);
  if (IsMalformedRequest(fields)) {
    stream.is_malformed = true;
    Expect(kOnEither, id, Bit(error_code::kProtocol), "a malformed request (§8.1.1)",
           !stream.may_be_refused);
  }
  if (block_ends_stream_) OnEndStream(id, stream);
  if (goaways_ != 0) coverage_.Add(Behaviour::kStreamInDrain);
}

// An upper bound of what counts against the limit: a handler that still runs does, whatever has
// become of its stream.
size_t ReferenceModel::PossiblyLive() const {
  return static_cast<size_t>(
      std::count_if(streams_.begin(), streams_.end(), [this](const auto& entry) {
        const Stream& stream = entry.second;
        // The handler of a stream that opened and closed in this read has yet to start.
        return !stream.is_closed() || stream.client_over_read == reads_ ||
               judge_.IsRunning(entry.first);
      }));
}

// RFC 9113 §8.2, §8.3.
bool ReferenceModel::IsMalformedRequest(const Fields& fields) const {
  for (const char* required : {":method", ":scheme", ":path"}) {
    if (FindField(fields, required) == nullptr) return true;
  }
  for (const Field& field : fields) {
    if (std::any_of(field.name.begin(), field.name.end(),
                    [](char c) { return c >= 'A' && c <= 'Z'; })) {
      return true;
    }
    if (field.name == "connection") return true;
    if (field.name == "te" && field.value != "trailers") return true;
  }
  return false;
}

void ReferenceModel::OnRstStream(uint32_t id) {
  if (id > last_stream_) return;
  if (id > highest_id_) {
    // Tolerated of a client that has opened streams: gRPC C++ resets calls that it never began.
    if (highest_id_ == 0) OnIdleStream("RST_STREAM on an idle stream (§6.4)");
    return;
  }
  const auto found = streams_.find(id);
  if (found == streams_.end() || found->second.is_client_reset) return;
  ++resets_;
  found->second.is_client_reset = true;
  found->second.client_over_fence = fence_;
  found->second.client_over_read = reads_;
}

void ReferenceModel::OnSettingsFrame(const FrameHeader& frame, std::string_view payload) {
  if (frame.Has(frame_flag::kAck)) {
    if (frame.length != 0) {
      ExpectEnd(Bit(error_code::kFrameSize), "SETTINGS ACK with a payload (§6.5)");
    } else if (has_settings_ack_) {
      ExpectEnd(Bit(error_code::kProtocol), "SETTINGS ACK without SETTINGS (§6.5.3)");
    }
    has_settings_ack_ = true;
    return;
  }
  has_settings_ = true;
  std::vector<std::pair<uint16_t, uint32_t>>& entries = settings_.emplace_back();
  ++replies_due_;
  for (; payload.size() >= 6; payload.remove_prefix(6)) {
    const auto id = static_cast<uint16_t>(LoadNumber(payload.substr(0, 2)));
    const auto value = static_cast<uint32_t>(LoadNumber(payload.substr(2, 4)));
    entries.emplace_back(id, value);
    if (id == setting_id::kEnablePush && value > 1) {
      return ExpectEnd(Bit(error_code::kProtocol), "SETTINGS_ENABLE_PUSH (§6.5.2)");
    }
    if (id == setting_id::kMaxFrameSize && (value < kFrameSizeDefault || value >= 1u << 24)) {
      return ExpectEnd(Bit(error_code::kProtocol), "SETTINGS_MAX_FRAME_SIZE (§6.5.2)");
    }
    if (id != setting_id::kInitialWindowSize) continue;
    if (value > kWindowMax) {
      return ExpectEnd(Bit(error_code::kFlowControl), "SETTINGS_INITIAL_WINDOW_SIZE (§6.5.2)");
    }
    for (const auto& [stream_id, stream] : streams_) {
      // The windows to be are those of the settings before these, acknowledged or not.
      const int64_t window = stream.send_window - initial_window_ + value;
      if (stream.is_closed() || stream.is_server_over() || window <= kWindowMax) continue;
      Expect(kOnConnection, stream_id, Bit(error_code::kFlowControl),
             "SETTINGS make a window too large (§6.9.2)", window > kWindowMax + kWindowDoubt);
    }
  }
}

void ReferenceModel::OnWindowUpdate(uint32_t id, int64_t increment) {
  const uint32_t flow = Bit(error_code::kFlowControl);
  if (increment < kSmallIncrement) ++glitches_;  // when much is waiting
  if (id == 0) {
    if (increment == 0) {
      return ExpectEnd(Bit(error_code::kProtocol), "WINDOW_UPDATE by 0 (§6.9)");
    }
    send_window_ += increment;
    if (send_window_ > kWindowMax) {
      Expect(kOnConnection, 0, flow, "the connection's window overflows (§6.9.1)",
             send_window_ > kWindowMax + kWindowDoubt);
    }
    return;
  }
  if (id > last_stream_) return;
  if (id > highest_id_) {
    return OnIdleStream("WINDOW_UPDATE on an idle stream (§5.1)");
  }
  const auto found = streams_.find(id);
  if (increment == 0) {
    const bool is_open = found != streams_.end() && !found->second.is_closed();
    Expect(kOnEither, id, Bit(error_code::kProtocol), "WINDOW_UPDATE by 0 (§6.9)", is_open);
    return;
  }
  if (found == streams_.end() || found->second.is_closed()) return;
  Stream& stream = found->second;
  stream.send_window += increment;
  if (stream.send_window > kWindowMax) {
    Expect(kOnEither, id, flow, "a stream's window overflows (§6.9.1)",
           stream.send_window > kWindowMax + kWindowDoubt);
  }
}

}  // namespace weir::sim
