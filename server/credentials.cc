#include "server/credentials.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace weir {
namespace {

class InsecureCredentials final : public ServerCredentials {};

class SslCredentials final : public ServerCredentials {
 public:
  explicit SslCredentials(SslServerCredentialsOptions options) : options_(std::move(options)) {}
  const SslServerCredentialsOptions& options() const { return options_; }

 private:
  SslServerCredentialsOptions options_;
};

net::ClientCertificateMode ModeOf(ClientCertificateRequest request) {
  switch (request) {
    case ClientCertificateRequest::kDontRequest:
      return net::ClientCertificateMode::kNone;
    case ClientCertificateRequest::kRequestButDontVerify:
      return net::ClientCertificateMode::kRequest;
    case ClientCertificateRequest::kRequestAndVerify:
      return net::ClientCertificateMode::kRequestAndVerify;
    case ClientCertificateRequest::kRequireButDontVerify:
      return net::ClientCertificateMode::kRequire;
    case ClientCertificateRequest::kRequireAndVerify:
      return net::ClientCertificateMode::kRequireAndVerify;
  }
  return net::ClientCertificateMode::kRequireAndVerify;
}

}  // namespace

std::shared_ptr<ServerCredentials> InsecureServerCredentials() {
  return std::make_shared<InsecureCredentials>();
}

std::shared_ptr<ServerCredentials> SslServerCredentials(SslServerCredentialsOptions options) {
  return std::make_shared<SslCredentials>(std::move(options));
}

StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content;
  std::array<char, 4096> part;
  while (file) {
    file.read(part.data(), part.size());
    content.append(part.data(), static_cast<size_t>(file.gcount()));
  }
  // A folder can be opened, and fails to be read.
  if (!file.is_open() || file.bad()) {
    return Status(StatusCode::NOT_FOUND, "cannot read " + path + ": " + std::strerror(errno));
  }
  return content;
}

namespace server {

StatusOr<std::unique_ptr<net::TlsContext>> MakeTlsContext(const ServerCredentials* credentials) {
  if (credentials == nullptr) {
    return Status(StatusCode::INVALID_ARGUMENT,
                  "a listening port has no credentials: pass InsecureServerCredentials() or "
                  "SslServerCredentials()");
  }
  const auto* ssl = dynamic_cast<const SslCredentials*>(credentials);
  if (ssl == nullptr) return std::unique_ptr<net::TlsContext>();
  net::TlsOptions options;
  for (const PemKeyCertPair& pair : ssl->options().pem_key_cert_pairs) {
    options.identities.push_back(
        {.private_key_pem = pair.private_key, .certificate_chain_pem = pair.cert_chain});
  }
  options.client_roots_pem = ssl->options().pem_root_certs;
  options.client_certificates = ModeOf(ssl->options().client_certificate_request);
  auto context = net::TlsContext::Create(options);
  if (!context.ok()) return Status(StatusCode::INVALID_ARGUMENT, context.error());
  return std::move(context).value();
}

}  // namespace server
}  // namespace weir
