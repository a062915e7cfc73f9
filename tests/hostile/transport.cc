#include "tests/hostile/transport.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace hostile {
namespace {

IoStep Interpret(ssize_t moved) {
  if (moved > 0) return {IoStep::Kind::kMoved, static_cast<size_t>(moved)};
  if (moved < 0 && (errno == EAGAIN || errno == EINTR)) return {IoStep::Kind::kWouldBlock};
  return {IoStep::Kind::kEnded};
}

class ClearTransport final : public Transport {
 public:
  explicit ClearTransport(Fd socket) : socket_(std::move(socket)) {}

  IoStep Read(char* bytes, size_t size) override {
    return Interpret(recv(socket_.get(), bytes, size, 0));
  }
  IoStep Write(std::string_view bytes) override {
    return Interpret(send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  int fd() const override { return socket_.get(); }

 private:
  Fd socket_;
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(Fd socket, SslPtr ssl) : socket_(std::move(socket)), ssl_(std::move(ssl)) {}

  IoStep Read(char* bytes, size_t size) override {
    return Interpret(SSL_read(ssl_.get(), bytes, Clip(size)));
  }
  IoStep Write(std::string_view bytes) override {
    return Interpret(SSL_write(ssl_.get(), bytes.data(), Clip(bytes.size())));
  }
  int fd() const override { return socket_.get(); }

 private:
  static int Clip(size_t size) { return static_cast<int>(std::min<size_t>(size, INT_MAX)); }

  IoStep Interpret(int moved) {
    if (moved > 0) return {IoStep::Kind::kMoved, static_cast<size_t>(moved)};
    const int error = SSL_get_error(ssl_.get(), moved);
    ERR_clear_error();
    const bool is_waiting = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    return {is_waiting ? IoStep::Kind::kWouldBlock : IoStep::Kind::kEnded};
  }

  Fd socket_;
  SslPtr ssl_;
};

bool WaitForFd(int fd, bool for_write, Duration timeout) {
  pollfd waiting{
      .fd = fd, .events = static_cast<short>(for_write ? POLLOUT : POLLIN), .revents = 0};
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  return poll(&waiting, 1, static_cast<int>(std::clamp<long>(ms, 0, INT_MAX))) > 0;
}

std::string LastTlsError() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  const char* const reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  return reason == nullptr ? "connection closed" : reason;
}

void NoteKeys(const SSL* ssl, const char* line) {
  auto* const log = static_cast<std::string*>(SSL_get_app_data(ssl));
  if (log != nullptr) log->append(line).append("\n");
}

SSL_CTX* ClientContext() {
  static SSL_CTX* const context = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    // An attacker offers what nobody should accept any more.
    SSL_CTX_set_security_level(made, 0);
    SSL_CTX_set_options(made, SSL_OP_LEGACY_SERVER_CONNECT);
    SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_keylog_callback(made, NoteKeys);
    return made;
  }();
  return context;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    Reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Fd::Reset() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

bool Transport::Wait(bool for_write, Duration timeout) const {
  return WaitForFd(fd(), for_write, timeout);
}

Fd ConnectTcp(int port, int receive_buffer) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (receive_buffer > 0) {
    setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return Fd();
  }
  fcntl(socket.get(), F_SETFL, O_NONBLOCK);
  return socket;
}

void ResetOnClose(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

std::unique_ptr<Transport> MakeClearTransport(Fd socket) {
  if (!socket.is_valid()) return nullptr;
  return std::make_unique<ClearTransport>(std::move(socket));
}

SslPtr MakeTlsClient(int fd, const TlsOffer& offer) {
  SslPtr ssl(SSL_new(ClientContext()), SSL_free);
  SSL_set_min_proto_version(ssl.get(), offer.oldest);
  SSL_set_max_proto_version(ssl.get(), offer.newest);
  if (!offer.tls12_ciphers.empty()) SSL_set_cipher_list(ssl.get(), offer.tls12_ciphers.c_str());
  if (!offer.alpn.empty()) {
    const std::string names = static_cast<char>(offer.alpn.size()) + offer.alpn;
    SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(names.data()),
                        static_cast<unsigned>(names.size()));
  }
  SSL_set_fd(ssl.get(), fd);
  SSL_set_connect_state(ssl.get());
  return ssl;
}

Handshake ShakeHands(SSL* ssl, Duration timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  for (;;) {
    const int result = SSL_do_handshake(ssl);
    if (result == 1) return {.is_done = true, .has_timed_out = false, .reason = ""};
    const int error = SSL_get_error(ssl, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      return {.is_done = false, .has_timed_out = false, .reason = LastTlsError()};
    }
    const bool for_write = error == SSL_ERROR_WANT_WRITE;
    if (!WaitForFd(SSL_get_fd(ssl), for_write, deadline - Clock::now())) {
      return {.is_done = false, .has_timed_out = true, .reason = "no answer"};
    }
  }
}

std::unique_ptr<Transport> MakeTlsTransport(Fd socket, const TlsOffer& offer, Duration timeout) {
  if (!socket.is_valid()) return nullptr;
  SslPtr ssl = MakeTlsClient(socket.get(), offer);
  if (!ShakeHands(ssl.get(), timeout).is_done) return nullptr;
  return std::make_unique<TlsTransport>(std::move(socket), std::move(ssl));
}

}  // namespace hostile
