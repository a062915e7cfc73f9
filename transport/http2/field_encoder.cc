#include "transport/http2/field_encoder.h"

#include <cstring>

namespace weir::http2 {

ByteView FieldEncoder::Encode(OutputFields fields) {
  scratch_.Truncate(0);
  if (hpack_.Encode(fields, &scratch_)) ++generation_;
  ++counters_.output_blocks_encoded;
  return scratch_.view();
}

ByteView FieldEncoder::EncodeTemplate(const FieldTemplate& fields) {
  const uint64_t generation = generation_;
  const ByteView block = Encode(fields.fields());
  // A block that inserted a field is not the one to send the next time.
  if (generation != generation_ || block.size() > kBlockSizeMax) return block;
  if (memo_ == nullptr) memo_ = std::make_unique<Memo>();
  Entry& entry = memo_->entries[memo_->oldest];
  memo_->oldest = (memo_->oldest + 1) % kEntries;
  entry.fields = &fields;
  entry.generation = generation_;
  entry.size = static_cast<uint8_t>(block.size());
  std::memcpy(entry.block.data(), block.data(), block.size());
  return block;
}

void FieldEncoder::ReleaseIdleMemory() {
  hpack_.ReleaseIdleMemory();
  memo_.reset();
  scratch_.Release();
}

}  // namespace weir::http2
