#include "bench/peers/grpc_cpp_start.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace weir::bench {
namespace {

std::string ReadFile(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::shared_ptr<grpc::ServerCredentials> MakeCredentials(const Settings& settings) {
  if (settings.tls_cert_file.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back(
      {ReadFile(settings.tls_key_file), ReadFile(settings.tls_cert_file)});
  return grpc::SslServerCredentials(options);
}

}  // namespace

std::unique_ptr<grpc::Server> StartOrExit(grpc::ServerBuilder& builder, const Settings& settings) {
  if (settings.gzip) builder.SetDefaultCompressionAlgorithm(GRPC_COMPRESS_GZIP);
  int listening_port = 0;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(settings.port), MakeCredentials(settings),
                           &listening_port);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || listening_port == 0) {
    std::fprintf(stderr, "cannot listen on 127.0.0.1:%d\n", settings.port);
    std::exit(1);
  }
  std::printf("listening on 127.0.0.1:%d\n", listening_port);
  std::fflush(stdout);
  return server;
}

}  // namespace weir::bench
