// HPACK, sending (RFC 7541): from fields to header blocks.
#ifndef WEIR_TRANSPORT_HTTP2_HPACK_ENCODER_H_
#define WEIR_TRANSPORT_HTTP2_HPACK_ENCODER_H_

#include <cstdint>

#include "transport/base/buffer.h"
#include "transport/http2/hpack_table.h"
#include "transport/http2/output_fields.h"

namespace weir::http2 {

class HpackEncoder {
 public:
  // Appends the header block for `fields` to `out`. A pending change of the table size is put in
  // front of it. Returns whether the block changes the peer's table.
  bool Encode(OutputFields fields, Buffer* out);

  // The peer's SETTINGS_HEADER_TABLE_SIZE, in the order received. All values count, since the
  // smallest between two blocks must be signalled too (RFC 7541 §4.2).
  void SetPeerTableSize(uint32_t size);

  // The table itself stays.
  void ReleaseIdleMemory() { table_.ReleaseIdleMemory(); }

 private:
  void AnnounceTableSize(Buffer* out);
  void EncodeField(const OutputField& field, Buffer* out);

  HpackTable table_;  // as the peer's will be behind the last block
  // What the peer allows now, and the least it has allowed since that block.
  uint32_t size_max_ = kHpackTableSize;
  uint32_t size_max_least_ = kHpackTableSize;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_HPACK_ENCODER_H_
