#include "transport/http2/field_decoder.h"

#include "transport/http2/field_section_builder.h"
#include "transport/http2/hpack_scan.h"

namespace weir::http2 {
namespace {

// Two are enough for anything an encoder has to say: the smallest size since the last block, and
// the final one (RFC 7541 §4.2).
constexpr uint32_t kSizeUpdatesMax = 2;

}  // namespace

// kNone when the whole block went through the compression state.
template <typename Sink>
Violation FieldDecoder::Run(ByteView block, Sink& sink, bool* mutates_table) {
  const HpackScan scan = ScanHpack(block);
  if (!scan.is_well_formed) return Violation::kCompression;
  if (scan.size_updates > kSizeUpdatesMax) return Violation::kTableSizeUpdates;
  *mutates_table = scan.mutates_table;
  if (scan.mutates_table) ++generation_;
  ++counters_.header_blocks_decoded;
  switch (hpack_.Decode(block, sink)) {
    case HpackDecoder::Outcome::kDone:
      return Violation::kNone;
    case HpackDecoder::Outcome::kMalformed:
      return Violation::kCompression;
    case HpackDecoder::Outcome::kStopped:
      return sink.violation();
  }
  return Violation::kCompression;
}

Violation FieldDecoder::DecodeUnknown(SectionKind kind, ByteView block, FieldSectionPtr* section) {
  FieldSectionBuilder builder(kind, options_, block.size());
  bool mutates_table = false;
  const Violation fatal = Run(block, builder, &mutates_table);
  if (fatal != Violation::kNone) return fatal;
  const Violation malformed = builder.Finish(section);
  if (malformed != Violation::kNone) return malformed;
  if (kind == SectionKind::kRequest && !mutates_table && !(*section)->is_over_limit()) {
    memo_.Insert(block, generation_, *section);
  }
  return Violation::kNone;
}

Violation FieldDecoder::Discard(ByteView block) {
  FieldDiscarder discarder(options_);
  bool mutates_table = false;
  return Run(block, discarder, &mutates_table);
}

}  // namespace weir::http2
