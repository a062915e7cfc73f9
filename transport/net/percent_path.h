// How are names written into, and read from, the path of a URI?
//
// gRPC writes addresses as URIs (gRPC "Name Resolution"): "ipv6:%5B::1%5D:50051".
#ifndef WEIR_TRANSPORT_NET_PERCENT_PATH_H_
#define WEIR_TRANSPORT_NET_PERCENT_PATH_H_

#include <string>
#include <string_view>

namespace weir::net {

// Escapes every octet that RFC 3986 §3.3 does not allow in a path.
std::string PercentEncodePath(std::string_view text);

// False when a "%" is not followed by two hexadecimal digits.
bool PercentDecodePath(std::string_view text, std::string& decoded);

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_PERCENT_PATH_H_
