// A connected byte stream that never blocks.
#ifndef WEIR_TRANSPORT_NET_SOCKET_H_
#define WEIR_TRANSPORT_NET_SOCKET_H_

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "transport/base/long_lived.h"
#include "transport/base/result.h"
#include "transport/base/time.h"
#include "transport/net/address.h"
#include "transport/net/io_error.h"
#include "transport/net/unique_fd.h"

namespace weir::net {

// How one read or write ended.
struct IoResult {
  enum class Kind : uint8_t {
    kOk,          // `bytes` were moved; fewer than offered means: no more for now
    kWouldBlock,  // nothing was moved; wait for readiness
    kClosed,      // read only: the peer has closed its sending side
    kError,       // `error_number` says why; the stream is of no further use
  };

  Kind kind = Kind::kOk;
  size_t bytes = 0;
  int error_number = 0;

  static IoResult Ok(size_t bytes) { return {Kind::kOk, bytes, 0}; }
  static IoResult WouldBlock() { return {Kind::kWouldBlock, 0, 0}; }
  static IoResult Closed() { return {Kind::kClosed, 0, 0}; }
  static IoResult Error(int error_number) { return {Kind::kError, 0, error_number}; }
};

// Who is at the other end of a Unix socket, as the kernel recorded it when the peer connected.
struct UnixCredentials {
  pid_t process_id = 0;
  uid_t user_id = 0;
  gid_t group_id = 0;
};

// A simulation implements it on byte queues. The destructor closes the stream in both directions.
// Confined to the thread of the loop it is watched on.
class Socket {
 public:
  virtual ~Socket() = default;

  // Reads up to `into.size()` bytes. A result shorter than `into` means that there is no more right
  // now: reading on would only cost a system call.
  [[nodiscard]] virtual IoResult Read(std::span<uint8_t> into) = 0;

  // Writes as much of `parts`, in order, as the stream takes now. Of more than 1,024 parts only the
  // first 1,024 are looked at.
  [[nodiscard]] virtual IoResult Write(std::span<const iovec> parts) = 0;

  // Tells the peer that nothing more is sent; what was written before still arrives. Reading goes
  // on.
  virtual void ShutdownWrite() = 0;

  // For Loop::Watch.
  virtual int fd() const = 0;

  virtual const SocketAddress& peer_address() const = 0;
  virtual SocketAddress LocalAddress() const = 0;

  // How long the kernel waits for the peer to acknowledge what was written before it takes the
  // connection for dead (TCP_USER_TIMEOUT, gRFC A18). No effect where there is no such thing.
  virtual void SetUserTimeout(Duration timeout) { static_cast<void>(timeout); }

  // Nothing unless it is a Unix socket.
  virtual std::optional<UnixCredentials> PeerCredentials() const = 0;
};

// A TCP or Unix stream socket. TCP sockets have TCP_NODELAY, since output is already batched once
// per loop turn. Writing to a closed peer is a result, never a SIGPIPE.
class TcpSocket final : public LongLived, public Socket {
 public:
  // `fd` comes from Acceptor: a connected stream socket, non-blocking and close-on-exec.
  TcpSocket(UniqueFd fd, const SocketAddress& peer);

  // Takes over a connected stream socket that was made elsewhere, and gives it the properties
  // above. Fails, closing the descriptor, if it is not a connected stream socket.
  static Result<std::unique_ptr<TcpSocket>, IoError> Adopt(UniqueFd fd);

  [[nodiscard]] IoResult Read(std::span<uint8_t> into) override;
  [[nodiscard]] IoResult Write(std::span<const iovec> parts) override;
  void ShutdownWrite() override;
  int fd() const override { return fd_.get(); }
  const SocketAddress& peer_address() const override { return peer_; }
  SocketAddress LocalAddress() const override;
  void SetUserTimeout(Duration timeout) override;
  std::optional<UnixCredentials> PeerCredentials() const override;

 private:
  UniqueFd fd_;
  SocketAddress peer_;
};

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_SOCKET_H_
