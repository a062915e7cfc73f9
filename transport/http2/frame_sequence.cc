#include "transport/http2/frame_sequence.h"

#include "transport/http2/settings.h"

namespace weir::http2 {
namespace {

// A frame can always carry 16 KiB, so nobody needs many CONTINUATION frames with next to nothing in
// them. One or two come from senders that split at fixed places (CVE-2026-33871).
constexpr uint32_t kSmallContinuation = 1024;
constexpr uint8_t kSmallContinuationsMax = 2;

}  // namespace

Violation FrameSequence::Admit(const FrameHeader& header) {
  switch (expected_) {
    case Expected::kFirstSettings:
      // An acknowledgement is not the SETTINGS of a preface.
      if (header.type != FrameType::kSettings || header.Has(flags::kAck)) {
        return Violation::kFirstFrameNotSettings;
      }
      expected_ = Expected::kAnyFrame;
      break;
    case Expected::kAnyFrame:
      break;
    case Expected::kContinuation:
      return AdmitContinuation(header);
  }

  switch (header.type) {
    case FrameType::kHeaders:
      if (header.length > options_.header_block_bytes_max) return Violation::kHeaderBlockTooLarge;
      if (!header.Has(flags::kEndHeaders)) {
        expected_ = Expected::kContinuation;
        block_stream_id_ = header.stream_id;
        block_octets_ = header.length;
        continuations_ = 0;
        small_continuations_ = 0;
      }
      return Violation::kNone;
    case FrameType::kContinuation:
      return Violation::kContinuationUnexpected;
    case FrameType::kSettings:
      if (header.length / kSettingSize > options_.settings_entries_max) {
        return Violation::kTooManySettings;
      }
      return Violation::kNone;
    case FrameType::kData:
    case FrameType::kPriority:
    case FrameType::kRstStream:
    case FrameType::kPushPromise:
    case FrameType::kPing:
    case FrameType::kGoAway:
    case FrameType::kWindowUpdate:
    case FrameType::kExtension:
      return Violation::kNone;
  }
  return Violation::kNone;
}

Violation FrameSequence::AdmitContinuation(const FrameHeader& header) {
  if (header.type != FrameType::kContinuation || header.stream_id != block_stream_id_) {
    return Violation::kHeaderBlockInterrupted;
  }
  // Both fit: a frame has less than 2^24 octets, and the sum was checked before it grew.
  block_octets_ += header.length;
  if (block_octets_ > options_.header_block_bytes_max) return Violation::kHeaderBlockTooLarge;
  if (++continuations_ > options_.continuation_frames_max) return Violation::kTooManyContinuations;
  if (header.Has(flags::kEndHeaders)) {
    expected_ = Expected::kAnyFrame;
    return Violation::kNone;
  }
  if (header.length < kSmallContinuation && ++small_continuations_ > kSmallContinuationsMax) {
    return Violation::kTooManyContinuations;
  }
  return Violation::kNone;
}

}  // namespace weir::http2
