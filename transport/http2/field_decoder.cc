#include "transport/http2/field_decoder.h"

#include "transport/http2/field_section_builder.h"

namespace weir::http2 {

// kNone when the whole block went through the compression state.
template <typename Sink>
Violation FieldDecoder::Run(ByteView block, Sink& sink) {
  ++counters_.header_blocks_decoded;
  switch (hpack_.Decode(block, sink)) {
    case HpackDecoder::Outcome::kDone:
      return Violation::kNone;
    case HpackDecoder::Outcome::kMalformed:
      return Violation::kCompression;
    case HpackDecoder::Outcome::kTooManySizeUpdates:
      return Violation::kTableSizeUpdates;
    case HpackDecoder::Outcome::kStopped:
      return sink.violation();
  }
  return Violation::kCompression;
}

Violation FieldDecoder::DecodeUnknown(SectionKind kind, ByteView block, FieldSectionPtr* section) {
  FieldSectionBuilder builder(kind, options_);
  const uint64_t generation = hpack_.generation();
  const Violation fatal = Run(block, builder);
  if (fatal != Violation::kNone) return fatal;
  const Violation malformed = builder.Finish(section);
  if (malformed != Violation::kNone) return malformed;
  const bool is_pure = generation == hpack_.generation();
  if (kind == SectionKind::kRequest && is_pure && !(*section)->is_over_limit()) {
    memo_.Insert(block, generation, *section);
  }
  return Violation::kNone;
}

Violation FieldDecoder::Discard(ByteView block) {
  FieldDiscarder discarder(options_);
  return Run(block, discarder);
}

}  // namespace weir::http2
