// HPACK (RFC 7541) behind two small classes, so that the coder can be replaced in one file.
//
// The coder is nghttp2's. Nothing but hpack.cc knows that.
#ifndef WEIR_TRANSPORT_HTTP2_HPACK_H_
#define WEIR_TRANSPORT_HTTP2_HPACK_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/http2/output_fields.h"

// nghttp2's own names for its two coders.
struct nghttp2_hd_deflater;
struct nghttp2_hd_inflater;

namespace weir::http2 {

// SETTINGS_HEADER_TABLE_SIZE until an endpoint says otherwise (RFC 9113 §6.5.2). Ours is never
// announced, and the encoder uses no more of the peer's: a larger table costs memory and cache on
// both sides and saves nothing for a few fields that repeat.
inline constexpr uint32_t kHpackTableSize = 4096;

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
  enum class Outcome : uint8_t { kDone, kMalformed, kStopped };

  HpackDecoder();
  ~HpackDecoder();

  // Decodes one complete header block. After anything but kDone the decoder must not be used.
  Outcome Decode(ByteView block, FieldSink& sink);

 private:
  struct Deleter {
    void operator()(nghttp2_hd_inflater* inflater) const;
  };
  // Made with the first block: connections that never send one do not pay for it.
  std::unique_ptr<nghttp2_hd_inflater, Deleter> inflater_;
};

class HpackEncoder {
 public:
  HpackEncoder();
  ~HpackEncoder();

  // Appends the header block for `fields` to `out`. A pending change of the table size is put in
  // front of it.
  void Encode(OutputFields fields, Buffer* out);

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

#endif  // WEIR_TRANSPORT_HTTP2_HPACK_H_
