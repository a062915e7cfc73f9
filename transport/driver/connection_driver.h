// Moves bytes between one socket and one http2::Connection, through TLS if there is any:
//
//   readable -> read -> [decrypt] -> Receive -> Next ... -> handler
//   end of the worker's turn -> Output -> [encrypt] -> write
//
// Invariants, kept in Flush():
//  1. Output pending means that a write was tried in this turn or that write readiness is watched.
//  2. Reading is watched exactly while the connection wants input, does not rest and is not being
//     closed.
//  3. The timer is armed for the earliest of the engine's and the driver's own deadlines.
//
// When memory runs out while anything is done for a connection, it costs that connection and no
// other: every way in from the loop goes through RunOrClose().
#ifndef WEIR_TRANSPORT_DRIVER_CONNECTION_DRIVER_H_
#define WEIR_TRANSPORT_DRIVER_CONNECTION_DRIVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>

#include "transport/base/intrusive_list.h"
#include "transport/base/long_lived.h"
#include "transport/driver/connection_handler.h"
#include "transport/driver/time_share.h"
#include "transport/http2/connection.h"
#include "transport/net/loop.h"
#include "transport/net/socket.h"
#include "transport/net/timer.h"
#include "transport/net/tls_context.h"
#include "transport/net/tls_session.h"

