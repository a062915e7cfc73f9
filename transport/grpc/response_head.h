// The field sections of a response: headers, trailers, and the two in one (gRPC PROTOCOL-HTTP2
// "Responses").
#ifndef WEIR_TRANSPORT_GRPC_RESPONSE_HEAD_H_
#define WEIR_TRANSPORT_GRPC_RESPONSE_HEAD_H_

#include <cstddef>
#include <string_view>

#include "transport/grpc/field_list.h"
#include "transport/grpc/metadata.h"
#include "transport/grpc/rejection.h"
#include "transport/grpc/status_code.h"
#include "transport/http2/output_fields.h"

namespace weir::grpc {

// Headers and trailers of a response that succeeds and says no more than that: nearly all of them.
// ":status: 200", "content-type: application/grpc"; and "grpc-status: 0".
extern const http2::FieldTemplate kOkHeaders;
extern const http2::FieldTemplate kOkTrailers;

// Text of metadata and encodings is referred to, not copied: it must outlive the use of the
// FieldList that it was put into. Message and details need to live no longer than the call of the
// builder.
struct ResponseHeaders {
  std::string_view encoding = {};  // of messages with the compressed flag; "" leaves the field out
  std::string_view accept_encoding = {};  // CompressorRegistry::accept_encoding(); "" leaves it out
  const Metadata* metadata = nullptr;     // initial metadata; may be null
};

struct ResponseStatus {
  StatusCode code = StatusCode::kOk;
  std::string_view message = {};       // UTF-8, not yet percent-encoded
  std::string_view details = {};       // a serialised google.rpc.Status, or ""
  const Metadata* metadata = nullptr;  // trailing metadata; may be null
};

// Value of `peer_header_list_size_max` where the peer has announced no limit.
inline constexpr size_t kNoHeaderListLimit = SIZE_MAX;

// Each builder appends to `*fields`, which should be empty, beginning with `:status` where that
// belongs. The result is for http2::Connection::SendHeaders or SendTrailers.
//
// A peer may refuse a section above its SETTINGS_MAX_HEADER_LIST_SIZE and lose the status with it.
// The builders that send a status therefore make it fit: the details go first, then metadata that
// leaves no room for the first KiB of the message, then the end of the message. They return whether
// everything was sent.

void BuildInitialHeaders(const ResponseHeaders& headers, FieldList* fields);

bool BuildTrailers(const ResponseStatus& status, size_t peer_header_list_size_max,
                   FieldList* fields);

// Trailers-Only: for a call that ends before its headers were sent. Initial metadata, if any, comes
// before the status.
bool BuildTrailersOnly(const ResponseHeaders& headers, const ResponseStatus& status,
                       size_t peer_header_list_size_max, FieldList* fields);

// Trailers-Only for a call that was refused, with the HTTP status that goes with the reason.
bool BuildRejection(const Rejection& rejection, std::string_view accept_encoding,
                    size_t peer_header_list_size_max, FieldList* fields);

}  // namespace weir::grpc

#endif  // WEIR_TRANSPORT_GRPC_RESPONSE_HEAD_H_
