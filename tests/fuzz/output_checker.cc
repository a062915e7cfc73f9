#include "tests/fuzz/output_checker.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "tests/fuzz/fuzz_check.h"

namespace weir::fuzz {
namespace {

constexpr uint8_t kData = 0, kHeaders = 1, kRstStream = 3, kSettings = 4, kPing = 6, kGoAway = 7,
                  kWindowUpdate = 8, kContinuation = 9;
constexpr uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4;
constexpr size_t kFrameHeader = 9;
constexpr size_t kPreface = 24;
constexpr uint32_t kInitialWindowId = 4, kMaxFrameSizeId = 5;
constexpr uint32_t kIdMask = 0x7fffffff;

}  // namespace

void OutputChecker::Deleter::operator()(nghttp2_hd_inflater* inflater) const {
  nghttp2_hd_inflate_del(inflater);
}

OutputChecker::OutputChecker() : preface_left_(kPreface) {
  nghttp2_hd_inflater* inflater = nullptr;
  FUZZ_CHECK(nghttp2_hd_inflate_new(&inflater) == 0, "an inflater");
  inflater_.reset(inflater);
}

OutputChecker::~OutputChecker() = default;

bool OutputChecker::NextFrame(std::string_view* octets, FrameView* frame) {
  const ByteView bytes = AsBytes(*octets);
  if (bytes.size() < kFrameHeader) return false;
  const size_t length = LoadBig24(bytes.data());
  if (bytes.size() - kFrameHeader < length) return false;
  *frame = {.type = bytes[3],
            .flags = bytes[4],
            .stream_id = LoadBig32(bytes.data() + 5) & kIdMask,
            .payload = bytes.subspan(kFrameHeader, length)};
  octets->remove_prefix(kFrameHeader + length);
  return true;
}

// ---- What the peer sends: only what widens what we may send, read generously.

void OutputChecker::NoteReceived(ByteView octets) {
  const size_t skipped = std::min(preface_left_, octets.size());
  preface_left_ -= skipped;
  received_.append(AsText(octets.subspan(skipped)));
  std::string_view rest = received_;
  FrameView frame;
  while (NextFrame(&rest, &frame)) OnReceived(frame);
  // The identifier counts as soon as the header of the frame was seen.
  if (rest.size() >= kFrameHeader && rest[3] == kHeaders) {
    const uint32_t id = LoadBig32(AsBytes(rest).data() + 5) & kIdMask;
    highest_received_ = std::max(highest_received_, id);
  }
  received_.erase(0, received_.size() - rest.size());
}

void OutputChecker::OnReceived(const FrameView& frame) {
  ByteView payload = frame.payload;
  switch (frame.type) {
    case kHeaders:
      highest_received_ = std::max(highest_received_, frame.stream_id);
      break;
    case kPing:
      if ((frame.flags & kAck) == 0) ++pings_received_;
      break;
    case kWindowUpdate: {
      if (payload.size() != 4) break;
      const uint32_t increment = LoadBig32(payload.data()) & kIdMask;
      (frame.stream_id == 0 ? widened_by_peer_ : streams_[frame.stream_id].widened_by_peer) +=
          increment;
      break;
    }
    case kSettings:
      if ((frame.flags & kAck) != 0) break;
      ++settings_received_;
      for (; payload.size() >= 6; payload = payload.subspan(6)) {
        const uint32_t value = LoadBig32(payload.data() + 2);
        const uint32_t id = LoadBig16(payload.data());
        if (id == kInitialWindowId) initial_window_ = std::max<uint64_t>(initial_window_, value);
        if (id == kMaxFrameSizeId) max_frame_size_ = std::max(max_frame_size_, value);
      }
      break;
  }
}

// ---- What we send.

void OutputChecker::CheckWritten(ByteView octets) {
  written_.append(AsText(octets));
  std::string_view rest = written_;
  FrameView frame;
  while (NextFrame(&rest, &frame)) OnWritten(frame);
  written_.erase(0, written_.size() - rest.size());
}

void OutputChecker::OnWritten(const FrameView& frame) {
  FUZZ_CHECK(!has_goodbye_, "no frame after the last GOAWAY, but one of type %d", frame.type);
  FUZZ_CHECK(frame.payload.size() <= max_frame_size_, "frame of %zu octets, the peer takes %u",
             frame.payload.size(), max_frame_size_);
  FUZZ_CHECK(!is_first_frame_ || (frame.type == kSettings && (frame.flags & kAck) == 0),
             "SETTINGS first (RFC 9113 §3.4), not type %d", frame.type);
  is_first_frame_ = false;
  FUZZ_CHECK(
      block_stream_ == 0 || (frame.type == kContinuation && frame.stream_id == block_stream_),
      "CONTINUATION of stream %u (§6.10)", block_stream_);
  switch (frame.type) {
    case kData:
      return OnData(frame);
    case kHeaders:
    case kContinuation:
      return OnHeaderBlockPart(frame);
    case kRstStream:
      return OnReset(frame);
    case kGoAway:
      return OnGoAway(frame);
    case kSettings:
      FUZZ_CHECK(frame.stream_id == 0 && frame.payload.size() % 6 == 0, "SETTINGS (§6.5)");
      if ((frame.flags & kAck) == 0) return;
      FUZZ_CHECK(frame.payload.empty(), "SETTINGS ACK is empty (§6.5)");
      FUZZ_CHECK(++settings_acks_ <= settings_received_, "an ACK for each SETTINGS");
      return;
    case kPing:
      FUZZ_CHECK(frame.stream_id == 0 && frame.payload.size() == 8, "PING (§6.7)");
      if ((frame.flags & kAck) == 0) return;
      FUZZ_CHECK(++ping_acks_ <= pings_received_, "an ACK for each PING");
      return;
    case kWindowUpdate: {
      FUZZ_CHECK(frame.payload.size() == 4, "WINDOW_UPDATE (§6.9)");
      const uint32_t increment = LoadBig32(frame.payload.data());
      FUZZ_CHECK(increment >= 1 && increment <= kIdMask, "increment %u (§6.9)", increment);
      if (frame.stream_id != 0) Opened(frame).granted_by_us += increment;
      return;
    }
  }
  FUZZ_CHECK(false, "frame type %d is none that we send", frame.type);
}

OutputChecker::Stream& OutputChecker::Opened(const FrameView& frame) {
  FUZZ_CHECK((frame.stream_id & 1) != 0 && frame.stream_id <= highest_received_,
             "frame of type %d on stream %u, which the peer has not opened", frame.type,
             frame.stream_id);
  Stream& stream = streams_[frame.stream_id];
  FUZZ_CHECK(!stream.is_reset, "frame of type %d on stream %u after RST_STREAM (§5.1)", frame.type,
             frame.stream_id);
  return stream;
}

void OutputChecker::OnData(const FrameView& frame) {
  Stream& stream = Opened(frame);
  FUZZ_CHECK(frame.flags == 0, "DATA without flags, not %#x", frame.flags);
  FUZZ_CHECK(stream.headers == 1 && !stream.has_ended, "DATA between headers and trailers of %u",
             frame.stream_id);
  stream.data_sent += frame.payload.size();
  data_sent_ += frame.payload.size();
  FUZZ_CHECK(stream.data_sent <= initial_window_ + stream.widened_by_peer,
             "stream %u: %llu octets sent, window %llu (§5.2)", frame.stream_id,
             static_cast<unsigned long long>(stream.data_sent),
             static_cast<unsigned long long>(initial_window_ + stream.widened_by_peer));
  FUZZ_CHECK(data_sent_ <= 65535 + widened_by_peer_, "%llu octets sent, window %llu (§5.2)",
             static_cast<unsigned long long>(data_sent_),
             static_cast<unsigned long long>(65535 + widened_by_peer_));
}

void OutputChecker::OnHeaderBlockPart(const FrameView& frame) {
  if (frame.type == kHeaders) {
    Stream& stream = Opened(frame);
    FUZZ_CHECK(!stream.has_ended, "HEADERS after END_STREAM on %u", frame.stream_id);
    block_ends_stream_ = (frame.flags & kEndStream) != 0;
    FUZZ_CHECK(stream.headers == 0 || block_ends_stream_, "trailers end stream %u",
               frame.stream_id);
    ++stream.headers;
    block_stream_ = frame.stream_id;
  } else {
    FUZZ_CHECK(block_stream_ != 0, "CONTINUATION behind HEADERS (§6.10)");
  }
  block_.append(AsText(frame.payload));
  if ((frame.flags & kEndHeaders) == 0) return;

  streams_[block_stream_].has_ended = block_ends_stream_;
  block_stream_ = 0;
  ByteView block = AsBytes(block_);
  for (;;) {
    nghttp2_nv field;
    int flags = 0;
    const ssize_t read = nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, block.data(),
                                                block.size(), /*in_final=*/1);
    FUZZ_CHECK(read >= 0, "a header block that a decoder understands");
    block = block.subspan(static_cast<size_t>(read));
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
  }
  nghttp2_hd_inflate_end_headers(inflater_.get());
  block_.clear();
}

