// The value of `grpc-timeout` (gRPC PROTOCOL-HTTP2 "Timeout").
#ifndef WEIR_TRANSPORT_GRPC_TIMEOUT_H_
#define WEIR_TRANSPORT_GRPC_TIMEOUT_H_

#include <optional>
#include <string_view>

#include "transport/base/time.h"

namespace weir::grpc {

// One to eight ASCII digits and one unit of `H M S m u n`; nullopt for anything else. Zero is legal
// and means a deadline that has passed already. What a Duration cannot hold (more than about 292
// years; "99999999H" is 11,400) becomes Duration::max().
std::optional<Duration> ParseTimeout(std::string_view text);

}  // namespace weir::grpc

#endif  // WEIR_TRANSPORT_GRPC_TIMEOUT_H_
