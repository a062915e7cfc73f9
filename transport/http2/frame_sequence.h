// Which frame may follow which: SETTINGS comes first (RFC 9113 §3.4), and a header block is HEADERS
// and CONTINUATION frames with nothing between them (RFC 9113 §4.3, §6.10).
//
// Works on frame headers alone, so that a header block over its limits is refused before its octets
// are stored.
#ifndef WEIR_TRANSPORT_HTTP2_FRAME_SEQUENCE_H_
#define WEIR_TRANSPORT_HTTP2_FRAME_SEQUENCE_H_

#include <cstdint>

#include "transport/http2/frame_header.h"
#include "transport/http2/options.h"
#include "transport/http2/violation.h"

namespace weir::http2 {

class FrameSequence {
 public:
  // `options` must outlive this object.
  explicit FrameSequence(const ConnectionOptions& options) : options_(options) {}

  // Takes the next frame of the stream, in order.
  Violation Admit(const FrameHeader& header);

  // True for the frames of which nearly every stream of octets consists, and that change nothing
  // here: DATA, and HEADERS with a whole block. Admit would return kNone for them.
  bool IsOrdinary(const FrameHeader& header) const {
    if (expected_ != Expected::kAnyFrame) return false;
    if (header.type == FrameType::kData) return true;
    return header.type == FrameType::kHeaders && header.Has(flags::kEndHeaders) &&
           header.length <= options_.header_block_bytes_max;
  }

  // The first SETTINGS have come already.
  void SkipFirstSettings() { expected_ = Expected::kAnyFrame; }

  bool accepts_any_frame() const { return expected_ == Expected::kAnyFrame; }
  bool has_settings() const { return expected_ != Expected::kFirstSettings; }
  bool in_header_block() const { return expected_ == Expected::kContinuation; }

 private:
  enum class Expected : uint8_t { kFirstSettings, kAnyFrame, kContinuation };

  Violation AdmitContinuation(const FrameHeader& header);

  const ConnectionOptions& options_;
  Expected expected_ = Expected::kFirstSettings;
  // Valid while a CONTINUATION is expected.
  uint8_t small_continuations_ = 0;
  uint32_t continuations_ = 0;
  StreamId block_stream_id_ = 0;
  uint32_t block_octets_ = 0;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_FRAME_SEQUENCE_H_
