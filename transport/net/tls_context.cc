#include "transport/net/tls_context.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "transport/base/bytes.h"
#include "transport/base/check.h"
#include "transport/net/tls_error.h"
#include "transport/net/tls_handle.h"

namespace weir::net {

namespace {

using BioPtr = TlsHandle<BIO, BIO_free_all>;
using ContextPtr = TlsHandle<SSL_CTX, SSL_CTX_free>;
using KeyPtr = TlsHandle<EVP_PKEY, EVP_PKEY_free>;
using CertificatePtr = TlsHandle<X509, X509_free>;

void FreeChain(STACK_OF(X509) * chain) { sk_X509_pop_free(chain, X509_free); }
using ChainPtr = TlsHandle<STACK_OF(X509), FreeChain>;

// Nothing, or the sentence that Create returns.
using Failure = std::string;

// RFC 9113 §9.2.2 and appendix A: what is left of TLS 1.2 is ephemeral ECDH with an AEAD. The
// suites of TLS 1.3 are all allowed.
constexpr char kTls12Ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

// RFC 7301 §3.1: each name is preceded by its length.
constexpr std::array<uint8_t, 3> kAlpnH2 = {2, 'h', '2'};

// Real chains take 2 to 8 KB. OpenSSL's own limit of 100 KB would be memory an attacker can hold in
// every handshake.
constexpr long kClientChainBytesMax = 16 * 1024;

BioPtr ReadOnlyBio(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// --- Callbacks of the handshake --------------------------------------------------------------

// A client that offers no ALPN would pass, since OpenSSL then does not ask SelectAlpn.
int RequireAlpn(SSL* ssl, int* alert, void* /*argument*/) {
  const unsigned char* data = nullptr;
  size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &data,
                                &size) == 1) {
    return SSL_CLIENT_HELLO_SUCCESS;
  }
  *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
  return SSL_CLIENT_HELLO_ERROR;
}

int SelectAlpn(SSL* /*ssl*/, const unsigned char** selected, unsigned char* selected_size,
               const unsigned char* offered, unsigned int offered_size, void* /*argument*/) {
  ByteView names(offered, offered_size);
  while (!names.empty() && names[0] < names.size()) {
    const size_t entry = size_t{1} + names[0];
    if (std::equal(kAlpnH2.begin(), kAlpnH2.end(), names.begin(),
                   names.begin() + static_cast<std::ptrdiff_t>(entry))) {
      *selected = kAlpnH2.data() + 1;
      *selected_size = kAlpnH2[0];
      return SSL_TLSEXT_ERR_OK;
    }
    names = names.subspan(entry);
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;  // no_application_protocol
}

// For the modes that take any certificate: judged bad, so that nobody mistakes it for verified, and
// yet accepted.
int TakeAnyCertificate(X509_STORE_CTX* store, void* /*argument*/) {
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return 1;
}

// The contexts of the second and later identities hang on the first one's, so that they live as
// long as a session may need them.
using OtherContexts = std::vector<ContextPtr>;

void FreeOtherContexts(void* /*parent*/, void* pointer, CRYPTO_EX_DATA* /*data*/, int /*index*/,
                       long /*argl*/, void* /*argp*/) {
  delete static_cast<OtherContexts*>(pointer);
}

int OtherContextsIndex() {
  static const int index =
      SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, FreeOtherContexts);
  return index;
}

bool Covers(SSL_CTX* context, const char* name) {
  return X509_check_host(SSL_CTX_get0_certificate(context), name, std::strlen(name), 0, nullptr) ==
         1;
}

int SelectIdentity(SSL* ssl, int* /*alert*/, void* /*argument*/) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  SSL_CTX* first = SSL_get_SSL_CTX(ssl);
  const auto* others =
      static_cast<const OtherContexts*>(SSL_CTX_get_ex_data(first, OtherContextsIndex()));
  if (name == nullptr || others == nullptr || Covers(first, name)) return SSL_TLSEXT_ERR_OK;
  for (const ContextPtr& other : *others) {
    if (!Covers(other.get(), name)) continue;
    SSL_set_SSL_CTX(ssl, other.get());
    break;
  }
  return SSL_TLSEXT_ERR_OK;
}

// --- Reading PEM -----------------------------------------------------------------------------

// Never asks at the terminal, which is OpenSSL's default.
int RefuseToAskForPassword(char* /*buffer*/, int /*size*/, int /*is_writing*/, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

// After the last block of a PEM text OpenSSL reports that there is no further one.
bool IsAtEndOfPem() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

Failure ReadKey(const std::string& pem, KeyPtr& key) {
  bool was_asked_for_password = false;
  const BioPtr bio = ReadOnlyBio(pem);
  key.reset(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, RefuseToAskForPassword, &was_asked_for_password));
  if (key != nullptr) return Failure();
  const std::string cause = TakeTlsError("it cannot be parsed");
  if (was_asked_for_password) return "the private key is encrypted; give it without a password";
  return "the private key is not PEM of a private key: " + cause;
}

// All certificates of a text, at least one. `what` begins the sentence.
Failure ReadCertificates(const std::string& pem, std::string_view what, ChainPtr& chain) {
  chain.reset(sk_X509_new_null());
  const BioPtr bio = ReadOnlyBio(pem);
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    sk_X509_push(chain.get(), certificate);
  }
  const bool is_complete = IsAtEndOfPem();
  const std::string cause = TakeTlsError("it cannot be parsed");
  if (!is_complete) return std::string(what) + " is not PEM of certificates: " + cause;
  if (sk_X509_num(chain.get()) == 0) return std::string(what) + " holds no certificate";
  return Failure();
}

