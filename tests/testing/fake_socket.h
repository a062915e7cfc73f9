// A socket whose other end is the test: what arrives, in which pieces, what it takes, and how it
// fails.
#ifndef WEIR_TESTS_TESTING_FAKE_SOCKET_H_
#define WEIR_TESTS_TESTING_FAKE_SOCKET_H_

#include <errno.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "tests/testing/fake_loop.h"
#include "transport/base/check.h"
#include "transport/net/socket.h"

namespace weir::net {

// The peer's end of one FakeSocket. Tells the loop when the socket is ready, as the kernel would.
// Must outlive the socket; the loop must outlive both.
class FakeWire {
 public:
  // `fd` is any number that no other wire of the loop has.
  explicit FakeWire(FakeLoop& loop, int fd = 100) : loop_(loop), fd_(fd) { Update(); }
  FakeWire(const FakeWire&) = delete;
  FakeWire& operator=(const FakeWire&) = delete;
  ~FakeWire() { WEIR_CHECK(socket_count_ == 0); }

  // The server's end; at most one at a time.
  std::unique_ptr<Socket> MakeSocket();

  // ---- towards the server

  // One packet: no read brings bytes of two.
  void Sends(std::string_view octets) {
    if (!octets.empty()) arriving_.emplace_back(octets);
    Update();
  }
  // The peer sends nothing more.
  void EndsSending() {
    is_sending_over_ = true;
    Update();
  }
  // Both directions fail from now on; what has arrived is lost.
  void Breaks(int error_number = ECONNRESET) {
    error_number_ = error_number;
    arriving_.clear();
    Update();
  }
  bool has_arriving() const { return !arriving_.empty(); }
  // Whether a read would tell something.
  bool is_readable() const { return !arriving_.empty() || is_sending_over_ || error_number_ != 0; }

  // ---- from the server

  // From now on the socket takes so many more bytes; none is "would block". Default: all.
  void Takes(size_t bytes) {
    room_ = bytes;
    Update();
  }
  void TakesEverything() { Takes(SIZE_MAX); }
  // At most so many bytes at once, though there is room for more. Default: all.
  void TakesAtOnce(size_t bytes) { at_once_ = bytes; }

  // What was written since the last call.
  std::string TakeWritten() { return std::exchange(written_, {}); }
  bool is_shut() const { return is_shut_; }  // ShutdownWrite was called
  bool is_closed() const { return was_opened_ && socket_count_ == 0; }
  // Calls of Read and Write since the last call of this.
  int TakeReadCount() { return std::exchange(reads_, 0); }
  int TakeWriteCount() { return std::exchange(writes_, 0); }

  int fd() const { return fd_; }

  // What the socket says of its peer.
  SocketAddress address;
  std::optional<UnixCredentials> credentials;

 private:
  friend class FakeSocket;

  void Update() {
    const bool is_broken = error_number_ != 0;
    const bool is_over = is_broken || (is_sending_over_ && is_shut_);
    loop_.SetReady(fd_, is_readable(), room_ != 0 || is_broken, is_over);
  }

  IoResult Read(std::span<uint8_t> into) {
    ++reads_;
    if (error_number_ != 0) return IoResult::Error(error_number_);
    if (arriving_.empty()) {
      return is_sending_over_ ? IoResult::Closed() : IoResult::WouldBlock();
    }
    std::string& packet = arriving_.front();
    const size_t count = std::min(into.size(), packet.size());
    std::memcpy(into.data(), packet.data(), count);
    packet.erase(0, count);
    if (packet.empty()) arriving_.pop_front();
    Update();
    return IoResult::Ok(count);
  }

  IoResult Write(std::span<const iovec> parts) {
    ++writes_;
    if (error_number_ != 0) return IoResult::Error(error_number_);
    if (is_shut_) return IoResult::Error(EPIPE);
    const size_t limit = std::min(room_, at_once_);
    if (limit == 0) return IoResult::WouldBlock();
    size_t count = 0;
    for (const iovec& part : parts) {
      const size_t size = std::min(part.iov_len, limit - count);
      written_.append(static_cast<const char*>(part.iov_base), size);
      count += size;
    }
    if (room_ != SIZE_MAX) room_ -= count;
    Update();
    return IoResult::Ok(count);
  }

  FakeLoop& loop_;
  const int fd_;
  std::deque<std::string> arriving_;
  bool is_sending_over_ = false;
  int error_number_ = 0;
  size_t room_ = SIZE_MAX;
  size_t at_once_ = SIZE_MAX;
  std::string written_;
  bool is_shut_ = false;
  bool was_opened_ = false;
  int socket_count_ = 0;
  int reads_ = 0;
  int writes_ = 0;
};

class FakeSocket final : public Socket {
 public:
  explicit FakeSocket(FakeWire& wire) : wire_(wire) {
    WEIR_CHECK(++wire_.socket_count_ == 1);
    wire_.was_opened_ = true;
  }
  ~FakeSocket() override { --wire_.socket_count_; }

  IoResult Read(std::span<uint8_t> into) override { return wire_.Read(into); }
  IoResult Write(std::span<const iovec> parts) override { return wire_.Write(parts); }
  void ShutdownWrite() override {
    wire_.is_shut_ = true;
    wire_.Update();
  }
  int fd() const override { return wire_.fd_; }
  const SocketAddress& peer_address() const override { return wire_.address; }
  SocketAddress LocalAddress() const override { return {}; }
  std::optional<UnixCredentials> PeerCredentials() const override { return wire_.credentials; }

 private:
  FakeWire& wire_;
};

inline std::unique_ptr<Socket> FakeWire::MakeSocket() {
  return std::make_unique<FakeSocket>(*this);
}

}  // namespace weir::net

#endif  // WEIR_TESTS_TESTING_FAKE_SOCKET_H_
