#include "bench/load/header_encoder.h"

#include <algorithm>

#include "transport/http2/hpack_table.h"
#include "transport/http2/hpack_writer.h"

namespace load {

using weir::http2::AppendHpackInteger;
using weir::http2::AppendHpackString;
using weir::http2::HpackCoding;
using weir::http2::HpackForm;

namespace {

constexpr uint32_t kStaticEntries = 61;  // RFC 7541 appendix A

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

uint32_t SizeOf(std::string_view name, std::string_view value) {
  return static_cast<uint32_t>(weir::http2::HpackTable::SizeOf(name, value));
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
  if (smallest_max_ < size_max_) AppendHpackInteger(HpackForm::kSizeUpdate, smallest_max_, out);
  AppendHpackInteger(HpackForm::kSizeUpdate, size_max_, out);
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
  AppendHpackInteger(HpackForm::kIndexed, index, out);
}

bool HeaderEncoder::AppendEntry(Entry entry, weir::Buffer* out) {
  const uint32_t index = IndexOf(entry);
  if (index == 0) return false;
  AppendHpackInteger(HpackForm::kIndexed, index, out);
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
  AppendField(HpackForm::kInsertingLiteral, name, value, out);
  Evict(size_max_ - size);
  table_.push_back({std::string(name), std::string(value)});
  size_ += size;
  return ++newest_;
}

void HeaderEncoder::AppendLiteral(std::string_view name, std::string_view value,
                                  weir::Buffer* out) {
  AppendField(HpackForm::kPlainLiteral, name, value, out);
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

void HeaderEncoder::AppendField(HpackForm form, std::string_view name, std::string_view value,
                                weir::Buffer* out) {
  const HpackCoding coding = style_.huffman ? HpackCoding::kHuffmanIfShorter : HpackCoding::kNone;
  const uint32_t name_index = style_.names_by_index ? NameIndex(name) : 0;
  AppendHpackInteger(form, name_index, out);
  if (name_index == 0) AppendHpackString(name, coding, out);
  AppendHpackString(value, coding, out);
}

}  // namespace load
