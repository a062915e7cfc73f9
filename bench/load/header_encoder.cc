#include "bench/load/header_encoder.h"

#include <algorithm>

#include "bench/load/huffman.h"

namespace load {
namespace {

constexpr uint32_t kStaticEntries = 61;  // RFC 7541 appendix A
constexpr uint32_t kEntryOverhead = 32;  // §4.1

struct StaticRow {
  uint32_t index;
  std::string_view name;
  std::string_view value;
};

constexpr StaticRow kStaticRows[] = {
    {1, ":authority", ""},       {3, ":method", "POST"},   {4, ":path", "/"},
    {5, ":path", "/index.html"}, {6, ":scheme", "http"},   {7, ":scheme", "https"},
    {28, "content-length", ""},  {31, "content-type", ""}, {58, "user-agent", ""},
};

// First octets and prefixes of representations (§6).
constexpr uint8_t kIndexed = 0x80;
constexpr int kIndexedBits = 7;
constexpr uint8_t kWithIndexing = 0x40;
constexpr int kWithIndexingBits = 6;
constexpr uint8_t kWithoutIndexing = 0x00;
constexpr int kWithoutIndexingBits = 4;
constexpr uint8_t kSizeUpdate = 0x20;
constexpr int kSizeUpdateBits = 5;
constexpr uint8_t kHuffmanCoded = 0x80;  // §5.2
constexpr int kStringBits = 7;

// §5.1. `first` holds the bits in front of the prefix.
void AppendInteger(uint64_t value, uint8_t first, int prefix_bits, weir::Buffer* out) {
  const uint64_t most = (uint64_t{1} << prefix_bits) - 1;
  if (value < most) {
    *out->Extend(1) = static_cast<uint8_t>(first | value);
    return;
  }
  *out->Extend(1) = static_cast<uint8_t>(first | most);
  for (value -= most; value >= 128; value /= 128) {
    *out->Extend(1) = static_cast<uint8_t>(value % 128 + 128);
  }
  *out->Extend(1) = static_cast<uint8_t>(value);
}

uint32_t SizeOf(std::string_view name, std::string_view value) {
  return static_cast<uint32_t>(name.size() + value.size()) + kEntryOverhead;
}

// 0 when no row has this name.
uint32_t StaticNameIndex(std::string_view name, bool wants_last) {
  uint32_t index = 0;
  for (const StaticRow& row : kStaticRows) {
    if (row.name == name && (index == 0 || wants_last)) index = row.index;
  }
  return index;
}

}  // namespace

uint32_t StaticFieldIndex(std::string_view name, std::string_view value) {
  for (const StaticRow& row : kStaticRows) {
    if (row.name == name && row.value == value) return row.index;
  }
  return 0;
}

void HeaderEncoder::SetTableSize(uint32_t size) {
  size = std::min(size, kLargestTable);
  if (size == size_max_) return;
  size_max_ = size;
  smallest_max_ = std::min(smallest_max_, size);
  has_size_update_ = true;
  Evict(size);
}

void HeaderEncoder::AppendSizeUpdates(weir::Buffer* out) {
  if (!has_size_update_) return;
  // Both the smallest size in between and the last one (§4.2).
  if (smallest_max_ < size_max_) AppendInteger(smallest_max_, kSizeUpdate, kSizeUpdateBits, out);
  AppendInteger(size_max_, kSizeUpdate, kSizeUpdateBits, out);
  smallest_max_ = size_max_;
  has_size_update_ = false;
}

HeaderEncoder::Entry HeaderEncoder::Find(std::string_view name, std::string_view value) const {
  for (size_t age = 0; age < table_.size(); ++age) {
    const Field& field = table_[table_.size() - 1 - age];
    if (field.value == value && field.name == name) return newest_ - age;
  }
  return 0;
}

void HeaderEncoder::AppendStatic(uint32_t index, weir::Buffer* out) {
  AppendInteger(index, kIndexed, kIndexedBits, out);
}

bool HeaderEncoder::AppendEntry(Entry entry, weir::Buffer* out) {
  const uint32_t index = IndexOf(entry);
  if (index == 0) return false;
  AppendInteger(index, kIndexed, kIndexedBits, out);
  return true;
}

HeaderEncoder::Entry HeaderEncoder::Insert(std::string_view name, std::string_view value,
                                           weir::Buffer* out) {
  const uint32_t size = SizeOf(name, value);
  if (size > size_max_) {
    AppendLiteral(name, value, out);
    return 0;
  }
  // Written first: the name may be that of an entry which is about to be pushed out (§4.4).
  AppendField(kWithIndexing, kWithIndexingBits, name, value, out);
  Evict(size_max_ - size);
  table_.push_back({std::string(name), std::string(value)});
  size_ += size;
  return ++newest_;
}

void HeaderEncoder::AppendLiteral(std::string_view name, std::string_view value,
                                  weir::Buffer* out) {
  AppendField(kWithoutIndexing, kWithoutIndexingBits, name, value, out);
}

uint32_t HeaderEncoder::IndexOf(Entry entry) const {
  const Entry age = newest_ - entry;
  if (entry == 0 || age >= table_.size()) return 0;
  return kStaticEntries + 1 + static_cast<uint32_t>(age);
}

uint32_t HeaderEncoder::NameIndex(std::string_view name) const {
  const uint32_t index = StaticNameIndex(name, style_.last_static_name);
  if (index != 0) return index;
  for (size_t age = 0; age < table_.size(); ++age) {
    if (table_[table_.size() - 1 - age].name == name) return IndexOf(newest_ - age);
  }
  return 0;
}

void HeaderEncoder::Evict(uint32_t size_max) {
  while (size_ > size_max) {
    size_ -= SizeOf(table_.front().name, table_.front().value);
    table_.pop_front();
  }
}

void HeaderEncoder::AppendField(uint8_t first, int prefix_bits, std::string_view name,
                                std::string_view value, weir::Buffer* out) {
  const uint32_t name_index = style_.names_by_index ? NameIndex(name) : 0;
  AppendInteger(name_index, first, prefix_bits, out);
  if (name_index == 0) AppendString(name, out);
  AppendString(value, out);
}

void HeaderEncoder::AppendString(std::string_view text, weir::Buffer* out) {
  const size_t coded = style_.huffman ? HuffmanSize(text) : text.size();
  if (coded < text.size()) {
    AppendInteger(coded, kHuffmanCoded, kStringBits, out);
    AppendHuffman(text, coded, out);
    return;
  }
  AppendInteger(text.size(), 0, kStringBits, out);
  out->Append(weir::AsBytes(text));
}

}  // namespace load
