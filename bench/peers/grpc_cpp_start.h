// What do the three APIs of gRPC C++ have in common when a server starts?
#ifndef WEIR_BENCH_PEERS_GRPC_CPP_START_H_
#define WEIR_BENCH_PEERS_GRPC_CPP_START_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

namespace weir::bench {

struct Settings {
  int port = 0;
  int threads = 1;
  // PEM files; empty: in the clear.
  std::string tls_cert_file;
  std::string tls_key_file;
  // Compress answers to clients that accept it.
  bool gzip = false;
};

// Starts the server and reports where it listens; ends the program if that is not possible.
std::unique_ptr<grpc::Server> StartOrExit(grpc::ServerBuilder& builder, const Settings& settings);

// One server on each API. They serve for as long as the process lives. The asynchronous one has no
// streams: it answers them with UNIMPLEMENTED.
void ServeSync(const Settings& settings);
void ServeCallback(const Settings& settings);
void ServeAsync(const Settings& settings);

}  // namespace weir::bench

#endif  // WEIR_BENCH_PEERS_GRPC_CPP_START_H_
