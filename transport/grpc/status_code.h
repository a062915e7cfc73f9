// The seventeen status codes of gRPC and their names (gRPC statuscodes.md).
#ifndef WEIR_TRANSPORT_GRPC_STATUS_CODE_H_
#define WEIR_TRANSPORT_GRPC_STATUS_CODE_H_

#include <cstdint>
#include <string_view>

namespace weir::grpc {

// The values travel in `grpc-status` and equal those of the public weir::StatusCode.
enum class StatusCode : uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

inline constexpr int kStatusCodeCount = 17;

// "NOT_FOUND"; "UNKNOWN" for a value outside the list, which a user's cast can produce.
std::string_view StatusCodeName(StatusCode code);

// The value of `grpc-status`: decimal without leading zeros, "2" (UNKNOWN) for a value outside the
// list. The view is of static storage.
std::string_view StatusCodeDigits(StatusCode code);

}  // namespace weir::grpc

#endif  // WEIR_TRANSPORT_GRPC_STATUS_CODE_H_
