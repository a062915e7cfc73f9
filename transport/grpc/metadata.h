// Metadata: which keys and values an application may use, and how they travel as field lines
// (gRPC PROTOCOL-HTTP2 "Custom-Metadata").
#ifndef WEIR_TRANSPORT_GRPC_METADATA_H_
#define WEIR_TRANSPORT_GRPC_METADATA_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::http2 {
class FieldSection;
}  // namespace weir::http2

namespace weir::grpc {

class FieldList;

// Keys and values in the order they were added; a key may occur any number of times. The value of a
// key that ends in "-bin" is the bytes themselves: base64 exists on the wire only. Checks nothing;
// AppendMetadataFields leaves out what must not be sent.
class Metadata {
 public:
  struct Entry {
    std::string key;
    std::string value;

    friend bool operator==(const Entry&, const Entry&) = default;
  };
  using const_iterator = std::vector<Entry>::const_iterator;

  void Add(std::string_view key, std::string_view value) {
    entries_.push_back({std::string(key), std::string(value)});
    byte_size_ += key.size() + value.size();
  }
  void Add(std::string_view key, std::string&& value) {
    byte_size_ += key.size() + value.size();
    entries_.push_back({std::string(key), std::move(value)});
  }
  // Instead of all values that `key` had.
  void Set(std::string_view key, std::string_view value);
  void Add(std::string_view key, const char* value) { Add(key, std::string_view(value)); }

  // The first value of `key`, or nullptr. Valid until the metadata changes.
  const std::string* Find(std::string_view key) const;

  // All values of `key`, in order. Valid until the metadata changes.
  std::vector<std::string_view> FindAll(std::string_view key) const;

  const_iterator begin() const { return entries_.begin(); }
  const_iterator end() const { return entries_.end(); }
  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  // Bytes of all keys and values.
  size_t byte_size() const { return byte_size_; }
  void clear() {
    entries_.clear();
    byte_size_ = 0;
  }

  friend bool operator==(const Metadata&, const Metadata&) = default;

 private:
  std::vector<Entry> entries_;
  size_t byte_size_ = 0;
};

// Whether `key` has the form of a key: one or more of `0-9 a-z _ - .` ("Header-Name"). Upper case
// is not a form of its own: callers that take keys from users lower them first.
bool IsValidMetadataKey(std::string_view key);

// Whether `key` names a binary value: it ends in "-bin".
bool IsBinaryMetadataKey(std::string_view key);

// Whether `value` may be sent under a key without "-bin": 0x20-0x7E only ("ASCII-Value"), and no
// space at either end, because HTTP/2 forbids it (RFC 9113 §8.2.1).
bool IsValidAsciiMetadataValue(std::string_view value);

// Whether `key` belongs to HTTP or to gRPC, so that an application must not set it: pseudo-header
// and connection-specific fields, the fields of the message framing, and the names with "grpc-"
// except those the specifications give to applications (`grpc-retry-pushback-ms`, ...).
bool IsReservedMetadataKey(std::string_view key);

// Whether a request's field `name` is shown to the application as metadata. Not the same question:
// `user-agent` is shown, a `grpc-` name the specifications do not know is not.
bool IsVisibleRequestField(std::string_view name);

// Appends to `*out` the metadata of a request or of its trailers that an application gets to see:
// `:authority` first (from `host` when absent, gRFC A41) if there is one, then the visible fields
// in the order received. A `-bin` value is split at commas, since a proxy may have joined several,
// and each part is decoded. An ASCII value is passed on as received even where gRPC would not have
// allowed it to be sent. False when a `-bin` value is not base64; `*out` then holds the entries
// before it.
[[nodiscard]] bool DecodeMetadata(const http2::FieldSection& fields, Metadata* out);

// Whether each comma-separated part of a `-bin` value is base64: what DecodeMetadata checks.
bool IsValidBinaryFieldValue(std::string_view value);

// Adds the field lines of `entry`, or of all entries, to `*fields`. Text of the metadata is
// referred to, not copied: it must outlive the use of `fields`. Entries with a reserved key, a
// malformed key or a value that cannot be sent are left out, so nothing an application sets can
// damage the connection. Returns the number of entries left out.
size_t AppendMetadataFields(const Metadata& metadata, FieldList* fields);
bool AppendMetadataField(const Metadata::Entry& entry, FieldList* fields);

// The size the entry's field line will have, as RFC 9113 §6.5.2 counts it; 0 if it will be left
// out.
size_t MetadataFieldSize(const Metadata::Entry& entry);

}  // namespace weir::grpc

#endif  // WEIR_TRANSPORT_GRPC_METADATA_H_
