// From a complete header block to a checked field section: memo, HPACK, rules, limits.
//
// Whatever becomes of the section, the block goes through the compression state exactly once
// (RFC 9113 §4.3), unless the connection ends with it.
#ifndef WEIR_TRANSPORT_HTTP2_FIELD_DECODER_H_
#define WEIR_TRANSPORT_HTTP2_FIELD_DECODER_H_

#include <cstdint>
#include <utility>

#include "transport/base/bytes.h"
#include "transport/http2/field_memo.h"
#include "transport/http2/field_rules.h"
#include "transport/http2/field_section.h"
#include "transport/http2/hpack_decoder.h"
#include "transport/http2/options.h"
#include "transport/http2/violation.h"

namespace weir::http2 {

class FieldDecoder {
 public:
  // Both must outlive this object.
  FieldDecoder(const ConnectionOptions& options, ConnectionCounters& counters,
               HpackDecoder hpack = {})
      : options_(options), counters_(counters), hpack_(std::move(hpack)) {}

  // The compression state.
  HpackDecoder TakeHpack() && { return std::move(hpack_); }

  // kNone sets `section`. A violation of stream scope leaves the compression state right.
  Violation DecodeRequest(ByteView block, FieldSectionPtr* section) {
    const FieldSection* known = memo_.Find(block, hpack_.generation());
    if (known != nullptr) [[likely]] {
      ++counters_.header_blocks_memoised;
      *section = FieldSectionPtr(known);
      return Violation::kNone;
    }
    return DecodeUnknown(SectionKind::kRequest, block, section);
  }
  Violation DecodeTrailers(ByteView block, FieldSectionPtr* section) {
    return DecodeUnknown(SectionKind::kTrailers, block, section);
  }

  // Only keeps the compression state. All violations are of connection scope.
  Violation Discard(ByteView block);

  void ReleaseIdleMemory() {
    memo_.Release();
    hpack_.ReleaseIdleMemory();
  }

 private:
  Violation DecodeUnknown(SectionKind kind, ByteView block, FieldSectionPtr* section);
  template <typename Sink>
  Violation Run(ByteView block, Sink& sink);

  const ConnectionOptions& options_;
  ConnectionCounters& counters_;
  HpackDecoder hpack_;
  FieldMemo memo_;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_FIELD_DECODER_H_
