// Which addresses does a host name stand for?
#ifndef WEIR_TRANSPORT_NET_RESOLVER_CARES_H_
#define WEIR_TRANSPORT_NET_RESOLVER_CARES_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "transport/base/result.h"
#include "transport/base/time.h"
#include "transport/net/address.h"

namespace weir::net {

struct ResolveOptions {
  // The error comes within this time whatever the name servers do.
  Duration timeout = std::chrono::seconds(10);

  // Comma-separated "host:port" of the name servers to ask; empty for those of /etc/resolv.conf.
  std::string name_servers = {};
};

// Resolves `host` by /etc/hosts and DNS, A and AAAA; the addresses are distinct, in the order of
// preference of RFC 6724, and carry `port`. A numeric `host` needs no resolver and is returned as
// it is. The error is one sentence that names the host and the cause.
//
// Blocks. For start-up, never for a loop's thread. Thread-safe.
Result<std::vector<SocketAddress>, std::string> ResolveHost(const std::string& host, uint16_t port,
                                                            const ResolveOptions& options = {});

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_RESOLVER_CARES_H_
