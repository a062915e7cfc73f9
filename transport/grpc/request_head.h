// What the headers of a request mean to gRPC: a call to be routed, or a refusal (gRPC
// PROTOCOL-HTTP2 "Request-Headers").
#ifndef WEIR_TRANSPORT_GRPC_REQUEST_HEAD_H_
#define WEIR_TRANSPORT_GRPC_REQUEST_HEAD_H_

#include <optional>
#include <string_view>

#include "transport/base/time.h"
#include "transport/grpc/rejection.h"
#include "transport/http2/field_section.h"

namespace weir::grpc {

// Hangs on the FieldSection it was parsed from, so a header block that repeats is parsed once. All
// views are of the section's text and live as long as it does.
struct RequestHead final : http2::FieldSectionAttachment {
  // When it is rejected, the other members hold what was found and prove nothing.
  Rejection rejection;

  std::string_view path;     // as received: "/helloworld.Greeter/SayHello"
  std::string_view service;  // "helloworld.Greeter"
  std::string_view method;   // "SayHello"
  // `:authority`, or `host` where that is absent (gRFC A41). Empty when there is neither.
  std::string_view authority;
  std::string_view content_subtype;  // as received: "" or "proto"; "" means proto
  std::string_view encoding;         // `grpc-encoding`; "" and "identity" mean no compression
  std::string_view accept_encoding;  // `grpc-accept-encoding`; "" means that none is accepted
  std::string_view user_agent;
  // Absent when the client set no deadline. The deadline counts from the arrival of the headers.
  std::optional<Duration> timeout;
  // The field that detects proxies which cannot pass trailers on. Its absence is tolerated.
  bool has_te_trailers = false;
  // Whether DecodeMetadata would give more than `:authority` and `user-agent`.
  bool has_user_metadata = false;

  // Room for the layer above to remember what it found for `path`. Never read here.
  mutable const void* route = nullptr;
};

// Total: every section that the engine lets through is answered, with a rejection if need be.
// Parses on the first call and attaches the result to `fields`, which must carry no other kind of
// attachment; later calls return the same object.
const RequestHead& ParseRequestHead(const http2::FieldSection& fields);

// Of a section that was parsed.
inline const RequestHead& HeadOf(const http2::FieldSection& fields) {
  return static_cast<const RequestHead&>(*fields.attachment());
}

}  // namespace weir::grpc

#endif  // WEIR_TRANSPORT_GRPC_REQUEST_HEAD_H_
