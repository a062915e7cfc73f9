#include "transport/grpc/field_list.h"

#include <cstring>

namespace weir::grpc {

char* FieldList::Allocate(size_t size) {
  if (size > kChunkSize) {
    oversized_.push_back(std::make_unique_for_overwrite<char[]>(size));
    return oversized_.back().get();
  }
  if (size > kChunkSize - chunk_used_) {
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(kChunkSize));
    chunk_used_ = 0;
  }
  char* place = chunks_.empty() ? nullptr : chunks_.back().get() + chunk_used_;
  chunk_used_ += size;
  return place;
}

std::string_view FieldList::Store(std::string_view text) {
  if (text.empty()) return {};
  char* place = Allocate(text.size());
  std::memcpy(place, text.data(), text.size());
  return {place, text.size()};
}

void FieldList::Clear() {
  fields_.clear();
  list_size_ = 0;
  oversized_.clear();
  if (chunks_.empty()) return;
  chunks_.resize(1);
  chunk_used_ = 0;
}

}  // namespace weir::grpc
