#include "transport/grpc/request_head.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "transport/grpc/list_field.h"
#include "transport/grpc/metadata.h"
#include "transport/grpc/timeout.h"

namespace weir::grpc {

namespace {

using Kind = Rejection::Kind;

// The fields that mean something to gRPC, as the section has them.
struct KnownFields {
  std::string_view content_type;
  std::string_view timeout;
  std::string_view encoding;
  std::string_view accept_encoding;
  std::string_view host;
  std::string_view te;
  std::string_view user_agent;
  uint32_t present = 0;  // bit i: kKnownFields[i] occurs

  std::string_view repeated;          // name of a field that occurs once too often
  std::string_view malformed_binary;  // name of a field whose value is not base64
};

struct KnownField {
  std::string_view name;
  std::string_view KnownFields::*value;
  bool is_single;  // a second one is refused; else the last one counts
};

constexpr std::array<KnownField, 7> kKnownFields = {{
    {"content-type", &KnownFields::content_type, true},
    {"grpc-timeout", &KnownFields::timeout, true},
    {"grpc-encoding", &KnownFields::encoding, true},
    {"grpc-accept-encoding", &KnownFields::accept_encoding, false},
    {"host", &KnownFields::host, true},
    {"te", &KnownFields::te, false},
    {"user-agent", &KnownFields::user_agent, false},
}};
constexpr size_t kTimeoutIndex = 1;
static_assert(kKnownFields[kTimeoutIndex].value == &KnownFields::timeout);

// Returns whether the line is one of kKnownFields.
bool CollectKnownField(const http2::FieldLine& line, KnownFields* known) {
  for (size_t i = 0; i < kKnownFields.size(); ++i) {
    const KnownField& field = kKnownFields[i];
    if (line.name != field.name) continue;
    const uint32_t bit = 1u << i;
    if (field.is_single && (known->present & bit) != 0) known->repeated = field.name;
    known->present |= bit;
    known->*field.value = line.value;
    return true;
  }
  return false;
}

KnownFields CollectFields(const http2::FieldSection& fields, RequestHead* head) {
  KnownFields known;
  for (const http2::FieldLine& line : fields.lines()) {
    if (CollectKnownField(line, &known) || !IsVisibleRequestField(line.name)) continue;
    head->has_user_metadata = true;
    if (IsBinaryMetadataKey(line.name) && !IsValidBinaryFieldValue(line.value)) {
      known.malformed_binary = line.name;
    }
  }
  return known;
}

constexpr char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool EqualsIgnoringCase(std::string_view text, std::string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return ToLower(a) == b; });
}

// "application/grpc" [("+" subtype) ] [";" parameters], in any case. Nullopt if it is another media
// type, of which "application/grpc-web" is one.
std::optional<std::string_view> ParseContentType(std::string_view content_type) {
  constexpr std::string_view kMediaType = "application/grpc";
  if (content_type == kMediaType) return std::string_view();  // what nearly all clients send
  if (!EqualsIgnoringCase(content_type.substr(0, kMediaType.size()), kMediaType)) {
    return std::nullopt;
  }
  const std::string_view rest = content_type.substr(kMediaType.size());
  const std::string_view suffix = rest.substr(0, rest.find(';'));
  if (suffix.starts_with('+')) return TrimWhitespace(suffix.substr(1));
  if (TrimWhitespace(suffix).empty()) return std::string_view();
  return std::nullopt;
}

bool IsProtobuf(std::string_view content_subtype) {
  return content_subtype.empty() || EqualsIgnoringCase(content_subtype, "proto");
}

// "/" service "/" method, split at the last slash (gRPC PROTOCOL-HTTP2 "Path"). Spellings that a
// router and an interceptor could take for different methods are refused here, before either sees
// them: a missing first slash, empty segments, and what a URI would call query or fragment.
bool SplitPath(std::string_view path, RequestHead* head) {
  if (!path.starts_with('/') || path.back() == '/') return false;
  size_t slash = 0;
  for (size_t i = 1; i < path.size(); ++i) {
    if (path[i] == '?' || path[i] == '#') return false;
    if (path[i] != '/') continue;
    if (slash + 1 == i) return false;
    slash = i;
  }
  if (slash == 0) return false;
  head->service = path.substr(1, slash - 1);
  head->method = path.substr(slash + 1);
  return true;
}

// The checks in the order in which their answers help most: whether it is gRPC at all comes before
// what is wrong with the call.
Rejection Judge(const http2::FieldSection& fields, const KnownFields& known, RequestHead* head) {
  if (fields.is_over_limit()) return MakeRejection(Kind::kHeadersTooLarge);
  if (fields.method() != "POST") return MakeRejection(Kind::kMethodNotPost, fields.method());
  if (!known.repeated.empty()) return MakeRejection(Kind::kFieldRepeated, known.repeated);

  const std::optional<std::string_view> subtype = ParseContentType(known.content_type);
  if (!subtype) return MakeRejection(Kind::kContentTypeNotGrpc, known.content_type);
  head->content_subtype = *subtype;
  if (!IsProtobuf(*subtype)) return MakeRejection(Kind::kContentSubtypeUnknown, *subtype);

  if (!SplitPath(fields.path(), head)) {
    return MakeRejection(Kind::kPathMalformed, fields.path());
  }
  if (!known.malformed_binary.empty()) {
    return MakeRejection(Kind::kBinaryMetadataMalformed, known.malformed_binary);
  }
  if ((known.present & 1u << kTimeoutIndex) != 0) {
    head->timeout = ParseTimeout(known.timeout);
    if (!head->timeout) return MakeRejection(Kind::kTimeoutMalformed, known.timeout);
    if (*head->timeout == Duration::zero()) return MakeRejection(Kind::kDeadlinePassed);
  }
  return {};
}

}  // namespace

const RequestHead& ParseRequestHead(const http2::FieldSection& fields) {
  if (fields.attachment() != nullptr) return HeadOf(fields);
  auto head = std::make_unique<RequestHead>();
  const KnownFields known = CollectFields(fields, head.get());
  head->path = fields.path();
  head->authority = fields.authority().empty() ? known.host : fields.authority();
  head->encoding = known.encoding;
  head->accept_encoding = known.accept_encoding;
  head->user_agent = known.user_agent;
  head->has_te_trailers = known.te == "trailers";
  head->rejection = Judge(fields, known, head.get());

  const RequestHead& result = *head;
  fields.set_attachment(std::move(head));
  return result;
}

}  // namespace weir::grpc
