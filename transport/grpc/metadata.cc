#include "transport/grpc/metadata.h"

#include <algorithm>
#include <array>

#include "transport/grpc/base64.h"
#include "transport/grpc/field_list.h"
#include "transport/grpc/list_field.h"
#include "transport/http2/field_section.h"

namespace weir::grpc {

namespace {

constexpr std::string_view kBinarySuffix = "-bin";
constexpr std::string_view kReservedPrefix = "grpc-";

// Fields that are no metadata in either direction, apart from pseudo-header fields and "grpc-": the
// connection-specific ones (RFC 9113 §8.2.2), those of the message framing and those that gRPC
// gives a meaning of its own.
constexpr std::array<std::string_view, 9> kTransportFields = {
    "connection", "content-length",    "content-type", "host", "keep-alive", "proxy-connection",
    "te",         "transfer-encoding", "upgrade"};

// Names with "grpc-" which the specifications leave to applications and their libraries.
constexpr std::array<std::string_view, 3> kRequestExceptions = {"grpc-previous-rpc-attempts",
                                                                "grpc-tags-bin", "grpc-trace-bin"};
constexpr std::array<std::string_view, 4> kResponseExceptions = {
    "grpc-retry-pushback-ms", "grpc-server-stats-bin", "grpc-tags-bin", "grpc-trace-bin"};

template <size_t kCount>
bool Contains(const std::array<std::string_view, kCount>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr bool IsKeyCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

bool IsSendable(const Metadata::Entry& entry) {
  return IsValidMetadataKey(entry.key) && !IsReservedMetadataKey(entry.key) &&
         (IsBinaryMetadataKey(entry.key) || IsValidAsciiMetadataValue(entry.value));
}

}  // namespace

void Metadata::Set(std::string_view key, std::string_view value) {
  std::erase_if(entries_, [&](const Entry& entry) {
    if (entry.key != key) return false;
    byte_size_ -= entry.key.size() + entry.value.size();
    return true;
  });
  Add(key, value);
}

const std::string* Metadata::Find(std::string_view key) const {
  for (const Entry& entry : entries_) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::vector<std::string_view> Metadata::FindAll(std::string_view key) const {
  std::vector<std::string_view> values;
  for (const Entry& entry : entries_) {
    if (entry.key == key) values.push_back(entry.value);
  }
  return values;
}

bool IsValidMetadataKey(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), IsKeyCharacter);
}

bool IsBinaryMetadataKey(std::string_view key) { return key.ends_with(kBinarySuffix); }

bool IsValidAsciiMetadataValue(std::string_view value) {
  if (value.empty()) return true;
  if (value.front() == ' ' || value.back() == ' ') return false;
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c <= 0x7E; });
}

bool IsReservedMetadataKey(std::string_view key) {
  if (key.starts_with(kReservedPrefix)) return !Contains(kResponseExceptions, key);
  return key.starts_with(':') || Contains(kTransportFields, key);
}

bool IsVisibleRequestField(std::string_view name) {
  if (name.starts_with(kReservedPrefix)) return Contains(kRequestExceptions, name);
  return !name.starts_with(':') && !Contains(kTransportFields, name);
}

bool IsValidBinaryFieldValue(std::string_view value) { return AllListElements(value, IsBase64); }

bool DecodeMetadata(const http2::FieldSection& fields, Metadata* out) {
  const bool is_request = !fields.method().empty();
  const std::string_view authority =
      is_request && fields.authority().empty() ? fields.Find("host") : fields.authority();
  if (!authority.empty()) out->Add(":authority", authority);
  for (const http2::FieldLine& line : fields.lines()) {
    if (!IsVisibleRequestField(line.name)) continue;
    if (!IsBinaryMetadataKey(line.name)) {
      out->Add(line.name, line.value);
      continue;
    }
    const bool is_decoded = AllListElements(line.value, [&](std::string_view element) {
      std::string bytes;
      if (!Base64Decode(element, &bytes)) return false;
      out->Add(line.name, std::move(bytes));
      return true;
    });
    if (!is_decoded) return false;
  }
  return true;
}

bool AppendMetadataField(const Metadata::Entry& entry, FieldList* fields) {
  if (!IsSendable(entry)) return false;
  if (!IsBinaryMetadataKey(entry.key)) {
    fields->Add(entry.key, entry.value);
    return true;
  }
  const size_t size = Base64EncodedSize(entry.value.size());
  char* text = fields->Allocate(size);
  Base64EncodeTo(entry.value, text);
  fields->Add(entry.key, {text, size});
  return true;
}

size_t AppendMetadataFields(const Metadata& metadata, FieldList* fields) {
  size_t left_out = 0;
  for (const Metadata::Entry& entry : metadata) {
    if (!AppendMetadataField(entry, fields)) ++left_out;
  }
  return left_out;
}

size_t MetadataFieldSize(const Metadata::Entry& entry) {
  if (!IsSendable(entry)) return 0;
  const size_t value_size =
      IsBinaryMetadataKey(entry.key) ? Base64EncodedSize(entry.value.size()) : entry.value.size();
  return entry.key.size() + value_size + FieldList::kFieldOverhead;
}

}  // namespace weir::grpc
