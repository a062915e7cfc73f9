// How do a client's bytes reach the server: a TCP socket that never blocks, with or without TLS?
#ifndef WEIR_BENCH_LOAD_SOCKET_H_
#define WEIR_BENCH_LOAD_SOCKET_H_

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "transport/base/bytes.h"

namespace load {

// Where to connect to.
struct Target {
  sockaddr_storage address{};
  socklen_t address_size = 0;
  std::string text;        // "127.0.0.1:50051", for sentences and :authority
  SSL_CTX* tls = nullptr;  // null: in the clear
};

// "HOST:PORT" with a numeric address, or localhost. Returns a sentence about what is wrong with it;
// empty when nothing is.
std::string ResolveTarget(const std::string& address, Target* target);

using TlsContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
// A client that trusts `ca_file` alone, offers h2 alone, and resumes no session: each connection of
// a benchmark pays for its handshake. Null, with a sentence in `*error`, when the file is no good.
TlsContext MakeTlsContext(const std::string& ca_file, std::string* error);

class Socket {
 public:
  enum class Progress : uint8_t { kDone, kWantsRead, kWantsWrite, kFailed };

  Socket() = default;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { Close(); }

  int fd() const { return fd_; }

  // Begins to connect; Establish() goes on. `number` counts the connections that are open at the
  // same time: a port range holds about 28,000, so on loopback every 20,000 come from an address of
  // their own. False when the system refuses; see error().
  bool Connect(const Target& target, size_t number);
  // Whatever is next: the connection, the TLS handshake.
  Progress Establish();

  struct Step {
    bool is_open = true;
    size_t bytes = 0;  // 0 while open: would block
  };
  Step Read(uint8_t* bytes, size_t size);
  Step Write(weir::ByteView bytes);

  // After kFailed or !is_open: what the system or OpenSSL says about it.
  const std::string& error() const { return error_; }

  void Close();

 private:
  Progress ShakeHands();
  Step Interpret(ssize_t moved);
  Step InterpretTls(int moved);
  void SetSystemError(int error);

  struct SslDeleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  int fd_ = -1;
  bool is_connected_ = false;
  std::unique_ptr<SSL, SslDeleter> ssl_;
  std::string error_;
};

}  // namespace load

#endif  // WEIR_BENCH_LOAD_SOCKET_H_
