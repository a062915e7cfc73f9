#include "transport/http2/frame_reader.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "transport/http2/frame_table.h"

namespace weir::http2 {
namespace {

// RFC 9113 §3.4.
constexpr std::string_view kClientPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}  // namespace

FrameReader::FrameReader(const ConnectionOptions& options, Begin begin)
    : sequence_(options),
      max_frame_size_(
          std::clamp(options.max_frame_size, kMaxFrameSizeFloor, kMaxFrameSizeCeiling)) {
  if (begin == Begin::kAtFrame) {
    sequence_.SkipFirstSettings();
    state_ = State::kHeader;
  }
}

FrameReader::Step FrameReader::Fail(Violation violation) {
  violation_ = violation;
  state_ = State::kFailed;
  return Step::kViolation;
}

Violation FrameReader::Check(const FrameHeader& header) {
  const Violation violation = CheckFrameHeader(header, max_frame_size_);
  return violation != Violation::kNone ? violation : sequence_.Admit(header);
}

ByteView FrameReader::Take(size_t size) {
  const ByteView taken = input_.first(std::min(size, input_.size()));
  input_ = input_.subspan(taken.size());
  return taken;
}

// The path of nearly every frame. The input holds a whole frame header, and nothing was carried
// over.
FrameReader::Step FrameReader::NextInPlace(Frame* frame) {
  const FrameHeader header = ParseFrameHeader(input_.data());
  uint32_t kept = header.length;
  if (header.stream_id == 0 || header.length > max_frame_size_ || !sequence_.IsOrdinary(header))
      [[unlikely]] {
    const Violation violation = Check(header);
    if (violation != Violation::kNone) return Fail(violation);
    kept = std::min(kept, FrameRowOf(header.type).octets_kept);
  }
  const bool is_padded_data = header.type == FrameType::kData && header.Has(flags::kPadded);
  if (input_.size() - kFrameHeaderSize >= header.length && !is_padded_data) [[likely]] {
    frame->header = header;
    frame->payload = input_.subspan(kFrameHeaderSize, kept);
    frame->begins = frame->ends = true;
    frame->padding = 0;
    input_ = input_.subspan(kFrameHeaderSize + header.length);
    return Step::kFrame;
  }
  input_ = input_.subspan(kFrameHeaderSize);
  header_ = header;
  BeginPayload();
  return NextInPieces(frame);
}

FrameReader::Step FrameReader::NextInPieces(Frame* frame) {
  if (carried_delivered_) {
    carried_.Truncate(0);
    carried_delivered_ = false;
  }
  for (;;) {
    bool advanced = false;
    switch (state_) {
      case State::kPreface:
        advanced = MatchPreface();
        break;
      case State::kHeader:
        advanced = CollectHeader();
        break;
      case State::kPadLength:
        advanced = ReadPadLength();
        break;
      case State::kSkip:
        advanced = Skip();
        break;
      case State::kData:
        return DeliverData(frame) ? Step::kFrame : Step::kNeedsInput;
      case State::kPayload:
        return DeliverPayload(frame) ? Step::kFrame : Step::kNeedsInput;
      case State::kFailed:
        return Step::kViolation;
    }
    if (!advanced) return state_ == State::kFailed ? Step::kViolation : Step::kNeedsInput;
  }
}

bool FrameReader::MatchPreface() {
  const ByteView octets = Take(kClientPreface.size() - preface_matched_);
  // Octet by octet as they come: a client that speaks something else is told at once, not after 24.
  if (AsText(octets) != kClientPreface.substr(preface_matched_, octets.size())) {
    Fail(Violation::kBadPreface);
    return false;
  }
  preface_matched_ = static_cast<uint8_t>(preface_matched_ + octets.size());
  if (preface_matched_ < kClientPreface.size()) return false;
  state_ = State::kHeader;
  return true;
}

bool FrameReader::CollectHeader() {
  const ByteView octets = Take(kFrameHeaderSize - header_filled_);
  std::copy(octets.begin(), octets.end(), header_octets_ + header_filled_);
  header_filled_ = static_cast<uint8_t>(header_filled_ + octets.size());
  if (header_filled_ < kFrameHeaderSize) return false;
  header_filled_ = 0;
  header_ = ParseFrameHeader(header_octets_);
  const Violation violation = Check(header_);
  if (violation != Violation::kNone) {
    Fail(violation);
    return false;
  }
  BeginPayload();
  return true;
}

void FrameReader::BeginPayload() {
  if (header_.type != FrameType::kData) {
    left_ = std::min(header_.length, FrameRowOf(header_.type).octets_kept);
    skip_ = header_.length - left_;
    state_ = State::kPayload;
    return;
  }
  begins_ = true;
  padding_ = 0;
  left_ = header_.length;
  skip_ = 0;
  state_ = header_.Has(flags::kPadded) ? State::kPadLength : State::kData;
}

// RFC 9113 §6.1: padding as long as the payload, or longer, is a connection error. The octet that
// tells its length is part of the payload.
bool FrameReader::ReadPadLength() {
  if (header_.length == 0) {
    Fail(Violation::kDataPadding);
    return false;
  }
  if (input_.empty()) return false;
  const uint32_t pad_length = Take(1).front();
  if (pad_length >= header_.length) {
    Fail(Violation::kDataPadding);
    return false;
  }
  padding_ = 1 + pad_length;
  left_ = header_.length - padding_;
  skip_ = pad_length;
  state_ = State::kData;
  return true;
}

bool FrameReader::DeliverData(Frame* frame) {
  const ByteView piece = Take(left_);
  left_ -= static_cast<uint32_t>(piece.size());
  if (left_ == 0) skip_ -= static_cast<uint32_t>(Take(skip_).size());
  const bool ends = left_ == 0 && skip_ == 0;
  if (piece.empty() && !begins_ && !ends) return false;
  frame->header = header_;
  frame->payload = piece;
  frame->begins = begins_;
  frame->ends = ends;
  frame->padding = padding_;
  begins_ = false;
  if (ends) state_ = State::kHeader;
  return true;
}

bool FrameReader::DeliverPayload(Frame* frame) {
  if (carried_.empty() && input_.size() >= left_) {
    frame->payload = Take(left_);
  } else {
    const ByteView octets = Take(left_);
    carried_.Append(octets);
    left_ -= static_cast<uint32_t>(octets.size());
    if (left_ != 0) return false;
    frame->payload = carried_.view();
    carried_delivered_ = true;
  }
  frame->header = header_;
  frame->begins = frame->ends = true;
  frame->padding = 0;
  EndPayload();
  return true;
}

bool FrameReader::Skip() {
  skip_ -= static_cast<uint32_t>(Take(skip_).size());
  if (skip_ != 0) return false;
  state_ = State::kHeader;
  return true;
}

}  // namespace weir::http2
