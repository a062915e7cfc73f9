// How does each client write what is left of a deadline into grpc-timeout?
//
// gRPC PROTOCOL-HTTP2 "Timeout" allows at most eight digits and a unit; clients choose differently,
// and the more digits they choose, the fewer values repeat.
#ifndef WEIR_BENCH_LOAD_GRPC_TIMEOUT_H_
#define WEIR_BENCH_LOAD_GRPC_TIMEOUT_H_

#include <cstdint>
#include <string>

namespace load {

// The finest unit that fits, rounded up: grpc-go's EncodeDuration. `timeout` is in ns, above 0.
std::string FormatAsGrpcGo(int64_t timeout);

// The finest unit that fits, rounded down: grpc-java's TimeoutMarshaller.
std::string FormatAsGrpcJava(int64_t timeout);

struct RoundedTimeout {
  int64_t milliseconds;
  std::string text;
};

// Three digits, rounded up: gRPC C++'s timeout_encoding.cc. Right up to ten minutes.
RoundedTimeout RoundAsGrpcCpp(int64_t timeout);

}  // namespace load

#endif  // WEIR_BENCH_LOAD_GRPC_TIMEOUT_H_
