// How do new connections get from a listening socket to their worker, whatever goes wrong?
#ifndef WEIR_TRANSPORT_NET_ACCEPTOR_H_
#define WEIR_TRANSPORT_NET_ACCEPTOR_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "transport/base/time.h"
#include "transport/net/address.h"
#include "transport/net/io_error.h"
#include "transport/net/loop.h"
#include "transport/net/unique_fd.h"

namespace weir::net {

// Receives accepted connections, on the acceptor's loop.
class AcceptedSink {
 public:
  // `fd` is non-blocking and close-on-exec. May pause or stop the acceptor; must not destroy it.
  virtual void OnAccepted(UniqueFd fd, const SocketAddress& peer) = 0;

 protected:
  ~AcceptedSink() = default;
};

// The system call, so that a test can make it fail.
class AcceptCall {
 public:
  virtual ~AcceptCall() = default;

  // A non-blocking, close-on-exec descriptor, or a negative errno value. Fills `peer` on success.
  virtual int Accept(int listening_fd, SocketAddress& peer) = 0;

  // accept4(2).
  static AcceptCall& System();
};

struct AcceptorOptions {
  // Connections taken in one turn, at most.
  int accepts_per_turn = 32;

  // Taking one costs 10 to 20 us, for which the connections that are there wait. So after the first
  // no more are taken when an eighth of the time since the last turn with any has been used, or
  // this much.
  Duration accept_time_max = std::chrono::milliseconds(1);

  // How long accepting pauses after a lack of descriptors or memory: doubled from the first to the
  // longest while the lack lasts.
  Duration first_pause = std::chrono::milliseconds(5);
  Duration longest_pause = std::chrono::seconds(1);

  AcceptCall* call = &AcceptCall::System();
};

// accept() results by what they mean. Every failed call is counted in exactly one of the errors.
struct AcceptCounters {
  uint64_t accepted = 0;
  uint64_t connection_errors =
      0;                  // the new connection was already broken (ECONNABORTED, EPROTO, ...)
  uint64_t refusals = 0;  // a firewall or security module said no (EPERM)
  uint64_t descriptor_errors = 0;  // no descriptors left (EMFILE, ENFILE)
  uint64_t memory_errors = 0;      // no memory left (ENOBUFS, ENOMEM, or the loop cannot watch)
  uint64_t other_errors = 0;       // anything else
  uint64_t pauses = 0;             // back-offs begun
};

// Accepts until it is stopped: no error ends it, and none makes it spin. What concerns one
// connection is skipped; after what concerns the process (no descriptors, no memory, or an error
// nobody expected) the listening socket is not watched for a while. A turn in which every attempt
// failed also pauses for `first_pause`, because some errors (EPERM of a security module) leave the
// connection in the queue. Confined to the loop's thread.
class Acceptor final : private Watcher, private Timer {
 public:
  // All three must outlive the acceptor, and so must `options.call`. The descriptor stays the
  // caller's.
  Acceptor(Loop& loop, int listening_fd, AcceptedSink& sink, const AcceptorOptions& options = {});
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // Begins to accept; returns what failed, if anything did. Call once.
  [[nodiscard]] std::optional<IoError> Start();

  // Stops accepting until Resume, as when the limit of connections is reached; connections wait in
  // the kernel's backlog. Both are idempotent.
  void Pause();
  void Resume();

  // A descriptor has been closed: if accepting pauses for lack of them, it goes on at once.
  void OnDescriptorFreed();

  // Ends accepting for good. Idempotent.
  void Stop();

  bool is_backing_off() const { return is_armed(); }
  const AcceptCounters& counters() const { return counters_; }

 private:
  enum class State : uint8_t { kNotStarted, kAccepting, kPaused, kStopped };

  void OnReady(bool readable, bool writable, bool hangup) override;
  void OnTimer(TimePoint now) override;
  void BackOff(Duration pause);
  void StartWatching();
  void StopWatching();

  Loop& loop_;
  const int listening_fd_;
  AcceptedSink& sink_;
  const AcceptorOptions options_;
  WatchHandle watch_;
  State state_ = State::kNotStarted;
  Duration next_pause_;
  TimePoint last_ready_;            // the turn in which it was ready last
  bool lacks_descriptors_ = false;  // valid while backing off: the reason
  AcceptCounters counters_;
};

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_ACCEPTOR_H_
