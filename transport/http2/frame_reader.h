// Where does the next frame of the peer's stream of octets begin and end?
//
// 1. A frame that lies whole in the fed bytes is delivered as a view of them: nothing is copied.
// 2. The payload of DATA is never collected: it is delivered in the pieces in which it arrives.
// 3. Any other payload that is split is collected, up to the octets its type uses, and delivered
//    whole.
// 4. Everything that can be refused by a frame's header is refused before its payload is stored.
#ifndef WEIR_TRANSPORT_HTTP2_FRAME_READER_H_
#define WEIR_TRANSPORT_HTTP2_FRAME_READER_H_

#include <cstddef>
#include <cstdint>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/http2/frame_header.h"
#include "transport/http2/frame_sequence.h"
#include "transport/http2/options.h"
#include "transport/http2/violation.h"

namespace weir::http2 {

// One frame, or one piece of a DATA frame.
struct Frame {
  FrameHeader header;
  // Without padding for DATA; as on the wire for other types, cut to the octets the type uses.
  // Valid until the next call of FrameReader::Next.
  ByteView payload;

  // Of DATA only: whether this piece is the first and the last of its frame, and the octets of
  // padding in the whole frame (the Pad Length octet included), known from its first piece.
  bool begins = true;
  bool ends = true;
  uint32_t padding = 0;
};

class FrameReader {
 public:
  enum class Step : uint8_t { kFrame, kNeedsInput, kViolation };

  // What comes first: the client preface, or any frame, since all that must come before it did.
  enum class Begin : uint8_t { kAtPreface, kAtFrame };

  // `options` must outlive this object.
  explicit FrameReader(const ConnectionOptions& options, Begin begin = Begin::kAtPreface);

  // Feeds the next octets of the stream, the client preface first. They must stay valid until Next
  // returns kNeedsInput; feed again only after that.
  void Feed(ByteView bytes) { input_ = bytes; }

  // kFrame fills `frame`; kViolation is final and violation() says what it was.
  Step Next(Frame* frame) {
    if (state_ == State::kHeader && header_filled_ == 0) [[likely]] {
      if (input_.size() >= kFrameHeaderSize) return NextInPlace(frame);
      if (input_.empty() && !carried_delivered_) return Step::kNeedsInput;
    }
    return NextInPieces(frame);
  }

  Violation violation() const { return violation_; }

  // True once the client preface and the header of its SETTINGS were seen.
  bool has_preface() const { return sequence_.has_settings(); }

  // True when the fed bytes ended inside a header block: in a HEADERS or CONTINUATION frame, or
  // before the CONTINUATION that must follow.
  bool in_header_block() const {
    return sequence_.in_header_block() || (state_ == State::kPayload && IsBlockFrame());
  }

  // True when the next octet begins a frame, which may be of any type: a reader that begins there
  // would go on in the same way.
  bool is_at_frame() const {
    return state_ == State::kHeader && sequence_.accepts_any_frame() && buffered_bytes() == 0;
  }

  // Octets stored from earlier calls.
  size_t buffered_bytes() const { return header_filled_ + carried_.size(); }

  // Gives the memory for split frames back when none is stored.
  void ReleaseIdleMemory() {
    if (carried_.empty()) carried_.Release();
  }

 private:
  enum class State : uint8_t {
    kPreface,    // matching the client preface
    kHeader,     // collecting a frame header
    kPadLength,  // waiting for the first payload octet of padded DATA
    kData,       // handing out left_ octets of DATA, then dropping skip_ of padding
    kPayload,    // collecting left_ octets of any other payload
    kSkip,       // dropping skip_ octets that nobody uses
    kFailed,
  };

  Step NextInPlace(Frame* frame);
  Step NextInPieces(Frame* frame);
  Step Fail(Violation violation);
  Violation Check(const FrameHeader& header);
  ByteView Take(size_t size);

  // One state each: true when the state was left, false when more input is needed or a violation
  // was found.
  bool MatchPreface();
  bool CollectHeader();
  bool ReadPadLength();
  bool Skip();
  // These deliver; false when more input is needed.
  bool DeliverData(Frame* frame);
  bool DeliverPayload(Frame* frame);

  void BeginPayload();
  void EndPayload() { state_ = skip_ == 0 ? State::kHeader : State::kSkip; }
  bool IsBlockFrame() const {
    return header_.type == FrameType::kHeaders || header_.type == FrameType::kContinuation;
  }

  ByteView input_;
  FrameSequence sequence_;
  uint32_t max_frame_size_;
  State state_ = State::kPreface;
  Violation violation_ = Violation::kNone;
  uint8_t preface_matched_ = 0;
  uint8_t header_filled_ = 0;
  uint8_t header_octets_[kFrameHeaderSize] = {};
  bool begins_ = false;             // in kData: no piece was delivered yet
  bool carried_delivered_ = false;  // carried_ was given out and is to be emptied
  FrameHeader header_;              // valid in kPadLength, kData and kPayload
  uint32_t padding_ = 0;            // valid in kData
  uint32_t left_ = 0;
  uint32_t skip_ = 0;
  Buffer carried_;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_FRAME_READER_H_
