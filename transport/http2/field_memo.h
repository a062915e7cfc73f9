// The same header block under the same dynamic table is the same field section: which of the last
// few were they?
//
// A client repeats its requests. Once its indexed fields have settled, block after block consists
// of the same octets, and comparing them is a tenth of the work of decoding them.
#ifndef WEIR_TRANSPORT_HTTP2_FIELD_MEMO_H_
#define WEIR_TRANSPORT_HTTP2_FIELD_MEMO_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "transport/base/bytes.h"
#include "transport/http2/field_section.h"

namespace weir::http2 {

class FieldMemo {
 public:
  static constexpr size_t kEntries = 4;
  // Larger blocks, or sections, are not kept: a connection must not hold much for a peer that may
  // never repeat it.
  static constexpr size_t kBlockSizeMax = 1024;
  static constexpr size_t kListSizeMax = 4096;

  // The section that `block` decodes to under the dynamic table of this generation, or nullptr.
  const FieldSection* Find(ByteView block, uint64_t generation) const {
    if (entries_ == nullptr) return nullptr;
    for (const Entry& entry : *entries_) {
      if (entry.size == block.size() && entry.generation == generation &&
          std::memcmp(entry.block.get(), block.data(), block.size()) == 0) {
        return entry.section.get();
      }
    }
    return nullptr;
  }

  // Remembers a block that does not change the dynamic table, in place of the oldest.
  void Insert(ByteView block, uint64_t generation, const FieldSectionPtr& section);

  void Release() { entries_.reset(); }

 private:
  struct Entry {
    std::unique_ptr<uint8_t[]> block;
    uint32_t size = UINT32_MAX;  // no block has so many octets
    uint32_t capacity = 0;
    uint64_t generation = 0;
    FieldSectionPtr section;
  };

  std::unique_ptr<std::array<Entry, kEntries>> entries_;
  size_t oldest_ = 0;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_FIELD_MEMO_H_
