#include "transport/http2/hpack_encoder.h"

#include <algorithm>

#include "transport/http2/hpack_writer.h"

namespace weir::http2 {

bool HpackEncoder::Encode(OutputFields fields, Buffer* out) {
  const uint64_t generation = table_.generation();
  // Also in front of an empty block (RFC 7541 §4.2).
  if (size_max_least_ != table_.size_max() || size_max_ != table_.size_max()) {
    AnnounceTableSize(out);
  }
  for (const OutputField& field : fields) EncodeField(field, out);
  return table_.generation() != generation;
}

void HpackEncoder::AnnounceTableSize(Buffer* out) {
  if (size_max_least_ < std::min(size_max_, static_cast<uint32_t>(table_.size_max()))) {
    AppendHpackInteger(HpackForm::kSizeUpdate, size_max_least_, out);
    table_.SetSizeMax(size_max_least_);
  }
  AppendHpackInteger(HpackForm::kSizeUpdate, size_max_, out);
  table_.SetSizeMax(size_max_);
  size_max_least_ = size_max_;
}

void HpackEncoder::EncodeField(const OutputField& field, Buffer* out) {
  const HpackTable::Match known = table_.Search(field.name, field.value);
  if (known.has_value) {
    AppendHpackInteger(HpackForm::kIndexed, known.index, out);
    return;
  }
  const bool inserts =
      field.indexed && HpackTable::SizeOf(field.name, field.value) <= table_.size_max();
  if (inserts) {
    AppendHpackInteger(HpackForm::kInsertingLiteral, known.index, out);
  } else {
    // Whether the values of a handler's metadata are secrets is not known here, and so no proxy
    // should put them into a table that others can probe (RFC 7541 §7.1.3).
    AppendHpackInteger(HpackForm::kPlainLiteral, known.index, out, kHpackNeverIndexed);
  }
  if (known.index == 0) AppendHpackString(field.name, HpackCoding::kHuffmanIfShorter, out);
  AppendHpackString(field.value, HpackCoding::kHuffmanIfShorter, out);
  if (inserts) table_.Insert(field.name, field.value);
}

void HpackEncoder::SetPeerTableSize(uint32_t size) {
  size_max_ = std::min(size, kHpackTableSize);
  size_max_least_ = std::min(size_max_least_, size_max_);
}

}  // namespace weir::http2
