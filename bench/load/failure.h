// In which ways can a call fail, as the generator counts them?
#ifndef WEIR_BENCH_LOAD_FAILURE_H_
#define WEIR_BENCH_LOAD_FAILURE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace load {

enum class FailureKind : uint8_t {
  kConnect,         // no connection, or no TLS session with h2
  kConnectionLost,  // closed by the server, or broken, with this call on it
  kGoAway,          // GOAWAY with an error
  kReset,           // RST_STREAM
  kRefusedStream,   // RST_STREAM(REFUSED_STREAM)
  kProtocol,        // the server broke HTTP/2 or gRPC over it
  kHttpStatus,
  kTrailersOnly,  // a status without the answer that was asked for
  kGrpcStatus,
  kWrongPayload,
  kWrongMessageCount,
  kUnanswered,  // nothing came for a long time
  kQueueFull,   // an open loop fell so far behind that its queue would have no bound
};

inline constexpr size_t kFailureKinds = static_cast<size_t>(FailureKind::kQueueFull) + 1;

// "connection_lost", as in the JSON.
std::string_view NameOf(FailureKind kind);

struct Failure {
  FailureKind kind;
  std::string sentence;  // what came and what was expected; without a full stop
};

}  // namespace load

#endif  // WEIR_BENCH_LOAD_FAILURE_H_
