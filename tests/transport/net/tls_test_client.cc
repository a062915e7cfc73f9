#include "tests/transport/net/tls_test_client.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <random>
#include <utility>

namespace weir::net {

namespace {

using BioPtr = TlsHandle<BIO, BIO_free_all>;
using KeyPtr = TlsHandle<EVP_PKEY, EVP_PKEY_free>;
using CertificatePtr = TlsHandle<X509, X509_free>;

BioPtr BioOf(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

void UseCertificate(SSL_CTX* context, const TlsTestClientOptions& options) {
  const BioPtr certificate_bio = BioOf(options.certificate_pem);
  const CertificatePtr leaf(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  EXPECT_EQ(SSL_CTX_use_certificate(context, leaf.get()), 1);
  while (X509* next = PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr)) {
    EXPECT_EQ(SSL_CTX_add0_chain_cert(context, next), 1);
  }
  const BioPtr key_bio = BioOf(options.private_key_pem);
  const KeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  EXPECT_EQ(SSL_CTX_use_PrivateKey(context, key.get()), 1);
  ERR_clear_error();
}

void OfferAlpn(SSL* ssl, const std::vector<std::string>& names) {
  std::string wire;
  for (const std::string& name : names) {
    wire += static_cast<char>(name.size());
    wire += name;
  }
  const auto* data = reinterpret_cast<const unsigned char*>(wire.data());
  EXPECT_EQ(SSL_set_alpn_protos(ssl, data, static_cast<unsigned>(wire.size())), 0);
}

}  // namespace

TlsTestClient::TlsTestClient(const TlsTestClientOptions& options)
    : context_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX* context = context_.get();
  SSL_CTX_set_security_level(context, 0);  // so that it offers what the server must refuse
  SSL_CTX_set_min_proto_version(context, options.oldest_version);
  SSL_CTX_set_max_proto_version(context, options.newest_version);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT);
  SSL_CTX_sess_set_new_cb(context, OnNewSession);
  SSL_CTX_set_info_callback(context, OnInfo);
  if (!options.tls12_ciphers.empty()) {
    EXPECT_EQ(SSL_CTX_set_cipher_list(context, options.tls12_ciphers.c_str()), 1);
  }
  if (!options.certificate_pem.empty()) UseCertificate(context, options);
  ssl_.reset(SSL_new(context));
  SSL_set_app_data(ssl_.get(), this);
  if (!options.alpn.empty()) OfferAlpn(ssl_.get(), options.alpn);
  if (!options.server_name.empty()) {
    SSL_set_tlsext_host_name(ssl_.get(), options.server_name.c_str());
  }
  if (options.resumed != nullptr) SSL_set_session(ssl_.get(), options.resumed);
  from_server_ = BIO_new(BIO_s_mem());
  to_server_ = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl_.get(), from_server_, to_server_);
  SSL_set_connect_state(ssl_.get());
}

void TlsTestClient::OnInfo(const SSL* ssl, int where, int value) {
  constexpr int kFatal = 2;
  const bool is_fatal_from_server =
      (where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (value >> 8) == kFatal;
  if (!is_fatal_from_server) return;
  static_cast<TlsTestClient*>(SSL_get_app_data(ssl))->alert_ = value & 0xff;
}

int TlsTestClient::OnNewSession(SSL* ssl, SSL_SESSION* session) {
  auto& client = *static_cast<TlsTestClient*>(SSL_get_app_data(ssl));
  client.ticket_.reset(session);
  ++client.ticket_count_;
  return 1;  // the reference is ours
}

void TlsTestClient::Step() {
  SSL_do_handshake(ssl_.get());
  ERR_clear_error();
}

void TlsTestClient::Write(std::string_view plaintext) {
  EXPECT_EQ(SSL_write(ssl_.get(), plaintext.data(), static_cast<int>(plaintext.size())),
            static_cast<int>(plaintext.size()));
}

std::string TlsTestClient::ReadAll() {
  std::string text;
  std::array<char, 4096> part;
  for (int size; (size = SSL_read(ssl_.get(), part.data(), part.size())) > 0;) {
    text.append(part.data(), static_cast<size_t>(size));
  }
  ERR_clear_error();
  return text;
}

std::string TlsTestClient::TakeCiphertext() {
  std::string bytes(BIO_ctrl_pending(to_server_), '\0');
  if (!bytes.empty()) BIO_read(to_server_, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

void TlsTestClient::GiveCiphertext(std::string_view ciphertext) {
  if (ciphertext.empty()) return;
  BIO_write(from_server_, ciphertext.data(), static_cast<int>(ciphertext.size()));
}

std::string TlsTestClient::ServerCommonName() {
  const CertificatePtr certificate(SSL_get1_peer_certificate(ssl_.get()));
  if (certificate == nullptr) return std::string();
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name.data(),
                            name.size());
  return name.data();
}

Segmenter Whole() {
  return [] { return std::numeric_limits<size_t>::max(); };
}

Segmenter ByteByByte() {
  return [] { return size_t{1}; };
}

Segmenter RandomPieces(unsigned seed) {
  return [random = std::mt19937(seed)]() mutable {
    return std::uniform_int_distribution<size_t>(1, 300)(random);
  };
}

TlsTestServer::TlsTestServer(const TlsContext& context, Segmenter segmenter)
    : session_(TlsSession::Create(context)), segmenter_(std::move(segmenter)) {
  EXPECT_NE(session_, nullptr);
}

void TlsTestServer::Receive(std::string_view ciphertext) {
  while (!ciphertext.empty()) {
    const size_t size = std::min(segmenter_(), ciphertext.size());
    // On the heap, so that a sanitizer sees who looks at it later.
    const auto piece = std::make_unique<uint8_t[]>(size);
    std::copy_n(ciphertext.begin(), size, piece.get());
    ciphertext.remove_prefix(size);
    session_->Feed({piece.get(), size});
    std::array<uint8_t, 5000> plaintext;
    for (;;) {
      const TlsReadResult result = session_->ReadPlaintext(plaintext);
      last_result_ = result.kind;
      if (result.kind != TlsReadResult::Kind::kOk) break;
      received_ += AsText(ByteView(plaintext).first(result.bytes));
    }
    if (last_result_ != TlsReadResult::Kind::kWantMore) return;  // a driver would stop, too
  }
}

std::string TlsTestServer::TakeCiphertext() {
  std::string bytes;
  while (!session_->PendingCiphertext().empty()) {
    const ByteView pending = session_->PendingCiphertext();
    const size_t size = std::min(segmenter_(), pending.size());
    bytes += AsText(pending.first(size));
    session_->CiphertextWritten(size);
  }
  return bytes;
}

void Exchange(TlsTestClient& client, TlsTestServer& server) {
  for (;;) {
    if (!client.IsHandshakeDone()) client.Step();
    const std::string to_server = client.TakeCiphertext();
    server.Receive(to_server);
    const std::string to_client = server.TakeCiphertext();
    client.GiveCiphertext(to_client);
    if (to_server.empty() && to_client.empty()) return;
  }
}

}  // namespace weir::net
