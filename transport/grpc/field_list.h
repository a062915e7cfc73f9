// A list of field lines to be sent, together with the text that belongs to it.
#ifndef WEIR_TRANSPORT_GRPC_FIELD_LIST_H_
#define WEIR_TRANSPORT_GRPC_FIELD_LIST_H_

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "transport/http2/output_fields.h"

namespace weir::grpc {

// Growing never moves text that was stored before. Meant to be kept and cleared between responses:
// a list that has been used once adds the fields of an ordinary response without allocating.
class FieldList {
 public:
  FieldList() = default;
  FieldList(const FieldList&) = delete;
  FieldList& operator=(const FieldList&) = delete;

  // Keeps the views: their text must outlive the use of fields().
  void Add(std::string_view name, std::string_view value, bool indexed = false) {
    fields_.push_back({name, value, indexed});
    list_size_ += SizeOf(name, value);
  }

  // Room for `size` characters that live until Clear(); to be filled at once.
  char* Allocate(size_t size);

  // A copy of `text` that lives until Clear().
  std::string_view Store(std::string_view text);

  // Valid until the list changes.
  http2::OutputFields fields() const { return fields_; }

  // Size as RFC 9113 §6.5.2 counts it, to be held against the peer's
  // SETTINGS_MAX_HEADER_LIST_SIZE.
  size_t list_size() const { return list_size_; }
  static constexpr size_t SizeOf(std::string_view name, std::string_view value) {
    return name.size() + value.size() + kFieldOverhead;
  }
  static constexpr size_t kFieldOverhead = 32;

  // Forgets the fields; keeps one chunk of text and the room of the list for the next use.
  void Clear();

 private:
  static constexpr size_t kChunkSize = 1024;

  std::vector<http2::OutputField> fields_;
  // The last chunk is the one being filled. All chunks but oversized ones have kChunkSize bytes.
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::vector<std::unique_ptr<char[]>> oversized_;
  size_t chunk_used_ = kChunkSize;
  size_t list_size_ = 0;
};

}  // namespace weir::grpc

#endif  // WEIR_TRANSPORT_GRPC_FIELD_LIST_H_
