// HPACK, receiving (RFC 7541): from header blocks to field lines.
#ifndef WEIR_TRANSPORT_HTTP2_HPACK_DECODER_H_
#define WEIR_TRANSPORT_HTTP2_HPACK_DECODER_H_

#include <cstdint>
#include <string_view>

#include "transport/base/bytes.h"
#include "transport/http2/hpack_cursor.h"
#include "transport/http2/hpack_table.h"

namespace weir::http2 {

class FieldSink {
 public:
  // One decoded line; the views are valid during the call. False stops the decoder, and with it the
  // connection: the table can no longer follow the peer's.
  virtual bool OnField(std::string_view name, std::string_view value) = 0;

 protected:
  ~FieldSink() = default;
};

class HpackDecoder {
 public:
  enum class Outcome : uint8_t {
    kDone,
    kMalformed,
    kTooManySizeUpdates,
    kStopped,  // by the sink
  };

  // Decodes one complete header block. After anything but kDone the decoder must not be used.
  Outcome Decode(ByteView block, FieldSink& sink);

  // Of the dynamic table: the same octets under the same generation give the same fields, and
  // change nothing if the generation was the same behind them.
  uint64_t generation() const { return table_.generation(); }

  // The table itself stays.
  void ReleaseIdleMemory() { table_.ReleaseIdleMemory(); }

 private:
  class TextPlace;

  Outcome DecodeIndexed(HpackCursor& cursor, FieldSink& sink);
  Outcome DecodeLiteral(HpackCursor& cursor, HpackForm form, FieldSink& sink);
  Outcome DecodeSizeUpdates(HpackCursor& cursor);

  HpackTable table_;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_HPACK_DECODER_H_
