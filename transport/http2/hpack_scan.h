// What does a header block do, before anybody decodes it (RFC 7541 §6)?
//
// Only the shape is looked at: prefixes, integers, and the lengths of strings. That is enough to
// tell whether the block changes the dynamic table, and to refuse what a decoder would otherwise
// have to reserve memory for: a string longer than the block it stands in.
#ifndef WEIR_TRANSPORT_HTTP2_HPACK_SCAN_H_
#define WEIR_TRANSPORT_HTTP2_HPACK_SCAN_H_

#include <cstdint>

#include "transport/base/bytes.h"

namespace weir::http2 {

struct HpackScan {
  // Every representation is complete, and integers have at most 5 octets after their prefix.
  bool is_well_formed = false;
  // Has an insertion or a size update. A block that has none is a pure function of the dynamic
  // table: the same octets under the same table give the same fields.
  bool mutates_table = false;
  uint32_t size_updates = 0;
};

HpackScan ScanHpack(ByteView block);

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_HPACK_SCAN_H_
