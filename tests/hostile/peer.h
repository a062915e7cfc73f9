// One connection of an attacker: says any bytes, in bounded time, and listens as much as it likes.
#ifndef WEIR_TESTS_HOSTILE_PEER_H_
#define WEIR_TESTS_HOSTILE_PEER_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "tests/hostile/inbox.h"
#include "tests/hostile/transport.h"

namespace hostile {

// What one attack has sent, over all of its connections.
struct Traffic {
  uint64_t frames = 0;
  uint64_t bytes = 0;
};

struct PeerOptions {
  int receive_buffer = 0;  // bytes of SO_RCVBUF; 0 leaves the system's
  bool reads = true;       // false: never takes a byte off the socket until told to
  bool is_polite = true;   // acknowledges SETTINGS and PING, gives windows back
};

// For one thread. `traffic` must outlive it.
class Peer {
 public:
  enum class Sent {
    kAll,
    kBlocked,  // the server took nothing for the time given
    kClosed,
  };

  Peer(std::unique_ptr<Transport> transport, const PeerOptions& options, Traffic& traffic);
  ~Peer();

  // False once the server's end of the connection, or an error, was seen.
  bool is_open() const { return is_open_; }
  Inbox& inbox() { return inbox_; }
  // The identifier for the next request of this client.
  uint32_t NextStream() { return std::exchange(next_stream_, next_stream_ + 2); }
  // What a stream of ours may be answered with at first: our SETTINGS_INITIAL_WINDOW_SIZE.
  uint32_t initial_window() const { return initial_window_; }
  void set_initial_window(uint32_t bytes) { initial_window_ = bytes; }
  void SkipStreams(uint32_t next) { next_stream_ = next; }
  void set_reads(bool reads) { options_.reads = reads; }
  void set_polite(bool is_polite) { options_.is_polite = is_polite; }

  // Sends all of `bytes`, which are `frames` frames, and reads meanwhile if it reads at all.
  Sent Send(std::string_view bytes, uint64_t frames = 1, Duration stall = std::chrono::seconds(1));

  // DATA within the windows that the server has opened, in frames of at most `frame_bytes`. Gives
  // up, with kBlocked, when a window stays closed for `stall`.
  Sent SendData(uint32_t stream, std::string_view payload, bool ends,
                size_t frame_bytes = kMaxFrameBytes, Duration stall = std::chrono::seconds(2));

  // Reads until `done()` is true, the connection ends, or the time is over; whether it is true.
  template <typename Done>
  bool WaitFor(Done done, Duration timeout) {
    const Clock::time_point deadline = Clock::now() + timeout;
    while (!done()) {
      if (!is_open_ || !ReadOnce(deadline - Clock::now())) return done();
    }
    return true;
  }
  // Reads for this long, or until the connection ends.
  void Listen(Duration time) {
    WaitFor([] { return false; }, time);
  }
  // Takes at most `bytes` off the socket; what a slow reader does.
  void Sip(size_t bytes);

 private:
  // One read, waiting for it up to `timeout`; false when nothing came.
  bool ReadOnce(Duration timeout);
  bool ReadSome(size_t limit);
  // Sends what the server asked for, between two frames of ours.
  void SendReplies();
  void CountFrames(uint64_t frames, size_t size, uint64_t moved, size_t from_before);
  // Writes as much as the socket takes; what is left stays in `rest`.
  void WriteSome(std::string_view* rest);

  std::unique_ptr<Transport> transport_;
  PeerOptions options_;
  Traffic& traffic_;
  Inbox inbox_;
  std::string unsent_;  // the rest of what an earlier Send could not send, perhaps half a frame
  uint32_t next_stream_ = 1;
  uint32_t initial_window_ = static_cast<uint32_t>(kInitialWindow);
  bool is_open_ = true;
};

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_PEER_H_
