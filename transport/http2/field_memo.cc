#include "transport/http2/field_memo.h"

namespace weir::http2 {

void FieldMemo::Insert(ByteView block, uint64_t generation, const FieldSectionPtr& section) {
  if (block.empty() || block.size() > kBlockSizeMax || section->list_size() > kListSizeMax) return;
  if (entries_ == nullptr) entries_ = std::make_unique<std::array<Entry, kEntries>>();
  Entry& entry = (*entries_)[oldest_];
  oldest_ = (oldest_ + 1) % kEntries;
  if (entry.capacity < block.size()) {
    entry.block = std::make_unique_for_overwrite<uint8_t[]>(block.size());
    entry.capacity = static_cast<uint32_t>(block.size());
  }
  std::memcpy(entry.block.get(), block.data(), block.size());
  entry.size = static_cast<uint32_t>(block.size());
  entry.generation = generation;
  entry.section = section;
}

}  // namespace weir::http2
