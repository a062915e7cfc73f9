// How many connections does each client have?
#ifndef WEIR_SERVER_CONNECTIONS_BY_ADDRESS_H_
#define WEIR_SERVER_CONNECTIONS_BY_ADDRESS_H_

#include <cstddef>
#include <map>
#include <mutex>

#include "transport/net/address.h"

namespace weir::server {

// A client is what net::AddressBlock says; Unix sockets belong to nobody and have no limit.
// Thread-safe: one thread accepts connections, and they end on any worker's.
class ConnectionsByAddress {
 public:
  // 0 for no limit: then nothing is counted, and no lock taken.
  explicit ConnectionsByAddress(size_t connections_max) : connections_max_(connections_max) {}

  // Counts a new connection. False when its client has as many as it may have.
  [[nodiscard]] bool Add(const net::SocketAddress& peer);
  // A connection that was counted is no more.
  void Remove(const net::SocketAddress& peer);

  // That have connections.
  size_t client_count() const;

 private:
  const size_t connections_max_;
  mutable std::mutex mutex_;
  // A tree, since clients choose their addresses and must not choose how long a search takes. A
  // client without connections is not in it.
  std::map<net::AddressBlock, size_t> connections_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_CONNECTIONS_BY_ADDRESS_H_
