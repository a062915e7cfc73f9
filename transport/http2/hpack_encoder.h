// HPACK, sending (RFC 7541): from fields to header blocks.
//
// The coder is nghttp2's. Nothing but hpack_encoder.cc knows that.
#ifndef WEIR_TRANSPORT_HTTP2_HPACK_ENCODER_H_
#define WEIR_TRANSPORT_HTTP2_HPACK_ENCODER_H_

#include <cstdint>
#include <memory>

#include "transport/base/buffer.h"
#include "transport/http2/hpack_table.h"
#include "transport/http2/output_fields.h"

// nghttp2's own name for its coder.
struct nghttp2_hd_deflater;

namespace weir::http2 {

class HpackEncoder {
 public:
  HpackEncoder();
  ~HpackEncoder();

  // Appends the header block for `fields` to `out`. A pending change of the table size is put in
  // front of it. Returns whether the block changes the peer's table.
  bool Encode(OutputFields fields, Buffer* out);

  // The peer's SETTINGS_HEADER_TABLE_SIZE, in the order received. All values count, since the
  // smallest between two blocks must be signalled too (RFC 7541 §4.2).
  void SetPeerTableSize(uint32_t size);

  // Gives all memory back. The next block begins by emptying the peer's table.
  void Release();

 private:
  struct Deleter {
    void operator()(nghttp2_hd_deflater* deflater) const;
  };

  void MakeDeflater();
  void ChangeTableSize(uint32_t size);

  std::unique_ptr<nghttp2_hd_deflater, Deleter> deflater_;
  uint32_t table_size_ = kHpackTableSize;
  // Valid without a deflater: the smallest size the peer's table had or must have since the last
  // block.
  uint32_t table_size_min_ = kHpackTableSize;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_HPACK_ENCODER_H_
