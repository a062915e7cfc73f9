// How do an attacker's bytes reach the server: a TCP socket that never blocks, with or without TLS?
#ifndef WEIR_TESTS_HOSTILE_TRANSPORT_H_
#define WEIR_TESTS_HOSTILE_TRANSPORT_H_

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace hostile {

using Clock = std::chrono::steady_clock;
using Duration = Clock::duration;

// Closes a descriptor.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { Reset(); }

  int get() const { return fd_; }
  bool is_valid() const { return fd_ >= 0; }
  void Reset();

 private:
  int fd_;
};

struct IoStep {
  enum class Kind { kMoved, kWouldBlock, kEnded };
  Kind kind;
  size_t bytes = 0;
};

// One connection as bytes. For one thread.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual IoStep Read(char* bytes, size_t size) = 0;
  virtual IoStep Write(std::string_view bytes) = 0;
  virtual int fd() const = 0;
  // Waits until the socket is readable (or writable); false after `timeout`.
  bool Wait(bool for_write, Duration timeout) const;
};

// Connects to 127.0.0.1:`port`. `receive_buffer` is SO_RCVBUF, set before connecting so that the
// window is small from the start; 0 leaves the system's. Invalid when the server does not accept.
Fd ConnectTcp(int port, int receive_buffer = 0);
// Makes close() send a reset instead of a FIN.
void ResetOnClose(int fd);

std::unique_ptr<Transport> MakeClearTransport(Fd socket);

// What a TLS client offers. The certificate of the server is not checked.
struct TlsOffer {
  int oldest = TLS1_2_VERSION;
  int newest = TLS1_3_VERSION;
  std::string alpn = "h2";         // "" offers none
  std::string tls12_ciphers = {};  // "" leaves OpenSSL's choice
};

using SslPtr = std::unique_ptr<SSL, void (*)(SSL*)>;
// A client on this socket, before its handshake. Its keys are written, as lines of the format
// "SSLKEYLOGFILE", to the std::string that SSL_set_app_data names, if any.
SslPtr MakeTlsClient(int fd, const TlsOffer& offer);

struct Handshake {
  bool is_done = false;
  bool has_timed_out = false;
  std::string reason;  // OpenSSL's, of a failure: "tlsv1 alert protocol version"
};
// Runs the handshake to its end.
Handshake ShakeHands(SSL* ssl, Duration timeout);

// Null when the handshake fails.
std::unique_ptr<Transport> MakeTlsTransport(Fd socket, const TlsOffer& offer = {},
                                            Duration timeout = std::chrono::seconds(5));

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_TRANSPORT_H_
