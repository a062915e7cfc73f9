#include "bench/load/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>

namespace load {
namespace {

constexpr size_t kConnectionsPerAddress = 20'000;
constexpr unsigned char kAlpnH2[] = {2, 'h', '2'};  // RFC 7301 §3.1
constexpr char kTlsHost[] = "localhost";

int Clip(size_t size) { return static_cast<int>(std::min<size_t>(size, INT_MAX)); }

// OpenSSL's reason for the last error of this thread.
std::string TlsReason() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  const char* const reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  return reason == nullptr ? "the server closed the connection" : reason;
}

// 127.0.0.1 for the first connections, 127.0.0.2 for the next, and so on.
void BindToOwnAddress(int fd, const Target& target, size_t number) {
  if (target.address.ss_family != AF_INET || number < kConnectionsPerAddress) return;
  const auto& wanted = reinterpret_cast<const sockaddr_in&>(target.address);
  if (ntohl(wanted.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET) return;
  const int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr =
      htonl(INADDR_LOOPBACK + static_cast<uint32_t>(number / kConnectionsPerAddress));
  // If it fails, the system chooses, and connect() tells when it has no port left.
  (void)!bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own);
}

}  // namespace

std::string ResolveTarget(const std::string& address, Target* target) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return "the address \"" + address + "\" is not HOST:PORT";
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0) {
    return "the address \"" + address + "\" is not a numeric address and a port";
  }
  std::memcpy(&target->address, found->ai_addr, found->ai_addrlen);
  target->address_size = found->ai_addrlen;
  target->text = address;
  freeaddrinfo(found);
  return {};
}

TlsContext MakeTlsContext(const std::string& ca_file, std::string* error) {
  TlsContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr) != 1) {
    *error = "cannot read certificates from \"" + ca_file + "\": " + TlsReason();
    return {nullptr, SSL_CTX_free};
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);  // RFC 9113 §9.2
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_protos(context.get(), kAlpnH2, sizeof kAlpnH2);
  return context;
}

bool Socket::Connect(const Target& target, size_t number) {
  fd_ = socket(target.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) {
    SetSystemError(errno);
    return false;
  }
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  BindToOwnAddress(fd_, target, number);
  if (target.tls != nullptr) {
    ssl_.reset(SSL_new(target.tls));
    SSL_set_fd(ssl_.get(), fd_);
    SSL_set1_host(ssl_.get(), kTlsHost);
    SSL_set_tlsext_host_name(ssl_.get(), kTlsHost);
    SSL_set_connect_state(ssl_.get());
  }
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&target.address), target.address_size) != 0 &&
      errno != EINPROGRESS) {
    SetSystemError(errno);
    return false;
  }
  return true;
}

Socket::Progress Socket::Establish() {
  if (!is_connected_) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      SetSystemError(error);
      return Progress::kFailed;
    }
    sockaddr_storage peer;
    size = sizeof peer;
    if (getpeername(fd_, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
      return Progress::kWantsWrite;  // not connected yet
    }
    is_connected_ = true;
  }
  return ssl_ == nullptr ? Progress::kDone : ShakeHands();
}

Socket::Progress Socket::ShakeHands() {
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) {
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_READ) return Progress::kWantsRead;
    if (error == SSL_ERROR_WANT_WRITE) return Progress::kWantsWrite;
    const long verdict = SSL_get_verify_result(ssl_.get());
    const std::string reason =
        verdict == X509_V_OK ? TlsReason() : X509_verify_cert_error_string(verdict);
    ERR_clear_error();
    error_ = "TLS handshake: " + reason;
    return Progress::kFailed;
  }
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
  if (std::string_view(reinterpret_cast<const char*>(protocol), size) != "h2") {
    error_ = "TLS handshake: the server did not choose h2";
    return Progress::kFailed;
  }
  return Progress::kDone;
}

Socket::Step Socket::Read(uint8_t* bytes, size_t size) {
  if (ssl_ != nullptr) return InterpretTls(SSL_read(ssl_.get(), bytes, Clip(size)));
  return Interpret(recv(fd_, bytes, size, 0));
}

Socket::Step Socket::Write(weir::ByteView bytes) {
  if (ssl_ != nullptr) {
    return InterpretTls(SSL_write(ssl_.get(), bytes.data(), Clip(bytes.size())));
  }
  return Interpret(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

Socket::Step Socket::Interpret(ssize_t moved) {
  if (moved > 0) return {.is_open = true, .bytes = static_cast<size_t>(moved)};
  if (moved < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (moved == 0) {
    error_ = "the server closed the connection";
  } else {
    SetSystemError(errno);
  }
  return {.is_open = false, .bytes = 0};
}

Socket::Step Socket::InterpretTls(int moved) {
  if (moved > 0) return {.is_open = true, .bytes = static_cast<size_t>(moved)};
  const int system_error = errno;
  const int error = SSL_get_error(ssl_.get(), moved);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return {};
  if (error == SSL_ERROR_SYSCALL && system_error != 0) {
    SetSystemError(system_error);
    ERR_clear_error();
  } else {
    error_ = TlsReason();
  }
  return {.is_open = false, .bytes = 0};
}

void Socket::SetSystemError(int error) { error_ = std::strerror(error); }

void Socket::Close() {
  ssl_.reset();
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace load
