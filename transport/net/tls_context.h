// What does the server show and demand in a TLS handshake?
#ifndef WEIR_TRANSPORT_NET_TLS_CONTEXT_H_
#define WEIR_TRANSPORT_NET_TLS_CONTEXT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "transport/base/result.h"

struct ssl_ctx_st;

namespace weir::net {

// A private key and the certificates that go with it, as PEM text.
struct TlsIdentity {
  std::string private_key_pem;        // unencrypted; RSA, ECDSA or EdDSA
  std::string certificate_chain_pem;  // the server's certificate first, then its issuers
};

// Whether clients must show a certificate; the five modes of gRPC
// (grpc_ssl_client_certificate_request_type).
enum class ClientCertificateMode : uint8_t {
  kNone,              // not asked for
  kRequest,           // asked for; taken as it is, or left out
  kRequestAndVerify,  // asked for; refused if it does not verify; may be left out
  kRequire,  // must be shown; taken as it is, so identity must be judged by the application
  kRequireAndVerify,  // must be shown and verify
};

enum class TlsVersion : uint8_t { kTls12, kTls13 };

struct TlsOptions {
  // At least one. With several, the one whose certificate covers the name a client asks for (SNI)
  // is shown, else the first.
  std::vector<TlsIdentity> identities = {};

  // Certificates that client certificates are verified against, as PEM. Required by the two
  // verifying modes.
  std::string client_roots_pem = {};

  ClientCertificateMode client_certificates = ClientCertificateMode::kNone;

  // kTls13 refuses clients older than about 2018 and saves a round trip for nobody; RFC 9113 §9.2
  // allows 1.2.
  TlsVersion oldest_version = TlsVersion::kTls12;
};

// The fixed part of the policy: TLS 1.2 with ephemeral key exchange and AEAD only (RFC 9113 §9.2.2
// and appendix A) or 1.3; ALPN must select "h2", else the alert is no_application_protocol
// (RFC 7301 §3.2); no renegotiation, no compression, no early data (replays would run calls twice).
// Resumption is by ticket only, so sessions cost the server no memory; it is off when client
// certificates are asked for, so that each connection proves its identity anew. A client's
// certificate chain may be 16 KiB.
//
// Immutable and thread-safe; workers may share one, or have one each to avoid contention on
// OpenSSL's reference counts. A session keeps what it needs: the context may be destroyed, and
// replaced by one with new certificates, while sessions made from it live on.
class TlsContext {
 public:
  // The error is one sentence that says which text is wrong and how.
  static Result<std::unique_ptr<TlsContext>, std::string> Create(const TlsOptions& options);

  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsSession;

  explicit TlsContext(ssl_ctx_st* context);

  ssl_ctx_st* context_;  // of the first identity; it owns those of the others
};

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_TLS_CONTEXT_H_
