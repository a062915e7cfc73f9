// From field lines to a header block: HPACK, and a memo of the blocks of templates.
#ifndef WEIR_TRANSPORT_HTTP2_FIELD_ENCODER_H_
#define WEIR_TRANSPORT_HTTP2_FIELD_ENCODER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/http2/hpack_encoder.h"
#include "transport/http2/options.h"
#include "transport/http2/output_fields.h"

namespace weir::http2 {

class FieldEncoder {
 public:
  // `counters` must outlive this object.
  explicit FieldEncoder(ConnectionCounters& counters, HpackEncoder hpack = {})
      : counters_(counters), hpack_(std::move(hpack)) {}

  // The compression state.
  HpackEncoder TakeHpack() && { return std::move(hpack_); }

  // The header block. It must be sent: the peer's table follows it. Valid until the next call.
  ByteView Encode(OutputFields fields);
  ByteView Encode(const FieldTemplate& fields) {
    if (memo_ != nullptr) [[likely]] {
      for (const Entry& entry : memo_->entries) {
        if (entry.fields == &fields && entry.generation == generation_) {
          ++counters_.output_templates_memoised;
          return {entry.block.data(), entry.size};
        }
      }
    }
    return EncodeTemplate(fields);
  }

  // The peer's SETTINGS_HEADER_TABLE_SIZE.
  void SetPeerTableSize(uint32_t size) {
    hpack_.SetPeerTableSize(size);
    ++generation_;
  }

  // Gives back what is there for speed only.
  void ReleaseIdleMemory();

 private:
  static constexpr size_t kEntries = 4;
  // Templates are the headers and trailers of an ordinary response: a few indexed fields.
  static constexpr size_t kBlockSizeMax = 24;

  struct Entry {
    const FieldTemplate* fields = nullptr;
    uint64_t generation = 0;
    uint8_t size = 0;
    std::array<uint8_t, kBlockSizeMax> block;
  };
  struct Memo {
    std::array<Entry, kEntries> entries;
    size_t oldest = 0;
  };

  ByteView EncodeTemplate(const FieldTemplate& fields);

  ConnectionCounters& counters_;
  HpackEncoder hpack_;
  // Of the peer's dynamic table as we know it: grows with each block that changes it, and with each
  // change that the next block will announce.
  uint64_t generation_ = 1;
  std::unique_ptr<Memo> memo_;
  Buffer scratch_;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_FIELD_ENCODER_H_
