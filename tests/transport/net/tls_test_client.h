// OpenSSL's own client at the other end of a TlsSession, in memory.
#ifndef WEIR_TESTS_TRANSPORT_NET_TLS_TEST_CLIENT_H_
#define WEIR_TESTS_TRANSPORT_NET_TLS_TEST_CLIENT_H_

#include <openssl/ssl.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/transport/net/test_certificates.h"
#include "transport/net/tls_handle.h"
#include "transport/net/tls_session.h"

namespace weir::net {

struct TlsTestClientOptions {
  int oldest_version = TLS1_2_VERSION;
  int newest_version = TLS1_3_VERSION;
  std::vector<std::string> alpn = {"h2"};  // nothing is offered if empty
  std::string tls12_ciphers = "";          // OpenSSL's choice if empty
  std::string server_name = "";
  std::string certificate_pem = "";  // of the client, with its key; none if empty
  std::string private_key_pem = "";
  SSL_SESSION* resumed = nullptr;
};

class TlsTestClient {
 public:
  explicit TlsTestClient(const TlsTestClientOptions& options = {});

  SSL* ssl() { return ssl_.get(); }

  // Continues the handshake as far as the bytes from the server allow.
  void Step();
  bool IsHandshakeDone() { return SSL_is_init_finished(ssl_.get()) == 1; }

  void Write(std::string_view plaintext);
  // Everything the server has sent so far.
  std::string ReadAll();

  // Takes what the client wants to send.
  std::string TakeCiphertext();
  void GiveCiphertext(std::string_view ciphertext);

  // Number of the last fatal alert from the server; nothing if none came.
  std::optional<int> alert() const { return alert_; }
  bool has_seen_close_notify() {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }
  // The name in the server's certificate.
  std::string ServerCommonName();
  // The latest ticket; for TlsTestClientOptions::resumed.
  SSL_SESSION* ticket() { return ticket_.get(); }
  int ticket_count() const { return ticket_count_; }

 private:
  static void OnInfo(const SSL* ssl, int where, int value);
  static int OnNewSession(SSL* ssl, SSL_SESSION* session);

  TlsHandle<SSL_CTX, SSL_CTX_free> context_;
  TlsHandle<SSL_SESSION, SSL_SESSION_free> ticket_;
  TlsHandle<SSL, SSL_free> ssl_;
  BIO* from_server_ = nullptr;  // of ssl_
  BIO* to_server_ = nullptr;    // of ssl_
  int ticket_count_ = 0;
  std::optional<int> alert_;
};

// How bytes are cut before they reach the session: the size of the next piece.
using Segmenter = std::function<size_t()>;
Segmenter Whole();
Segmenter ByteByByte();
Segmenter RandomPieces(unsigned seed);

// The server's end: feeds the session as a driver does, and keeps what it read.
class TlsTestServer {
 public:
  explicit TlsTestServer(const TlsContext& context, Segmenter segmenter = Whole());

  TlsSession& session() { return *session_; }

  // Feeds all of `ciphertext`, in pieces that are gone when the next one comes.
  void Receive(std::string_view ciphertext);
  // Takes what the session wants to send, as a socket that takes little at a time.
  std::string TakeCiphertext();

  const std::string& received() const { return received_; }
  TlsReadResult::Kind last_result() const { return last_result_; }

 private:
  std::unique_ptr<TlsSession> session_;
  Segmenter segmenter_;
  std::string received_;
  TlsReadResult::Kind last_result_ = TlsReadResult::Kind::kWantMore;
};

// Carries bytes both ways until neither side has more to send.
void Exchange(TlsTestClient& client, TlsTestServer& server);

}  // namespace weir::net

#endif  // WEIR_TESTS_TRANSPORT_NET_TLS_TEST_CLIENT_H_
