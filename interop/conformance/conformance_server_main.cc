// The server program of connectrpc's conformance suite, on weir.
//
// The suite's runner starts it once for each kind of server: it says on standard input what the
// server shall be like, is told on standard output where it is, and ends it with SIGTERM. Each
// message is preceded by its size, four bytes, the highest first.
#include <google/protobuf/message_lite.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "interop/conformance/conformance_service.h"
#include "interop/protos/connectrpc/conformance/v1/server_compat.pb.h"
#include "weir/weir.h"

namespace {

using ::connectrpc::conformance::v1::HTTP_VERSION_2;
using ::connectrpc::conformance::v1::PROTOCOL_GRPC;
using ::connectrpc::conformance::v1::ServerCompatRequest;
using ::connectrpc::conformance::v1::ServerCompatResponse;

constexpr size_t kSizeBytes = 4;
// Certificates and a key, and room to spare.
constexpr uint32_t kMaxRequestBytes = 1024 * 1024;

bool ReadMessage(std::FILE* file, google::protobuf::MessageLite* message) {
  unsigned char prefix[kSizeBytes];
  if (std::fread(prefix, 1, kSizeBytes, file) != kSizeBytes) return false;
  uint32_t size = 0;
  for (const unsigned char byte : prefix) size = size << 8 | byte;
  if (size > kMaxRequestBytes) return false;
  std::string bytes(size, '\0');
  return std::fread(bytes.data(), 1, size, file) == size && message->ParseFromString(bytes);
}

bool WriteMessage(std::FILE* file, const google::protobuf::MessageLite& message) {
  const std::string bytes = message.SerializeAsString();
  const auto size = static_cast<uint32_t>(bytes.size());
  const unsigned char prefix[kSizeBytes] = {
      static_cast<unsigned char>(size >> 24), static_cast<unsigned char>(size >> 16),
      static_cast<unsigned char>(size >> 8), static_cast<unsigned char>(size)};
  return std::fwrite(prefix, 1, kSizeBytes, file) == kSizeBytes &&
         std::fwrite(bytes.data(), 1, size, file) == size && std::fflush(file) == 0;
}

std::shared_ptr<weir::ServerCredentials> MakeCredentials(const ServerCompatRequest& wanted) {
  if (!wanted.use_tls()) return weir::InsecureServerCredentials();
  weir::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back(
      {.private_key = wanted.server_creds().key(), .cert_chain = wanted.server_creds().cert()});
  if (!wanted.client_tls_cert().empty()) {
    options.pem_root_certs = wanted.client_tls_cert();
    options.client_certificate_request = weir::ClientCertificateRequest::kRequireAndVerify;
  }
  return weir::SslServerCredentials(std::move(options));
}

int Fail(const std::string& sentence) {
  std::fprintf(stderr, "conformance_server: %s\n", sentence.c_str());
  return 1;
}

}  // namespace

int main() {
  weir::StopSignal stop;  // Before any thread exists.
  ServerCompatRequest wanted;
  if (!ReadMessage(stdin, &wanted)) {
    return Fail("standard input does not say which server is wanted; the suite's runner does that");
  }
  if (wanted.protocol() != PROTOCOL_GRPC || wanted.http_version() != HTTP_VERSION_2) {
    return Fail("only gRPC over HTTP/2 is served");
  }

  weir::interop::ConformanceService service;
  weir::ServerOptions options;
  options.max_receive_message_bytes =
      wanted.message_receive_limit() > 0 ? wanted.message_receive_limit() : SIZE_MAX;
  weir::ServerBuilder builder;
  builder.SetOptions(std::move(options));
  builder.AddListeningPort("127.0.0.1:0", MakeCredentials(wanted));
  builder.RegisterService(&service);
  weir::StatusOr<std::unique_ptr<weir::Server>> server = builder.BuildAndStart();
  if (!server.ok()) return Fail(server.status().error_message());

  ServerCompatResponse found;
  found.set_host("127.0.0.1");
  found.set_port(static_cast<uint32_t>((*server)->port()));
  if (wanted.use_tls()) found.set_pem_cert(wanted.server_creds().cert());
  if (!WriteMessage(stdout, found)) return Fail("nobody reads standard output");

  stop.Wait();
  (*server)->Shutdown(std::chrono::seconds(10));
  return 0;
}
