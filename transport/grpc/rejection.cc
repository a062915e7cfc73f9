#include "transport/grpc/rejection.h"

#include <iterator>

namespace weir::grpc {

namespace {

using Kind = Rejection::Kind;

// A client's words are repeated in the message up to this size: enough to recognise them.
constexpr size_t kDetailMax = 256;

struct Row {
  Kind kind;
  std::string_view tag;
  int http_status;
  StatusCode code;
  std::string_view text;
};

// In the order of Kind. The codes are those of gRPC statuscodes.md where it has a line for the case
// ("Compression mechanism not supported by the server", "Request cardinality violation", ...), and
// of grpc-go elsewhere. An HTTP status other than 200 goes to requests that are not gRPC, or that
// no gRPC client sends (gRPC PROTOCOL-HTTP2 "Content-Type", gRFC A41).
constexpr Row kRows[] = {
    {Kind::kNone, "none", 200, StatusCode::kOk, ""},
    {Kind::kHeadersTooLarge, "headers_too_large", 200, StatusCode::kResourceExhausted,
     "request headers exceed the size limit"},
    {Kind::kMethodNotPost, "method_not_post", 405, StatusCode::kInternal,
     "gRPC requires the HTTP method POST"},
    {Kind::kContentTypeNotGrpc, "content_type_not_grpc", 415, StatusCode::kInvalidArgument,
     "content-type is not application/grpc"},
    {Kind::kContentSubtypeUnknown, "content_subtype_unknown", 200, StatusCode::kUnimplemented,
     "message format is not supported"},
    {Kind::kFieldRepeated, "field_repeated", 400, StatusCode::kInternal,
     "header field occurs more than once"},
    {Kind::kPathMalformed, "path_malformed", 200, StatusCode::kUnimplemented,
     "malformed method name"},
    {Kind::kTimeoutMalformed, "timeout_malformed", 400, StatusCode::kInternal,
     "malformed grpc-timeout"},
    {Kind::kDeadlinePassed, "deadline_passed", 200, StatusCode::kDeadlineExceeded,
     "deadline had passed before the call began"},
    {Kind::kBinaryMetadataMalformed, "binary_metadata_malformed", 400, StatusCode::kInternal,
     "metadata value is not base64"},
    {Kind::kServiceUnknown, "service_unknown", 200, StatusCode::kUnimplemented, "unknown service"},
    {Kind::kMethodUnknown, "method_unknown", 200, StatusCode::kUnimplemented, "unknown method"},
    {Kind::kEncodingUnsupported, "encoding_unsupported", 200, StatusCode::kUnimplemented,
     "grpc-encoding is not supported"},
    {Kind::kMessageTooLarge, "message_too_large", 200, StatusCode::kResourceExhausted,
     "message exceeds the size limit"},
    {Kind::kInflatedMessageTooLarge, "inflated_message_too_large", 200,
     StatusCode::kResourceExhausted, "decompressed message exceeds the size limit"},
    {Kind::kMessageFlagUnknown, "message_flag_unknown", 200, StatusCode::kInternal,
     "message has an unknown flag"},
    {Kind::kMessageCompressedWithoutEncoding, "message_compressed_without_encoding", 200,
     StatusCode::kInternal, "message is compressed, but grpc-encoding names no algorithm"},
    {Kind::kMessageCorrupt, "message_corrupt", 200, StatusCode::kInternal,
     "message cannot be decompressed"},
    {Kind::kMessageTruncated, "message_truncated", 200, StatusCode::kInternal,
     "stream ended inside a message"},
    {Kind::kMessageMalformed, "message_malformed", 200, StatusCode::kInternal,
     "request message cannot be parsed"},
    {Kind::kMessageMissing, "message_missing", 200, StatusCode::kUnimplemented,
     "method takes one request message, but none came"},
    {Kind::kMessageTooMany, "message_too_many", 200, StatusCode::kUnimplemented,
     "method takes one request message, but more came"},
};

constexpr bool IsCompleteAndInOrder() {
  if (std::size(kRows) != Rejection::kKindCount) return false;
  for (size_t i = 0; i < std::size(kRows); ++i) {
    if (static_cast<size_t>(kRows[i].kind) != i) return false;
  }
  return true;
}
static_assert(IsCompleteAndInOrder());

const Row& RowOf(Kind kind) { return kRows[static_cast<size_t>(kind)]; }

}  // namespace

Rejection MakeRejection(Kind kind, std::string_view detail) {
  const Row& row = RowOf(kind);
  Rejection rejection{kind, row.code, row.http_status, std::string(row.text)};
  if (!detail.empty()) rejection.message.append(": ").append(detail.substr(0, kDetailMax));
  return rejection;
}

Rejection RejectMessageTooLarge(size_t message_size, size_t message_size_max) {
  Rejection rejection = MakeRejection(Kind::kMessageTooLarge);
  rejection.message = "message of " + std::to_string(message_size) +
                      " bytes exceeds the limit of " + std::to_string(message_size_max);
  return rejection;
}

Rejection RejectInflatedMessageTooLarge(size_t message_size_max) {
  Rejection rejection = MakeRejection(Kind::kInflatedMessageTooLarge);
  rejection.message =
      "decompressed message exceeds the limit of " + std::to_string(message_size_max) + " bytes";
  return rejection;
}

std::string_view RejectionTag(Kind kind) { return RowOf(kind).tag; }

}  // namespace weir::grpc
