#include "transport/http2/frame_payload.h"

#include <cstddef>

namespace weir::http2 {
namespace {

constexpr size_t kPriorityFieldsSize = 5;

bool DependsOnItself(const FrameHeader& header, const uint8_t* priority_fields) {
  return (LoadBig32(priority_fields) & kStreamIdMax) == header.stream_id;
}

}  // namespace

Violation ParseHeaders(const Frame& frame, ByteView* fragment) {
  ByteView payload = frame.payload;
  size_t pad_length = 0;
  if (frame.header.Has(flags::kPadded)) {
    if (payload.empty()) return Violation::kHeadersPadding;
    pad_length = payload[0];
    payload = payload.subspan(1);
  }
  if (frame.header.Has(flags::kPriority)) {
    if (payload.size() < kPriorityFieldsSize) return Violation::kHeadersTooShort;
    if (DependsOnItself(frame.header, payload.data())) return Violation::kSelfDependency;
    payload = payload.subspan(kPriorityFieldsSize);
  }
  // Padding may leave an empty fragment, since CONTINUATION can bring the block.
  if (pad_length > payload.size()) return Violation::kHeadersPadding;
  *fragment = payload.first(payload.size() - pad_length);
  return Violation::kNone;
}

Violation CheckPriority(const Frame& frame) {
  return DependsOnItself(frame.header, frame.payload.data()) ? Violation::kSelfDependency
                                                             : Violation::kNone;
}

}  // namespace weir::http2
