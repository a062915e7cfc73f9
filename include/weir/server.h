// A running server.
#ifndef WEIR_SERVER_H_
#define WEIR_SERVER_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "weir/status.h"

namespace weir {

namespace server {
class ServerCore;
}  // namespace server

// What a shutdown had to do.
struct ShutdownReport {
  // Every call ended by itself before the deadline.
  bool was_graceful = true;
  // Calls that were cancelled because the deadline came.
  size_t calls_cancelled = 0;
};

// Made by ServerBuilder::BuildAndStart. Thread-safe.
class Server {
 public:
  // Shuts down at once if that was not done yet: cancels every call and waits for its handlers.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Returns when the server has been shut down by another thread.
  void Wait();

  // Stops accepting, tells every client to go elsewhere (two-phase GOAWAY, RFC 9113 §6.8), lets
  // calls in progress finish, and at `deadline` cancels those that are left. Returns when every
  // connection is closed and every handler has returned. A second call joins the first; an earlier
  // deadline replaces a later one. Must not be called from a handler. Throws std::bad_alloc when
  // there is no memory for telling the workers, and nothing else.
  ShutdownReport Shutdown(std::chrono::system_clock::time_point deadline);
  // Same, with a duration from now.
  ShutdownReport Shutdown(std::chrono::nanoseconds grace);
  // Lets calls take as long as they need.
  ShutdownReport Shutdown();

  // Port of the first TCP address listened on (the real one when 0 was asked for); 0 if there is
  // none.
  int port() const;
  // Every address listened on, as "127.0.0.1:50051", "[::1]:50051" or "unix:/path".
  const std::vector<std::string>& addresses() const;

 private:
  friend class ServerBuilder;
  explicit Server(std::unique_ptr<server::ServerCore> core);

  std::unique_ptr<server::ServerCore> core_;
};

}  // namespace weir

#endif  // WEIR_SERVER_H_
