// What does the generator know of one connection, and how does it make calls on it?
//
// A client's side of HTTP/2 (RFC 9113) for calls that are known in advance: it keeps to the
// server's settings and windows, answers its SETTINGS and PING, and judges every answer. It reads
// and writes when the generator says so, and tells the generator what has come of each call.
#ifndef WEIR_BENCH_LOAD_CONNECTION_H_
#define WEIR_BENCH_LOAD_CONNECTION_H_

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "bench/load/answer_checker.h"
#include "bench/load/answer_headers.h"
#include "bench/load/client_headers.h"
#include "bench/load/exchange.h"
#include "bench/load/failure.h"
#include "bench/load/results.h"
#include "bench/load/socket.h"
#include "bench/load/stream_table.h"
#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/http2/frame_header.h"

namespace load {

class Connection;

enum class Ending : uint8_t {
  kAnswered,   // correctly and completely
  kFailed,     // counted in Results already
  kReturned,   // a server that shuts down gracefully has not looked at it: make it elsewhere
  kCancelled,  // by CancelCalls
};

struct EndedCall {
  Ending ending;
  int64_t began;
  bool counts;
};

// Whoever drives connections. It must not destroy a connection inside of these.
class ConnectionOwner {
 public:
  // The server's SETTINGS have come: calls may start.
  virtual void OnReady(Connection& connection) = 0;
  // May start the next call.
  virtual void OnCallEnded(Connection& connection, const EndedCall& call) = 0;
  // The first echo of a chat that stays open has come.
  virtual void OnHeld(Connection& connection) = 0;
  // It is over, not by Close(). Its calls have ended before. `failure` is null when a server that
  // shuts down gracefully closed it; otherwise it is counted already if the connection was ready.
  virtual void OnLost(Connection& connection, const Failure* failure, bool was_ready) = 0;

 protected:
  ~ConnectionOwner() = default;
};

// What all connections of a run have in common.
struct Shared {
  Target target;
  Exchange exchange;
  Profile profile;
  size_t streams_max = 1;  // calls in flight per connection that we want
  int epoll = -1;
  Results* results = nullptr;
  AnswerChecker checker{&exchange};
  // Of the last time something was received.
  int64_t now = 0;
  std::vector<uint8_t> read_buffer = std::vector<uint8_t>(256 * 1024);

  Shared() = default;
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
};

class Connection {
 public:
  // `shared` and `owner` outlive it. `tag` comes back with its events of epoll; `number` counts the
  // connections that are open at the same time.
  Connection(Shared* shared, ConnectionOwner* owner, uint64_t tag, size_t number, uint64_t seed);

  uint64_t tag() const { return tag_; }
  bool is_ready() const { return state_ == State::kReady; }
  bool is_closed() const { return state_ == State::kClosed; }
  size_t calls_in_flight() const { return streams_.size(); }
  uint64_t calls_started() const { return calls_started_; }
  // Whether the server shuts down, or stream ids are used up, and the last call has ended.
  bool is_spent() const { return !is_closed() && !MayOpenStreams() && streams_.size() == 0; }
  // Whether a call can start now.
  bool CanStart() const;

  // Begins to connect. Failures come as OnLost.
  void Open();
  // Makes a call that began, or was due, at `began`. Needs CanStart(); Flush() sends it.
  void StartCall(int64_t began, bool counts, int64_t now);
  // What epoll reports. Flushes at the end.
  void OnEvent(uint32_t events);
  void Flush();
  // Resets all calls.
  void CancelCalls();
  // Fails all calls: nothing has come for too long.
  void FailCalls(const Failure& failure);
  // Says GOAWAY and closes.
  void Close();

 private:
  enum class State : uint8_t {
    kNew,
    kConnecting,  // and shaking hands
    kGreeting,    // until the server's SETTINGS
    kReady,
    kClosed,
  };

  // connection.cc
  bool MayOpenStreams() const;
  void Establish();
  void Watch(uint32_t events);
  void OnReadable();
  void Fail(FailureKind kind, std::string sentence);
  void FailCall(Stream* stream, FailureKind kind, std::string sentence);
  void EndCall(Stream* stream, Ending ending);
  void ResetStream(uint32_t id);
  void Forget(uint32_t id);

  // connection_receive.cc. Each stops at once when the connection has failed.
  size_t WalkFrames(weir::ByteView bytes);
  void OnFrame(const weir::http2::FrameHeader& header, weir::ByteView payload);
  void OnData(const weir::http2::FrameHeader& header, weir::ByteView payload);
  void OnMessages(Stream* stream, uint64_t count);
  void OnBlockPart(const weir::http2::FrameHeader& header, weir::ByteView payload);
  void OnBlock(uint32_t id, bool ends_stream, weir::ByteView block);
  void OnAnswerHeaders(Stream* stream, const AnswerFields& fields, bool ends_stream);
  void OnAnswerTrailers(Stream* stream, const AnswerFields& fields, bool ends_stream);
  void OnRstStream(const weir::http2::FrameHeader& header, weir::ByteView payload);
  void OnSettings(const weir::http2::FrameHeader& header, weir::ByteView payload);
  bool ApplySetting(uint16_t id, uint32_t value);
  void OnPing(const weir::http2::FrameHeader& header, weir::ByteView payload);
  void OnGoAway(weir::ByteView payload);
  void OnWindowUpdate(const weir::http2::FrameHeader& header, weir::ByteView payload);
  bool IsForgotten(uint32_t id) const;

  // connection_send.cc
  bool HasRequestToSend(const Stream& stream) const;
  bool HasEndToSend(const Stream& stream) const;
  bool CanSend(const Stream& stream) const;
  void SendFrame(Stream* stream);
  void Enqueue(Stream* stream);
  void SendQueued();
  size_t unsent_bytes() const { return output_.size() - output_sent_; }

  Shared* const shared_;
  ConnectionOwner* const owner_;
  const uint64_t tag_;
  const size_t number_;
  State state_ = State::kNew;
  uint32_t watched_ = 0;  // events
  Socket socket_;
  ClientHeaders headers_;
  AnswerHeaders answer_headers_;

  StreamTable streams_;
  uint32_t next_id_ = 1;
  uint64_t calls_started_ = 0;
  bool is_draining_ = false;  // after a graceful GOAWAY
  // Streams that we have reset, or that a graceful GOAWAY has given back: what the server still
  // sends on them is not its fault.
  std::deque<uint32_t> forgotten_;

  // What the server allows.
  uint32_t peer_streams_max_ = 0xffffffff;
  int64_t peer_initial_window_;
  int64_t send_window_;

  std::deque<uint32_t> queue_;  // streams that can send, in turn
  weir::Buffer output_;
  size_t output_sent_ = 0;

  std::string partial_;  // the beginning of a frame
  std::string block_;    // the beginning of a header block
  uint32_t block_stream_ = 0;
  bool block_ends_stream_ = false;
  uint32_t unreturned_bytes_ = 0;  // of the connection's receive window
};

}  // namespace load

#endif  // WEIR_BENCH_LOAD_CONNECTION_H_
