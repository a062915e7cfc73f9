// What clients do with a server while it meets with faults: scripted conversations that between
// them go through every part of a call.
#ifndef WEIR_TESTS_FAULTS_SESSIONS_H_
#define WEIR_TESTS_FAULTS_SESSIONS_H_

#include <atomic>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/faults/server_on_sockets.h"

namespace weir::faults {

// How often handlers began and ended.
struct HandlerAccount {
  std::atomic<int> begun = 0;
  std::atomic<int> ended = 0;
};

// Puts handlers of every shape and style in place. Both must outlive the server's calls.
void InstallHandlers(ServerOnSockets& server, HandlerAccount& account);

struct Session {
  std::string_view name;
  bool with_tls = false;
  // What is set before the server starts; may be empty.
  std::function<void(ServerOnSockets&)> prepare = {};
  // What the client sends, one string after the other, each when the server is at rest.
  std::vector<std::string> steps;
  // What the server is made to do before the last step; may be empty.
  std::function<void(ServerOnSockets&)> before_last = {};
  // A line that the client hears when nothing fails.
  std::string hears = {};
};

std::vector<Session> AllSessions();

// Somebody else on the same worker: a chat that goes on whatever happens to others.
class Bystander {
 public:
  explicit Bystander(ServerOnSockets& server);

  // Fails the test when the chat does not go on.
  void ExpectServed();

 private:
  ServerOnSockets& server_;
  SocketClient& client_;
};

// Of all connections that are left.
int OpenStreams(ServerOnSockets& server);

inline std::ostream& operator<<(std::ostream& out, const Session& session) {
  return out << session.name;
}

}  // namespace weir::faults

#endif  // WEIR_TESTS_FAULTS_SESSIONS_H_
