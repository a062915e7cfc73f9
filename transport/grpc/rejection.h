// Every reason for which the gRPC layer refuses a call by itself, and what the client is told.
#ifndef WEIR_TRANSPORT_GRPC_REJECTION_H_
#define WEIR_TRANSPORT_GRPC_REJECTION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "transport/grpc/status_code.h"

namespace weir::grpc {

// The answer to a call that no handler gets to see, or that ends because of how its messages came.
// `http_status` other than 200 matters only while no headers have been sent.
struct Rejection {
  enum class Kind : uint8_t {
    kNone,
    // The request's headers.
    kHeadersTooLarge,
    kMethodNotPost,
    kContentTypeNotGrpc,
    kContentSubtypeUnknown,
    kFieldRepeated,  // a field that may occur once only, occurs twice
    kPathMalformed,
    kTimeoutMalformed,
    kDeadlinePassed,
    kBinaryMetadataMalformed,
    // What the server has to offer.
    kServiceUnknown,
    kMethodUnknown,
    kEncodingUnsupported,
    // The request's messages.
    kMessageTooLarge,
    kInflatedMessageTooLarge,
    kMessageFlagUnknown,
    kMessageCompressedWithoutEncoding,
    kMessageCorrupt,
    kMessageTruncated,
    kMessageMalformed,  // not what the method's request type looks like
    kMessageMissing,
    kMessageTooMany,
  };
  static constexpr int kKindCount = static_cast<int>(Kind::kMessageTooMany) + 1;

  Kind kind = Kind::kNone;
  StatusCode code = StatusCode::kOk;
  int http_status = 200;
  std::string message;

  bool is_rejected() const { return kind != Kind::kNone; }
};

// What is said in the case of `kind`; `detail` (usually the client's own words, of which the first
// 256 bytes are taken) is appended after ": " if there is one.
Rejection MakeRejection(Rejection::Kind kind, std::string_view detail = {});

// "message of 5000000 bytes exceeds the limit of 4194304".
Rejection RejectMessageTooLarge(size_t message_size, size_t message_size_max);

// "decompressed message exceeds the limit of 4194304 bytes".
Rejection RejectInflatedMessageTooLarge(size_t message_size_max);

// Names the kind in metrics and logs: "path_malformed".
std::string_view RejectionTag(Rejection::Kind kind);

}  // namespace weir::grpc

#endif  // WEIR_TRANSPORT_GRPC_REJECTION_H_