Failure UseIdentity(SSL_CTX* context, const TlsIdentity& identity) {
  KeyPtr key;
  ChainPtr chain;
  if (Failure failure = ReadKey(identity.private_key_pem, key); !failure.empty()) return failure;
  if (Failure failure =
          ReadCertificates(identity.certificate_chain_pem, "the certificate chain", chain);
      !failure.empty()) {
    return failure;
  }
  const CertificatePtr leaf(sk_X509_shift(chain.get()));
  if (X509_check_private_key(leaf.get(), key.get()) != 1) {
    ERR_clear_error();
    return "the private key does not belong to the first certificate of the chain";
  }
  if (SSL_CTX_use_cert_and_key(context, leaf.get(), key.get(), chain.get(), 1) != 1) {
    return "the certificate cannot be used: " + TakeTlsError("OpenSSL gives no reason");
  }
  return Failure();
}

// --- Building a context ----------------------------------------------------------------------

void ApplyFixedPolicy(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_early_data(context, 0);
  SSL_CTX_set_max_cert_list(context, kClientChainBytesMax);
  SSL_CTX_set_client_hello_cb(context, RequireAlpn, nullptr);
  SSL_CTX_set_alpn_select_cb(context, SelectAlpn, nullptr);
  SSL_CTX_set_tlsext_servername_callback(context, SelectIdentity);
}

// RFC 8446 §4.6.1: with the cache off a ticket holds the whole session, and one is enough for a
// client that keeps one connection.
void ApplyResumption(SSL_CTX* context, ClientCertificateMode mode) {
  const bool is_on = mode == ClientCertificateMode::kNone;
  SSL_CTX_set_num_tickets(context, is_on ? 1 : 0);
  if (!is_on) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
}

struct CertificatePolicy {
  int verify_mode;
  bool verifies;
};

CertificatePolicy PolicyOf(ClientCertificateMode mode) {
  constexpr int kRequest = SSL_VERIFY_PEER;
  constexpr int kRequire = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  switch (mode) {
    case ClientCertificateMode::kNone:
      return {SSL_VERIFY_NONE, false};
    case ClientCertificateMode::kRequest:
      return {kRequest, false};
    case ClientCertificateMode::kRequestAndVerify:
      return {kRequest, true};
    case ClientCertificateMode::kRequire:
      return {kRequire, false};
    case ClientCertificateMode::kRequireAndVerify:
      return {kRequire, true};
  }
  WEIR_UNREACHABLE();
}

Failure ApplyClientCertificates(SSL_CTX* context, const TlsOptions& options) {
  const CertificatePolicy policy = PolicyOf(options.client_certificates);
  SSL_CTX_set_verify(context, policy.verify_mode, nullptr);
  if (!policy.verifies) {
    SSL_CTX_set_cert_verify_callback(context, TakeAnyCertificate, nullptr);
  }
  if (options.client_roots_pem.empty()) {
    return policy.verifies ? "verifying client certificates needs client roots" : Failure();
  }
  ChainPtr roots;
  if (Failure failure = ReadCertificates(options.client_roots_pem, "the client root text", roots);
      !failure.empty()) {
    return failure;
  }
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (int i = 0; i < sk_X509_num(roots.get()); ++i) {
    X509* root = sk_X509_value(roots.get(), i);
    // The names are sent along with the request, so that a client can choose among certificates.
    if (X509_STORE_add_cert(store, root) != 1 || SSL_CTX_add_client_CA(context, root) != 1) {
      return "a client root cannot be used: " + TakeTlsError("OpenSSL gives no reason");
    }
  }
  return Failure();
}

Result<ContextPtr, std::string> BuildContext(const TlsOptions& options,
                                             const TlsIdentity& identity) {
  ContextPtr context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) return TakeTlsError("out of memory");
  ApplyFixedPolicy(context.get());
  ApplyResumption(context.get(), options.client_certificates);
  const int oldest = options.oldest_version == TlsVersion::kTls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
  if (SSL_CTX_set_min_proto_version(context.get(), oldest) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), kTls12Ciphers) != 1) {
    return TakeTlsError("the TLS library does not support what weir needs");
  }
  if (Failure failure = UseIdentity(context.get(), identity); !failure.empty()) return failure;
  if (Failure failure = ApplyClientCertificates(context.get(), options); !failure.empty()) {
    return failure;
  }
  return context;
}

}  // namespace

Result<std::unique_ptr<TlsContext>, std::string> TlsContext::Create(const TlsOptions& options) {
  ERR_clear_error();
  if (options.identities.empty()) {
    return std::string("TLS needs an identity: a private key and a certificate chain");
  }
  std::vector<ContextPtr> contexts;
  for (const TlsIdentity& identity : options.identities) {
    auto context = BuildContext(options, identity);
    if (!context.ok()) {
      if (options.identities.size() == 1) return context.error();
      return "TLS identity " + std::to_string(contexts.size() + 1) + ": " + context.error();
    }
    contexts.push_back(std::move(context).value());
  }
  ContextPtr first = std::move(contexts.front());
  contexts.erase(contexts.begin());
  if (!contexts.empty()) {
    auto others = std::make_unique<OtherContexts>(std::move(contexts));
    if (SSL_CTX_set_ex_data(first.get(), OtherContextsIndex(), others.get()) != 1) {
      return TakeTlsError("out of memory");
    }
    static_cast<void>(others.release());  // now owned by `first`
  }
  return std::unique_ptr<TlsContext>(new TlsContext(first.release()));
}

TlsContext::TlsContext(ssl_ctx_st* context) : context_(context) {}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

}  // namespace weir::net
