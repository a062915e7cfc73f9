// The operations of the program that output_fuzzer runs.
#ifndef WEIR_TESTS_FUZZ_OUTPUT_PROGRAM_H_
#define WEIR_TESTS_FUZZ_OUTPUT_PROGRAM_H_

#include <cstddef>
#include <cstdint>

namespace weir::fuzz {

// The first octet of an operation, modulo their count. What follows it is read where it is carried
// out.
enum class OutputOp : uint8_t {
  // The client.
  kRequest,
  kCancel,
  kSettings,
  kConsume,
  kClientPing,
  // The wire, and time.
  kToServer,
  kToClient,
  kExchange,
  kAdvanceTime,
  // The server.
  kSendHeaders,
  kSendData,
  kPlaceData,
  kSendTrailers,
  kResetStream,
  kReleaseStream,
  kReleaseWindow,
  kExtendWindow,
  kServerPing,
  kBeginDrain,
};
inline constexpr size_t kOutputOpCount = static_cast<size_t>(OutputOp::kBeginDrain) + 1;

}  // namespace weir::fuzz

#endif  // WEIR_TESTS_FUZZ_OUTPUT_PROGRAM_H_
