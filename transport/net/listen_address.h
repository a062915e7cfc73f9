// Where should the server listen, as the user writes it?
#ifndef WEIR_TRANSPORT_NET_LISTEN_ADDRESS_H_
#define WEIR_TRANSPORT_NET_LISTEN_ADDRESS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "transport/base/result.h"
#include "transport/net/address.h"

namespace weir::net {

// What a user asked to listen on.
struct ListenAddress {
  enum class Kind : uint8_t {
    kNumeric,   // `numeric` is complete
    kWildcard,  // every address of the machine, IPv6 and IPv4, at `port`
    kName,      // `host` is to be resolved, then `port`
    kUnix,      // `numeric` is complete; path or abstract name
  };

  Kind kind = Kind::kNumeric;
  SocketAddress numeric;
  std::string host;
  uint16_t port = 0;  // 0 asks the kernel for a free one
  std::string text;   // what the user wrote, for messages

  // Accepts "host:port", "1.2.3.4:port", "[::1]:port", "*:port", ":port", "dns:host:port",
  // "dns:///host:port", "ipv4:1.2.3.4:port", "ipv6:[::1]:port", "unix:path",
  // "unix:///absolute/path" and "unix-abstract:name" (gRPC "Name Resolution"; the forms with a
  // scheme may be percent-encoded). The error is one sentence that quotes `text` and says what to
  // write instead.
  static Result<ListenAddress, std::string> Parse(std::string_view text);
};

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_LISTEN_ADDRESS_H_
