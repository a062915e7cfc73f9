#include "transport/http2/hpack_encoder.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "transport/http2/hpack_cursor.h"
#include "transport/http2/huffman.h"

namespace weir::http2 {
namespace {

// First octets (RFC 7541 §6). What is not indexed is "never indexed": whether the values of a
// handler's metadata are secrets is not known here, and so no proxy should put them into a table
// that others can probe (RFC 7541 §7.1.3).
constexpr uint8_t kIndexed = 0x80;
constexpr uint8_t kInsertingLiteral = 0x40;
constexpr uint8_t kSizeUpdate = 0x20;
constexpr uint8_t kNeverIndexed = 0x10;
constexpr uint8_t kHuffman = 0x80;
constexpr int kStringPrefixBits = 7;

// RFC 7541 §5.1. `first` has the bits beside the prefix.
void PutInteger(uint8_t first, int prefix_bits, uint64_t value, Buffer* out) {
  const uint64_t mask = (1u << prefix_bits) - 1;
  if (value < mask) {
    *out->Extend(1) = static_cast<uint8_t>(first | value);
    return;
  }
  *out->Extend(1) = static_cast<uint8_t>(first | mask);
  for (value -= mask; value >= 0x80; value >>= 7) {
    *out->Extend(1) = static_cast<uint8_t>(0x80 | value);
  }
  *out->Extend(1) = static_cast<uint8_t>(value);
}

void PutForm(HpackForm form, uint8_t first, uint64_t value, Buffer* out) {
  PutInteger(first, HpackPrefixBits(form), value, out);
}

// RFC 7541 §5.2: in the shorter of the two forms.
void PutString(std::string_view text, Buffer* out) {
  const size_t coded_size = HuffmanSize(text);
  if (coded_size < text.size()) {
    PutInteger(kHuffman, kStringPrefixBits, coded_size, out);
    EncodeHuffman(text, out->Extend(coded_size));
  } else {
    PutInteger(0, kStringPrefixBits, text.size(), out);
    out->Append(AsBytes(text));
  }
}

}  // namespace

bool HpackEncoder::Encode(OutputFields fields, Buffer* out) {
  const uint64_t generation = table_.generation();
  // Also in front of an empty block (RFC 7541 §4.2).
  if (size_max_least_ != table_.size_max() || size_max_ != table_.size_max())
    AnnounceTableSize(out);
  for (const OutputField& field : fields) EncodeField(field, out);
  return table_.generation() != generation;
}

void HpackEncoder::AnnounceTableSize(Buffer* out) {
  if (size_max_least_ < std::min(size_max_, static_cast<uint32_t>(table_.size_max()))) {
    PutForm(HpackForm::kSizeUpdate, kSizeUpdate, size_max_least_, out);
    table_.SetSizeMax(size_max_least_);
  }
  PutForm(HpackForm::kSizeUpdate, kSizeUpdate, size_max_, out);
  table_.SetSizeMax(size_max_);
  size_max_least_ = size_max_;
}

void HpackEncoder::EncodeField(const OutputField& field, Buffer* out) {
  const HpackTable::Match known = table_.Search(field.name, field.value);
  if (known.has_value) {
    PutForm(HpackForm::kIndexed, kIndexed, known.index, out);
    return;
  }
  const size_t size = field.name.size() + field.value.size() + HpackTable::kEntryOverhead;
  const bool inserts = field.indexed && size <= table_.size_max();
  const HpackForm form = inserts ? HpackForm::kInsertingLiteral : HpackForm::kPlainLiteral;
  PutForm(form, inserts ? kInsertingLiteral : kNeverIndexed, known.index, out);
  if (known.index == 0) PutString(field.name, out);
  PutString(field.value, out);
  if (inserts) table_.Insert(field.name, field.value);
}

void HpackEncoder::SetPeerTableSize(uint32_t size) {
  size_max_ = std::min(size, kHpackTableSize);
  size_max_least_ = std::min(size_max_least_, size_max_);
}

}  // namespace weir::http2
