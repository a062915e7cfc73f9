// What does each frame of the server mean, and is it what had to come?
#include <algorithm>

#include "bench/load/connection.h"
#include "bench/load/frames.h"
#include "transport/grpc/percent_encoding.h"
#include "transport/grpc/status_code.h"
#include "transport/http2/error_code.h"

namespace load {
namespace {

using weir::http2::ErrorCode;
using weir::http2::FrameHeader;
using weir::http2::FrameType;
namespace flags = weir::http2::flags;

// A receive window is given back when half of it is used.
constexpr uint32_t kReturnedAt = 1u << 30;

std::string ErrorText(uint32_t code) {
  return std::string(weir::http2::ErrorCodeName(static_cast<ErrorCode>(code))) + " (" +
         std::to_string(code) + ")";
}

// "grpc-status 12 (UNIMPLEMENTED): no such method".
std::string StatusText(const AnswerFields& fields) {
  if (fields.grpc_status < 0) return "no grpc-status";
  std::string text = "grpc-status " + std::to_string(fields.grpc_status);
  if (fields.grpc_status < weir::grpc::kStatusCodeCount) {
    const auto code = static_cast<weir::grpc::StatusCode>(fields.grpc_status);
    text.append(" (").append(weir::grpc::StatusCodeName(code)).append(")");
  }
  if (fields.grpc_message.empty()) return text;
  return text + ": " + weir::grpc::PercentDecode(fields.grpc_message);
}

std::string OnStream(uint32_t id) { return " on stream " + std::to_string(id); }

// Takes padding, and what RFC 7540 had for priorities, away. False when there is not enough.
bool StripPadding(const FrameHeader& header, bool may_have_priority, weir::ByteView* payload) {
  size_t in_front = 0;
  size_t behind = 0;
  if (header.Has(flags::kPadded)) {
    if (payload->empty()) return false;
    behind = payload->front();
    in_front = 1;
  }
  if (may_have_priority && header.Has(flags::kPriority)) in_front += 5;
  if (in_front + behind > payload->size()) return false;
  *payload = payload->subspan(in_front, payload->size() - in_front - behind);
  return true;
}

}  // namespace

size_t Connection::WalkFrames(weir::ByteView bytes) {
  size_t at = 0;
  while (bytes.size() - at >= weir::http2::kFrameHeaderSize) {
    const FrameHeader header = weir::http2::ParseFrameHeader(bytes.data() + at);
    if (header.length > kMaxReceivedFrame) {
      Fail(FailureKind::kProtocol, "a frame of " + std::to_string(header.length) + " octets");
      return at;
    }
    const size_t size = weir::http2::kFrameHeaderSize + header.length;
    if (bytes.size() - at < size) break;
    OnFrame(header, bytes.subspan(at + weir::http2::kFrameHeaderSize, header.length));
    if (is_closed()) return at;
    at += size;
  }
  return at;
}

void Connection::OnFrame(const FrameHeader& header, weir::ByteView payload) {
  if (block_stream_ != 0 && header.type != FrameType::kContinuation) {
    Fail(FailureKind::kProtocol, "a frame inside of a header block");
    return;
  }
  if (state_ == State::kGreeting && header.type != FrameType::kSettings) {
    if (header.type == FrameType::kGoAway) return OnGoAway(payload);
    Fail(FailureKind::kProtocol, "the server does not begin with SETTINGS");
    return;
  }
  switch (header.type) {
    case FrameType::kData:
      return OnData(header, payload);
    case FrameType::kHeaders:
    case FrameType::kContinuation:
      return OnBlockPart(header, payload);
    case FrameType::kRstStream:
      return OnRstStream(header, payload);
    case FrameType::kSettings:
      return OnSettings(header, payload);
    case FrameType::kPing:
      return OnPing(header, payload);
    case FrameType::kGoAway:
      return OnGoAway(payload);
    case FrameType::kWindowUpdate:
      return OnWindowUpdate(header, payload);
    case FrameType::kPushPromise:
      return Fail(FailureKind::kProtocol, "PUSH_PROMISE, which SETTINGS forbid");
    case FrameType::kPriority:
    case FrameType::kExtension:
      return;
  }
}

void Connection::OnData(const FrameHeader& header, weir::ByteView payload) {
  const uint32_t id = header.stream_id;
  unreturned_bytes_ += header.length;
  if (unreturned_bytes_ >= kReturnedAt) {
    AppendWindowUpdate(0, unreturned_bytes_, &output_);
    unreturned_bytes_ = 0;
  }
  if (!StripPadding(header, /*may_have_priority=*/false, &payload)) {
    return Fail(FailureKind::kProtocol, "padding is longer than its frame" + OnStream(id));
  }
  Stream* const stream = streams_.Find(id);
  if (stream == nullptr) {
    if (IsForgotten(id)) return;
    return Fail(FailureKind::kProtocol, "DATA" + OnStream(id) + ", which is not open");
  }
  if (!stream->has_headers) {
    ResetStream(id);
    return FailCall(stream, FailureKind::kProtocol, "DATA before HEADERS" + OnStream(id));
  }
  stream->unreturned_bytes += header.length;
  if (stream->unreturned_bytes >= kReturnedAt) {
    AppendWindowUpdate(id, stream->unreturned_bytes, &output_);
    stream->unreturned_bytes = 0;
  }
  const uint64_t messages_before = stream->answer.messages;
  if (std::optional<Failure> failure = shared_->checker.Take(payload, &stream->answer)) {
    ResetStream(id);
    return FailCall(stream, failure->kind, std::move(failure->sentence) + OnStream(id));
  }
  if (header.Has(flags::kEndStream)) {
    return FailCall(stream, FailureKind::kProtocol, "an answer without trailers" + OnStream(id));
  }
  OnMessages(stream, stream->answer.messages - messages_before);
}

void Connection::OnMessages(Stream* stream, uint64_t count) {
  if (count == 0) return;
  const Exchange& exchange = shared_->exchange;
  if (!exchange.counts_requests()) shared_->results->AddMessages(count, exchange.payload_bytes);
  if (exchange.shape != Shape::kChat) return;
  if (exchange.is_held && stream->answer.messages == exchange.answers) owner_->OnHeld(*this);
  Enqueue(stream);
}

void Connection::OnBlockPart(const FrameHeader& header, weir::ByteView payload) {
  const uint32_t id = header.stream_id;
  const bool is_first = header.type == FrameType::kHeaders;
  if (is_first && !StripPadding(header, /*may_have_priority=*/true, &payload)) {
    return Fail(FailureKind::kProtocol, "padding is longer than its frame" + OnStream(id));
  }
  if (!is_first && block_stream_ != id) {
    return Fail(FailureKind::kProtocol, "CONTINUATION without HEADERS" + OnStream(id));
  }
  if (is_first) block_ends_stream_ = header.Has(flags::kEndStream);
  if (is_first && header.Has(flags::kEndHeaders)) {
    return OnBlock(id, block_ends_stream_, payload);
  }
  block_.append(weir::AsText(payload));
  block_stream_ = id;
  if (!header.Has(flags::kEndHeaders)) return;
  block_stream_ = 0;
  const std::string block = std::exchange(block_, {});
  OnBlock(id, block_ends_stream_, weir::AsBytes(block));
}

void Connection::OnBlock(uint32_t id, bool ends_stream, weir::ByteView block) {
  // Decoded in any case: the table must follow the server's.
  const AnswerFields* const fields = answer_headers_.Decode(block);
  if (fields == nullptr) {
    return Fail(FailureKind::kProtocol, "a header block that does not decode" + OnStream(id));
  }
  Stream* const stream = streams_.Find(id);
  if (stream == nullptr) {
    if (IsForgotten(id)) return;
    return Fail(FailureKind::kProtocol, "HEADERS" + OnStream(id) + ", which is not open");
  }
  if (stream->has_headers) {
    OnAnswerTrailers(stream, *fields, ends_stream);
  } else {
    OnAnswerHeaders(stream, *fields, ends_stream);
  }
}

void Connection::OnAnswerHeaders(Stream* stream, const AnswerFields& fields, bool ends_stream) {
  const uint32_t id = stream->id;
  stream->has_headers = true;
  stream->answer.allows_gzip = fields.is_gzip;
  const bool is_good = fields.http_status == 200 && fields.is_grpc;
  if (is_good && !ends_stream) return;
  if (!ends_stream || !stream->has_ended) ResetStream(id);
  if (fields.http_status != 200) {
    return FailCall(stream, FailureKind::kHttpStatus,
                    ":status " + std::to_string(fields.http_status) + OnStream(id));
  }
  if (!fields.is_grpc) {
    return FailCall(stream, FailureKind::kProtocol,
                    "the content-type is not application/grpc" + OnStream(id));
  }
  FailCall(stream, FailureKind::kTrailersOnly,
           "a status instead of an answer, " + StatusText(fields) + OnStream(id));
}

void Connection::OnAnswerTrailers(Stream* stream, const AnswerFields& fields, bool ends_stream) {
  const uint32_t id = stream->id;
  if (!ends_stream) {
    ResetStream(id);
    return FailCall(stream, FailureKind::kProtocol, "trailers without END_STREAM" + OnStream(id));
  }
  if (!stream->has_ended) ResetStream(id);
  if (fields.grpc_status != 0) {
    return FailCall(stream, FailureKind::kGrpcStatus, StatusText(fields) + OnStream(id));
  }
  if (std::optional<Failure> failure = shared_->checker.End(stream->answer)) {
    return FailCall(stream, failure->kind, std::move(failure->sentence) + OnStream(id));
  }
  if (!stream->has_ended) {
    return FailCall(stream, FailureKind::kProtocol,
                    "the answer ended before the request did" + OnStream(id));
  }
  EndCall(stream, Ending::kAnswered);
}

void Connection::OnRstStream(const FrameHeader& header, weir::ByteView payload) {
  if (payload.size() != 4) return Fail(FailureKind::kProtocol, "RST_STREAM of a wrong size");
  const uint32_t id = header.stream_id;
  const uint32_t code = weir::LoadBig32(payload.data());
  const auto kind = static_cast<ErrorCode>(code) == ErrorCode::kRefusedStream
                        ? FailureKind::kRefusedStream
                        : FailureKind::kReset;
  std::string sentence = "RST_STREAM " + ErrorText(code) + OnStream(id);
  if (Stream* const stream = streams_.Find(id)) return FailCall(stream, kind, std::move(sentence));
  // Behind a complete answer it may say that no more of the request is wanted (RFC 9113 §8.1).
  if (IsForgotten(id) || static_cast<ErrorCode>(code) == ErrorCode::kNoError) return;
  shared_->results->AddFailure({kind, std::move(sentence) + ", which had ended"});
}

void Connection::OnSettings(const FrameHeader& header, weir::ByteView payload) {
  if (header.Has(flags::kAck)) return;
  if (payload.size() % 6 != 0) return Fail(FailureKind::kProtocol, "SETTINGS of a wrong size");
  for (; !payload.empty(); payload = payload.subspan(6)) {
    const uint16_t id = weir::LoadBig16(payload.data());
    const uint32_t value = weir::LoadBig32(payload.data() + 2);
    if (!ApplySetting(id, value)) {
      return Fail(FailureKind::kProtocol,
                  "setting " + std::to_string(id) + " is " + std::to_string(value));
    }
  }
  AppendSettingsAck(&output_);
  if (state_ == State::kReady) return;
  state_ = State::kReady;
  shared_->results->AddConnection();
  owner_->OnReady(*this);
}

// Returns whether the value is allowed (RFC 9113 §6.5.2). Frames of more than the least maximum are
// never sent, so that MAX_FRAME_SIZE is kept whatever it is.
bool Connection::ApplySetting(uint16_t id, uint32_t value) {
  switch (id) {
    case 1:  // HEADER_TABLE_SIZE
      headers_.SetTableSize(value);
      return true;
    case 3:  // MAX_CONCURRENT_STREAMS
      peer_streams_max_ = value;
      return true;
    case 4: {  // INITIAL_WINDOW_SIZE; open streams get the difference (§6.9.2)
      if (value > kWindowMax) return false;
      const int64_t difference = value - peer_initial_window_;
      peer_initial_window_ = value;
      streams_.ForEach([&](Stream& stream) {
        stream.send_window += difference;
        Enqueue(&stream);
      });
      return true;
    }
    case 5:  // MAX_FRAME_SIZE
      return value >= weir::http2::kMaxFrameSizeFloor && value <= weir::http2::kMaxFrameSizeCeiling;
    default:
      return true;
  }
}

void Connection::OnPing(const FrameHeader& header, weir::ByteView payload) {
  if (payload.size() != 8) return Fail(FailureKind::kProtocol, "PING of a wrong size");
  if (!header.Has(flags::kAck)) AppendPingAck(payload, &output_);
}

void Connection::OnGoAway(weir::ByteView payload) {
  if (payload.size() < 8) return Fail(FailureKind::kProtocol, "GOAWAY of a wrong size");
  const uint32_t last = weir::LoadBig32(payload.data()) & kWindowMax;
  const uint32_t code = weir::LoadBig32(payload.data() + 4);
  const std::string_view debug = weir::AsText(payload.subspan(8));
  if (static_cast<ErrorCode>(code) != ErrorCode::kNoError) {
    std::string sentence = "GOAWAY " + ErrorText(code);
    if (!debug.empty()) sentence.append(": ").append(debug);
    return Fail(FailureKind::kGoAway, std::move(sentence));
  }
  // A graceful end (RFC 9113 §6.8): calls up to `last` are answered, others may be made elsewhere.
  is_draining_ = true;
  std::vector<uint32_t> returned;
  streams_.ForEach([&](const Stream& stream) {
    if (stream.id > last) returned.push_back(stream.id);
  });
  for (const uint32_t id : returned) {
    Forget(id);
    EndCall(streams_.Find(id), Ending::kReturned);
  }
}

void Connection::OnWindowUpdate(const FrameHeader& header, weir::ByteView payload) {
  if (payload.size() != 4) return Fail(FailureKind::kProtocol, "WINDOW_UPDATE of a wrong size");
  const uint32_t increment = weir::LoadBig32(payload.data()) & kWindowMax;
  const uint32_t id = header.stream_id;
  Stream* const stream = id == 0 ? nullptr : streams_.Find(id);
  if (id != 0 && stream == nullptr) return;  // it has ended
  int64_t& window = id == 0 ? send_window_ : stream->send_window;
  const bool was_closed = window <= 0;
  window += increment;
  if (increment == 0 || window > kWindowMax) {
    return Fail(FailureKind::kProtocol,
                "WINDOW_UPDATE by " + std::to_string(increment) + OnStream(id));
  }
  if (!was_closed) return;
  if (stream != nullptr) {
    Enqueue(stream);
  } else {
    streams_.ForEach([this](Stream& waiting) { Enqueue(&waiting); });
  }
}

bool Connection::IsForgotten(uint32_t id) const {
  return std::ranges::find(forgotten_, id) != forgotten_.end();
}

}  // namespace load
