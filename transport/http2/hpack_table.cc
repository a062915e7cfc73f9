#include "transport/http2/hpack_table.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "transport/base/check.h"

namespace weir::http2 {
namespace {

constexpr size_t kTextMin = 64;
constexpr size_t kRecordsMin = 4;

// The better of two.
void Prefer(HpackTable::Match* found, uint64_t index, const HpackEntry& entry,
            std::string_view value) {
  if (found->has_value) return;
  const bool has_value = entry.value == value;
  if (found->index == 0 || has_value) *found = {.index = index, .has_value = has_value};
}

}  // namespace

// RFC 7541 appendix A.
constinit const std::array<HpackEntry, 61> HpackTable::kStaticEntries = {{
    {":authority", ""},
    {":method", "GET"},
    {":method", "POST"},
    {":path", "/"},
    {":path", "/index.html"},
    {":scheme", "http"},
    {":scheme", "https"},
    {":status", "200"},
    {":status", "204"},
    {":status", "206"},
    {":status", "304"},
    {":status", "400"},
    {":status", "404"},
    {":status", "500"},
    {"accept-charset", ""},
    {"accept-encoding", "gzip, deflate"},
    {"accept-language", ""},
    {"accept-ranges", ""},
    {"accept", ""},
    {"access-control-allow-origin", ""},
    {"age", ""},
    {"allow", ""},
    {"authorization", ""},
    {"cache-control", ""},
    {"content-disposition", ""},
    {"content-encoding", ""},
    {"content-language", ""},
    {"content-length", ""},
    {"content-location", ""},
    {"content-range", ""},
    {"content-type", ""},
    {"cookie", ""},
    {"date", ""},
    {"etag", ""},
    {"expect", ""},
    {"expires", ""},
    {"from", ""},
    {"host", ""},
    {"if-match", ""},
    {"if-modified-since", ""},
    {"if-none-match", ""},
    {"if-range", ""},
    {"if-unmodified-since", ""},
    {"last-modified", ""},
    {"link", ""},
    {"location", ""},
    {"max-forwards", ""},
    {"proxy-authenticate", ""},
    {"proxy-authorization", ""},
    {"range", ""},
    {"referer", ""},
    {"refresh", ""},
    {"retry-after", ""},
    {"server", ""},
    {"set-cookie", ""},
    {"strict-transport-security", ""},
    {"transfer-encoding", ""},
    {"user-agent", ""},
    {"vary", ""},
    {"via", ""},
    {"www-authenticate", ""},
}};

HpackTable::Match HpackTable::Search(std::string_view name, std::string_view value) const {
  Match found;
  for (size_t i = 0; i < kStaticEntries.size(); ++i) {
    const HpackEntry& entry = kStaticEntries[i];
    if (entry.name == name) Prefer(&found, i + 1, entry, value);
  }
  for (size_t age = 0; age < count_; ++age) {
    const HpackEntry entry = EntryOf(RecordAt(count_ - 1 - age));
    if (entry.name == name) Prefer(&found, kStaticEntries.size() + 1 + age, entry, value);
  }
  return found;
}

void HpackTable::Insert(std::string_view name, std::string_view value) {
  ++generation_;
  const size_t text = name.size() + value.size();
  const size_t added = SizeOf(name, value);
  if (added > size_max_) {
    EvictTo(0);
    return;
  }
  EvictTo(size_max_ - added);

  // What the views show is not overwritten: it lies in front of text_end_ or in the old block.
  LongLivedArray<char> old_text;
  if (text_capacity_ - text_end_ < static_cast<ptrdiff_t>(text)) {
    const size_t needed = static_cast<size_t>(text_end_ - text_begin_) + text;
    old_text = MoveText(std::max(2 * needed, kTextMin));
  }
  if (count_ == records_capacity_) MoveRecords(std::max(2 * size_t{count_}, kRecordsMin));

  char* const place = text_.get() + text_end_;
  std::copy(name.begin(), name.end(), place);
  std::copy(value.begin(), value.end(), place + name.size());
  RecordAt(count_) = {
      .begin = text_end_,
      .name_size = static_cast<uint16_t>(name.size()),
      .value_size = static_cast<uint16_t>(value.size()),
  };
  text_end_ = static_cast<uint16_t>(text_end_ + text);
  size_ = static_cast<uint16_t>(size_ + added);
  ++count_;
}

void HpackTable::SetSizeMax(uint32_t size_max) {
  WEIR_CHECK(size_max <= kHpackTableSize);
  ++generation_;
  size_max_ = static_cast<uint16_t>(size_max);
  EvictTo(size_max);
}

// Drops the oldest entries until no more than `size` is left.
void HpackTable::EvictTo(size_t size) {
  while (size_ > size) {
    const Record& oldest = records_[first_];
    const int text = oldest.name_size + oldest.value_size;
    text_begin_ = static_cast<uint16_t>(text_begin_ + text);
    size_ = static_cast<uint16_t>(size_ - text - static_cast<int>(kEntryOverhead));
    first_ = static_cast<uint16_t>((first_ + 1) & (records_capacity_ - 1));
    --count_;
  }
}

// To the start of a block of that size. Returns the old block.
LongLivedArray<char> HpackTable::MoveText(size_t capacity) {
  LongLivedArray<char> text = MakeLongLived<char>(capacity);
  std::copy(text_.get() + text_begin_, text_.get() + text_end_, text.get());
  for (size_t i = 0; i < count_; ++i) {
    Record& record = RecordAt(i);
    record.begin = static_cast<uint16_t>(record.begin - text_begin_);
  }
  text_end_ = static_cast<uint16_t>(text_end_ - text_begin_);
  text_begin_ = 0;
  text_capacity_ = static_cast<uint16_t>(capacity);
  text_.swap(text);
  return text;
}

void HpackTable::MoveRecords(size_t capacity) {
  LongLivedArray<Record> records = MakeLongLived<Record>(capacity);
  for (size_t i = 0; i < count_; ++i) {
    records[i] = RecordAt(i);
  }
  first_ = 0;
  records_capacity_ = static_cast<uint16_t>(capacity);
  records_ = std::move(records);
}

void HpackTable::ReleaseIdleMemory() {
  if (count_ == 0) {
    text_.reset();
    records_.reset();
    text_begin_ = text_end_ = text_capacity_ = 0;
    first_ = records_capacity_ = 0;
    return;
  }
  if (text_end_ - text_begin_ < text_capacity_) {
    MoveText(static_cast<size_t>(text_end_ - text_begin_));
  }
  const size_t records = std::bit_ceil(size_t{count_});
  if (records < records_capacity_) MoveRecords(records);
}

}  // namespace weir::http2
