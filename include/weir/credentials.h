// How a listening port is secured.
#ifndef WEIR_CREDENTIALS_H_
#define WEIR_CREDENTIALS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "weir/status.h"

namespace weir {

// What is asked of the client's certificate. Named as in gRPC C++.
enum class ClientCertificateRequest : uint8_t {
  kDontRequest,
  kRequestButDontVerify,
  kRequestAndVerify,
  kRequireButDontVerify,
  kRequireAndVerify,
};

// A private key and its certificate chain (leaf first), both as PEM text.
struct PemKeyCertPair {
  std::string private_key;
  std::string cert_chain;
};

// TLS 1.2 and 1.3 with ALPN "h2".
struct SslServerCredentialsOptions {
  // At least one. Of several, the one whose certificate covers the name that the client asks for
  // (SNI) is shown, else the first.
  std::vector<PemKeyCertPair> pem_key_cert_pairs;
  // PEM text of the authorities that client certificates are verified against.
  std::string pem_root_certs;
  ClientCertificateRequest client_certificate_request = ClientCertificateRequest::kDontRequest;
};

// Immutable; shared between ports. Problems with keys and certificates are reported by
// ServerBuilder::BuildAndStart.
class ServerCredentials {
 public:
  virtual ~ServerCredentials() = default;
  ServerCredentials(const ServerCredentials&) = delete;
  ServerCredentials& operator=(const ServerCredentials&) = delete;

 protected:
  ServerCredentials() = default;
};

// HTTP/2 in the clear with prior knowledge ("h2c").
std::shared_ptr<ServerCredentials> InsecureServerCredentials();

std::shared_ptr<ServerCredentials> SslServerCredentials(SslServerCredentialsOptions options);

// Reads a whole file, such as a PEM file. The status names the file and the cause.
StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace weir

#endif  // WEIR_CREDENTIALS_H_
