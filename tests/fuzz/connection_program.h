// The program that connection_fuzzer runs: operations of a peer and of the layer above a
// connection, taken from the input.
#ifndef WEIR_TESTS_FUZZ_CONNECTION_PROGRAM_H_
#define WEIR_TESTS_FUZZ_CONNECTION_PROGRAM_H_

#include <cstdint>
#include <string>

#include "tests/fuzz/byte_source.h"
#include "transport/http2/options.h"

namespace weir::fuzz {

// The first octet of an operation, modulo their count. What follows it is read where it is carried
// out.
enum class Op : uint8_t {
  // The peer writes, to a wire that is delivered later.
  kWriteRequest,
  kWriteTrailers,
  kWriteContinuation,
  kWriteData,
  kWriteSettings,
  kWriteWindowUpdate,
  kWriteRstStream,
  kWritePing,
  kWriteGoAway,
  kWritePriority,
  kWriteAnyFrame,
  kWriteRaw,
  // The network.
  kDeliver,
  kDeliverAll,
  kWriteOutput,
  kWriteAllOutput,
  kAdvanceTime,
  // The layer above.
  kSetPolicy,
  kSendHeaders,
  kSendData,
  kPlaceData,
  kSendTrailers,
  kResetStream,
  kReleaseWindow,
  kExtendWindow,
  kReleaseStream,
  kPing,
  kBeginDrain,
  kCloseNow,
};
inline constexpr size_t kOpCount = static_cast<size_t>(Op::kCloseNow) + 1;

// What the layer above does by itself when an event arrives: bits of the operand of kSetPolicy.
namespace policy {
inline constexpr uint8_t kReleaseWindow = 1 << 0;   // gives received DATA back at once
inline constexpr uint8_t kAnswerStart = 1 << 1;     // headers with the first event
inline constexpr uint8_t kAnswerEnd = 1 << 2;       // trailers when the request has ended
inline constexpr uint8_t kReleaseEnded = 1 << 3;    // is done with the stream at its last event
inline constexpr uint8_t kResetStarted = 1 << 4;    // refuses every request
inline constexpr uint8_t kReleaseStarted = 1 << 5;  // is done with every request at once
inline constexpr uint8_t kEcho = 1 << 6;            // sends received DATA back
}  // namespace policy

// Limits of the connection: the first octets of the input. Small ones are reached sooner.
http2::ConnectionOptions ReadOptions(ByteSource& program);

// Operations of the peer. `op` is not past kWriteRaw.
std::string ReadPeerOctets(Op op, ByteSource& program);

}  // namespace weir::fuzz

#endif  // WEIR_TESTS_FUZZ_CONNECTION_PROGRAM_H_
