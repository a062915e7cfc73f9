// The table that HPACK's indices point into (RFC 7541 §2.3): 61 static entries, and behind them
// the dynamic ones, the youngest first. The decoder has one, and the encoder one as the peer has
// it.
#ifndef WEIR_TRANSPORT_HTTP2_HPACK_TABLE_H_
#define WEIR_TRANSPORT_HTTP2_HPACK_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "transport/base/long_lived.h"

namespace weir::http2 {

// SETTINGS_HEADER_TABLE_SIZE until an endpoint says otherwise (RFC 9113 §6.5.2). Ours is never
// announced, and the encoder uses no more of the peer's: a larger table costs memory and cache on
// both sides and saves nothing for a few fields that repeat.
inline constexpr uint32_t kHpackTableSize = 4096;

struct HpackEntry {
  std::string_view name;
  std::string_view value;
};

// Takes as much memory as there is in it, not as much as there may be: the peer's encoder counts on
// our keeping the entries as long as the connection lives, however quiet it is.
class HpackTable {
 public:
  // What an entry counts for (RFC 7541 §4.1).
  static constexpr size_t SizeOf(std::string_view name, std::string_view value) {
    return name.size() + value.size() + kEntryOverhead;
  }

  // False when there is no such entry (0 included). The views are valid until the table changes.
  bool Find(uint64_t index, HpackEntry* entry) const {
    if (index - 1 < kStaticEntries.size()) {
      *entry = kStaticEntries[index - 1];
      return true;
    }
    const uint64_t age = index - 1 - kStaticEntries.size();
    if (age >= count_) return false;
    *entry = EntryOf(RecordAt(count_ - 1 - age));
    return true;
  }

  // The entry with this name and value, or else one with this name.
  struct Match {
    uint64_t index = 0;  // 0 when there is none
    bool has_value = false;
  };
  Match Search(std::string_view name, std::string_view value) const;

  // Adds an entry, and drops the oldest until there is room (RFC 7541 §4.4): all of them, and the
  // new one, too, if it is larger than the table. The views may be of this table.
  void Insert(std::string_view name, std::string_view value);

  // A size update (RFC 7541 §6.3). At most kHpackTableSize.
  void SetSizeMax(uint32_t size_max);

  // Grows with everything that may have changed the table.
  uint64_t generation() const { return generation_; }
  size_t size() const { return size_; }  // as RFC 7541 §4.1 counts it
  size_t size_max() const { return size_max_; }

  // Gives back what is reserved for more entries.
  void ReleaseIdleMemory();

 private:
  static const std::array<HpackEntry, 61> kStaticEntries;
  static constexpr size_t kEntryOverhead = 32;

  // The octets of an entry: name and value, one behind the other.
  struct Record {
    uint16_t begin;
    uint16_t name_size;
    uint16_t value_size;
  };

  HpackEntry EntryOf(const Record& record) const {
    const char* const name = text_.get() + record.begin;
    return {{name, record.name_size}, {name + record.name_size, record.value_size}};
  }
  // The oldest is at 0.
  Record& RecordAt(size_t i) const { return records_[(first_ + i) & (records_capacity_ - 1u)]; }
  void EvictTo(size_t size);
  LongLivedArray<char> MoveText(size_t capacity);
  void MoveRecords(size_t capacity);

  // Entries are appended, and dropped from the front. When the end is reached, those that are left
  // move to the start of another block.
  LongLivedArray<char> text_;
  // A ring; its size is a power of two.
  LongLivedArray<Record> records_;
  uint16_t text_capacity_ = 0;
  uint16_t text_begin_ = 0;
  uint16_t text_end_ = 0;
  uint16_t records_capacity_ = 0;
  uint16_t first_ = 0;  // of the oldest record
  uint16_t count_ = 0;
  uint16_t size_ = 0;
  uint16_t size_max_ = kHpackTableSize;
  uint64_t generation_ = 0;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_HPACK_TABLE_H_
