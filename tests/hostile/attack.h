// What can an attack do? The moves that the rows of the table are made of.
#ifndef WEIR_TESTS_HOSTILE_ATTACK_H_
#define WEIR_TESTS_HOSTILE_ATTACK_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tests/hostile/frames.h"
#include "tests/hostile/header_blocks.h"
#include "tests/hostile/messages.h"
#include "tests/hostile/outcome.h"
#include "tests/hostile/peer.h"
#include "tests/hostile/server_process.h"

namespace hostile {

// The smallest receive buffer that the kernel grants: a client that never reads fills it at once.
inline constexpr int kTinyBuffer = 2304;

// One row being run against one server.
class Attack {
 public:
  Attack(ServerProcess& server, bool uses_tls, Duration round_time)
      : server_(server), uses_tls_(uses_tls), round_time_(round_time) {}

  // ---- for the runner
  void BeginRound(int round) {
    round_ = round;
    round_begin_ = Clock::now();
  }
  const Traffic& traffic() const { return traffic_; }
  size_t refused_connections() const { return refused_; }

  // ---- for the rows
  int round() const { return round_; }
  ServerProcess& server() { return server_; }
  int port() const { return server_.port(); }
  Traffic& traffic() { return traffic_; }
  bool IsTimeUp() const { return Clock::now() - round_begin_ >= round_time_; }
  Duration TimeLeft() const { return round_begin_ + round_time_ - Clock::now(); }

  // A connection on which nothing was sent, TLS handshake aside. Null when there is none.
  std::unique_ptr<Peer> Connect(const PeerOptions& options = {});
  // One that speaks HTTP/2, and has the server's SETTINGS unless it never reads.
  std::unique_ptr<Peer> Open(const PeerOptions& options = {}, SettingsList settings = {});

 private:
  ServerProcess& server_;
  const bool uses_tls_;
  const Duration round_time_;
  Clock::time_point round_begin_ = Clock::now();
  int round_ = 0;
  Traffic traffic_;
  size_t refused_ = 0;
};

// ---- judging

// What became of the connection, which should be at its end: reads to it.
Outcome HowItEnded(Peer& peer, Duration timeout = std::chrono::seconds(3));
// kSurvives when a call on a new stream succeeds.
Outcome StillGood(Peer& peer, Duration timeout = std::chrono::seconds(5));
// What an answer that is over says.
Outcome OutcomeOf(const Answer& answer);
// What became of a stream; the connection must still be good unless it said otherwise.
Outcome HowStreamEnded(Peer& peer, uint32_t stream, Duration timeout = std::chrono::seconds(5));

// ---- calling

// Sends one request on a new connection and tells what became of it.
Outcome Call(Attack& attack, std::string_view block, std::string_view body = kEmptyMessage,
             SettingsList settings = {});
// Sends frames on a new connection that is expected to end for them.
Outcome SendAndSee(Attack& attack, std::string_view frames, uint64_t count = 1);

// ---- flooding

// Appends a chunk of frames and returns how many.
using NextChunk = std::function<uint64_t(std::string* chunk)>;

// Sends chunk after chunk until the connection ends, the server stops reading, or the round's time
// is up.
Outcome Flood(Attack& attack, Peer& peer, const NextChunk& next);
// On a new connection with these options.
Outcome Flood(Attack& attack, const PeerOptions& options, const NextChunk& next);
// The same chunk for ever.
Outcome FloodWith(Attack& attack, const PeerOptions& options, std::string_view chunk,
                  uint64_t frames);

// For a peer that does not read: waits until the server has as few descriptors as before the
// connection, which is the only sign of its close() that gets past a full socket. kClosed or
// kNoReaction.
Outcome WaitForServerToClose(Attack& attack, size_t files_before, Duration timeout);

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_ATTACK_H_
