#include "bench/load/failure.h"

namespace load {

std::string_view NameOf(FailureKind kind) {
  switch (kind) {
    case FailureKind::kConnect:
      return "connect";
    case FailureKind::kConnectionLost:
      return "connection_lost";
    case FailureKind::kGoAway:
      return "goaway";
    case FailureKind::kReset:
      return "reset";
    case FailureKind::kRefusedStream:
      return "refused_stream";
    case FailureKind::kProtocol:
      return "protocol";
    case FailureKind::kHttpStatus:
      return "http_status";
    case FailureKind::kTrailersOnly:
      return "trailers_only";
    case FailureKind::kGrpcStatus:
      return "grpc_status";
    case FailureKind::kWrongPayload:
      return "wrong_payload";
    case FailureKind::kWrongMessageCount:
      return "wrong_message_count";
    case FailureKind::kUnanswered:
      return "unanswered";
    case FailureKind::kQueueFull:
      return "queue_full";
  }
  __builtin_unreachable();
}

}  // namespace load
