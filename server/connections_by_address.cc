#include "server/connections_by_address.h"

#include <optional>

namespace weir::server {

bool ConnectionsByAddress::Add(const net::SocketAddress& peer) {
  if (connections_max_ == 0) return true;
  const std::optional<net::AddressBlock> client = peer.block();
  if (!client) return true;
  const std::lock_guard lock(mutex_);
  const auto [entry, is_new] = connections_.try_emplace(*client, 0);
  if (entry->second == connections_max_) return false;
  ++entry->second;
  return true;
}

void ConnectionsByAddress::Remove(const net::SocketAddress& peer) {
  if (connections_max_ == 0) return;
  const std::optional<net::AddressBlock> client = peer.block();
  if (!client) return;
  const std::lock_guard lock(mutex_);
  const auto entry = connections_.find(*client);
  if (entry != connections_.end() && --entry->second == 0) connections_.erase(entry);
}

size_t ConnectionsByAddress::client_count() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

}  // namespace weir::server