void OutputChecker::OnReset(const FrameView& frame) {
  FUZZ_CHECK(frame.payload.size() == 4, "RST_STREAM (§6.4)");
  Stream& stream = Opened(frame);
  FUZZ_CHECK(!stream.has_ended || LoadBig32(frame.payload.data()) == 0,
             "after END_STREAM on %u only RST_STREAM(NO_ERROR) (§8.1)", frame.stream_id);
  stream.is_reset = true;
}

void OutputChecker::OnGoAway(const FrameView& frame) {
  FUZZ_CHECK(frame.stream_id == 0 && frame.payload.size() >= 8, "GOAWAY (§6.8)");
  const uint32_t limit = LoadBig32(frame.payload.data());
  FUZZ_CHECK(goaway_limit_ == kNoGoaway || limit <= goaway_limit_,
             "GOAWAY(%u) after GOAWAY(%u): never more (§6.8)", limit, goaway_limit_);
  goaway_limit_ = limit;
  has_goodbye_ = LoadBig32(frame.payload.data() + 4) != 0;
}

void OutputChecker::CheckComplete() const {
  FUZZ_CHECK(written_.empty() && block_stream_ == 0, "whole frames and header blocks");
  FUZZ_CHECK(!is_first_frame_, "our SETTINGS");
  FUZZ_CHECK(settings_acks_ == settings_received_, "%u SETTINGS received, %u acknowledged",
             settings_received_, settings_acks_);
  FUZZ_CHECK(ping_acks_ == pings_received_, "%u PINGs received, %u answered", pings_received_,
             ping_acks_);
}

uint64_t OutputChecker::GrantedTo(uint32_t stream_id) const {
  const auto found = streams_.find(stream_id);
  return found == streams_.end() ? 0 : found->second.granted_by_us;
}

}  // namespace weir::fuzz
