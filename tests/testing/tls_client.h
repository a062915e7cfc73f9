// OpenSSL's client as a value: ciphertext in, ciphertext out, for tests of connections with TLS.
#ifndef WEIR_TESTS_TESTING_TLS_CLIENT_H_
#define WEIR_TESTS_TESTING_TLS_CLIENT_H_

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "transport/net/tls_handle.h"

namespace weir::testing {

struct TlsClientOptions {
  int oldest_version = TLS1_2_VERSION;
  int newest_version = TLS1_3_VERSION;
  std::string alpn = "h2";
};

// Believes any certificate.
class TlsClient {
 public:
  explicit TlsClient(const TlsClientOptions& options = {})
      : context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_.get())) {
    SSL_set_min_proto_version(ssl_.get(), options.oldest_version);
    SSL_set_max_proto_version(ssl_.get(), options.newest_version);
    const std::string names = std::string(1, static_cast<char>(options.alpn.size())) + options.alpn;
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(names.data()),
                        static_cast<unsigned>(names.size()));
    SSL_set_app_data(ssl_.get(), this);
    SSL_set_info_callback(ssl_.get(), OnInfo);
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  // Goes on with the handshake as far as what came from the server allows.
  void Step() {
    SSL_do_handshake(ssl_.get());
    ERR_clear_error();
  }
  bool is_handshake_done() const { return SSL_is_init_finished(ssl_.get()) == 1; }

  void Write(std::string_view plaintext) {
    size_t written = 0;
    EXPECT_EQ(SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &written), 1);
  }
  // Sends a KeyUpdate, and obliges the server to send one (RFC 8446 §4.6.3).
  void DemandKeyUpdate() {
    EXPECT_EQ(SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED), 1);
    Step();
  }
  void SayGoodbye() { SSL_shutdown(ssl_.get()); }

  // All that the server has said since the last call.
  std::string ReadAll() {
    std::string text;
    std::array<char, 4096> part;
    size_t size = 0;
    while (SSL_read_ex(ssl_.get(), part.data(), part.size(), &size) == 1) {
      text.append(part.data(), size);
    }
    ERR_clear_error();
    return text;
  }

  void GiveCiphertext(std::string_view ciphertext) {
    BIO_write(SSL_get_rbio(ssl_.get()), ciphertext.data(), static_cast<int>(ciphertext.size()));
  }
  std::string TakeCiphertext() {
    BIO* const bio = SSL_get_wbio(ssl_.get());
    std::string ciphertext(BIO_ctrl_pending(bio), '\0');
    BIO_read(bio, ciphertext.data(), static_cast<int>(ciphertext.size()));
    return ciphertext;
  }

  // The fatal alert that came from the server.
  std::optional<int> alert() const { return alert_; }
  bool was_told_goodbye() const {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

 private:
  static void OnInfo(const SSL* ssl, int where, int value) {
    constexpr int kFatal = 2;
    if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT || value >> 8 != kFatal) return;
    static_cast<TlsClient*>(SSL_get_app_data(ssl))->alert_ = value & 0xff;
  }

  net::TlsHandle<SSL_CTX, SSL_CTX_free> context_;
  net::TlsHandle<SSL, SSL_free> ssl_;
  std::optional<int> alert_;
};

}  // namespace weir::testing

#endif  // WEIR_TESTS_TESTING_TLS_CLIENT_H_
