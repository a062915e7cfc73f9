// weir::Server: the public face of ServerCore.
#include "weir/server.h"

#include <utility>

#include "server/server_core.h"
#include "transport/base/time.h"
#include "transport/net/clock.h"

namespace weir {

Server::Server(std::unique_ptr<server::ServerCore> core) : core_(std::move(core)) {}

Server::~Server() = default;

void Server::Wait() { core_->Wait(); }

ShutdownReport Server::Shutdown(std::chrono::system_clock::time_point deadline) {
  if (deadline == std::chrono::system_clock::time_point::max()) return Shutdown();
  const auto now = net::WallNow();
  if (deadline <= now) return Shutdown(std::chrono::nanoseconds::zero());
  return Shutdown(std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - now));
}

ShutdownReport Server::Shutdown(std::chrono::nanoseconds grace) {
  return core_->Shutdown(AddSaturated(net::MonotonicNow(), grace));
}

ShutdownReport Server::Shutdown() { return core_->Shutdown(kNever); }

int Server::port() const { return core_->port(); }

const std::vector<std::string>& Server::addresses() const { return core_->addresses(); }

}  // namespace weir