namespace weir::driver {

class Worker;

struct DirtyListTag {};
struct ConnectionListTag {};
struct StrangerListTag {};
struct RestingListTag {};
struct LargeListTag {};

// Owned by its worker, which destroys it at the end of the turn in which it became destructible.
// Confined to the worker's thread.
class ConnectionDriver final : public LongLived,
                               public ListNode<ConnectionListTag>,
                               public ListNode<DirtyListTag>,
                               public ListNode<StrangerListTag>,
                               public ListNode<RestingListTag>,
                               public ListNode<LargeListTag>,
                               private net::Watcher,
                               private net::Timer {
 public:
  // `tls` is null for plaintext; else it must outlive the driver.
  ConnectionDriver(Worker& worker, std::unique_ptr<net::Socket> socket, const net::TlsContext* tls);
  ~ConnectionDriver();

  // Watches the socket. When the system refuses that, the connection closes itself.
  void Start();

  // From MakeHandler on. A connection that has had no calls for a while is woken up by this, which
  // can throw std::bad_alloc.
  http2::Connection& connection() {
    WakeUp();
    return *connection_;
  }
  size_t open_streams() const { return connection_ == nullptr ? 0 : connection_->open_streams(); }
  Worker& worker() { return worker_; }
  const net::Socket& socket() const { return *socket_; }
  // Null for plaintext, and before the peer has sent anything.
  const net::TlsSession* tls() const { return tls_.get(); }

  // To be called after commands on the connection outside of OnEvent: flushes at the end of the
  // turn. Idempotent.
  void MarkDirty();

  // Two-phase GOAWAY. A connection that has not finished its handshake is closed at once, since it
  // can have no calls.
  void BeginDrain();
  // Closes a connection whose peer has not finished its preface, without a word.
  void DismissStranger() { Close(); }
  // Cancels everything, says GOAWAY if the socket takes it at once, and closes. A second call
  // closes without waiting for the peer.
  void Abort();

  // Does some work for this connection, or on its behalf. When it runs out of memory (throws
  // std::bad_alloc), the engine may have done half of something: the connection is closed at once
  // and without a word, its calls are cancelled, and this returns false. Whoever calls this in the
  // midst of a call goes on with a stream that is over. May be nested.
  template <typename Work>
  bool RunOrClose(Work work) {
    try {
      work();
      return true;
    } catch (const std::bad_alloc&) {
      CloseForLackOfMemory();
      return false;
    }
  }
  void CloseForLackOfMemory();

  // For the worker. While it is in the list of those that rest, the connection is not read.
  TimeShare::Entry& time_entry() { return time_entry_; }
  bool CanRest() const {
    return (phase_ == Phase::kHandshake || phase_ == Phase::kOpen) && !is_resting();
  }
  bool is_in_handshake() const { return phase_ == Phase::kHandshake; }
  bool is_resting() const { return ListNode<RestingListTag>::is_linked(); }
  void EndRest();

  // See http2::Connection. 0 bytes when there is no such stream.
  size_t LargestStalledStream(http2::StreamKey* stream);
  void GiveUpStalledStream(http2::StreamKey stream);

  // See ConnectionHandler::is_idle.
  void HandlerBecameIdle();

  bool is_destructible() const {
    return phase_ == Phase::kClosed && (handler_ == nullptr || handler_->is_idle());
  }

  // For the worker, at the end of a turn: how much of the output may be written.
  enum class Piece : uint8_t {
    kFramed,  // control frames and small answers; DATA that is queued waits for a later turn
    kSmall,   // 64 KiB, twice
    kLarge,   // 1 MiB of large payloads at first, if there are any
  };
  void Flush(Piece piece);
  bool is_dirty() const { return ListNode<DirtyListTag>::is_linked(); }
  // Whether it should wait for a turn in which it may write a large piece.
  bool HasLargeOutput() const {
    return is_awake() && tls_ == nullptr && !is_write_blocked_ && connection_->HasLargeOutput();
  }
  bool is_waiting_for_large() const { return ListNode<LargeListTag>::is_linked(); }

  // Bytes held for input and output; 0 for an idle plaintext connection.
  size_t buffered_bytes() const;

 private:
  enum class Phase : uint8_t {
    kHandshake,  // no HTTP/2 yet; over at once without TLS
    kOpen,
    kLingering,  // everything was written and our side is shut; reads are discarded, so that the
                 // last bytes are not lost to a reset (RFC 9113 §5.4.1 needs the GOAWAY to arrive)
    kClosed,
  };

  // net::Watcher, net::Timer
  void OnReady(bool readable, bool writable, bool hangup) override;
  void OnTimer(TimePoint now) override;

  // What one read brought.
  struct Input {
    size_t bytes = 0;
    uint64_t frames = 0;  // weighed by their cost
  };

  Input HandleReadiness(bool readable, bool writable, bool hangup);
  Input ReadOnce();
  void AdaptReadSize(const Input& input, Duration used);
  void ReceiveCiphertext(ByteView bytes);
  void Receive(ByteView bytes);
  void PumpEvents();
  void Open();
  void OpenHttp2();
  void Discard();
  bool WantsInput() const {
    return phase_ == Phase::kOpen && (connection_ == nullptr || connection_->WantsInput());
  }

  // A connection that has had no traffic for a while takes less memory, if nothing is in the way.
  void TryFallDormant();
  // While it is open.
  void WakeUp() {
    if (connection_ == nullptr) [[unlikely]]
      MakeConnectionAgain();
  }
  void MakeConnectionAgain();
  bool is_awake() const { return phase_ == Phase::kOpen && connection_ != nullptr; }

  void WriteAll(Piece piece);
  // False when there is no more to write, or the socket takes no more for now (or is closed).
  bool WriteSome(Piece piece);
  bool HasLittleOutput() const;
  bool HasCiphertext() const;
  bool HasOutput() const;
  // Whether the client takes so little of what we encrypted that it gets no more to answer.
  bool HasCiphertextBacklog() const;
  void UpdateWatch();
  void UpdateTimer();
  void BeginLinger();
  // Allocates nothing.
  void Close();

  Worker& worker_;
  std::unique_ptr<net::Socket> socket_;
  const net::TlsContext* const tls_context_;
  // Made for the first bytes, since many strangers send none.
  std::unique_ptr<net::TlsSession> tls_;
  std::unique_ptr<ConnectionHandler> handler_;
  // From the end of the handshake on, one of the two.
  std::unique_ptr<http2::Connection> connection_;
  std::unique_ptr<http2::DormantConnection> dormant_;
  net::WatchHandle watch_;
  Phase phase_ = Phase::kHandshake;
  bool is_write_blocked_ = false;
  bool is_aborted_ = false;
  bool sends_small_frames_ = false;  // it has brought too many in one read
  size_t read_bytes_max_;            // of the next read
  size_t linger_bytes_left_ = 0;
  // When the present phase has to end (handshake, linger), or when the peer must have taken some
  // output (open).
  TimePoint phase_deadline_ = kNever;
  TimeShare::Entry time_entry_;
};

}  // namespace weir::driver

#endif  // WEIR_TRANSPORT_DRIVER_CONNECTION_DRIVER_H_
