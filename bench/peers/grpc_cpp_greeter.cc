// How expensive are the same greeter and the same streams on gRPC C++? The peer that benchmarks
// compare with.
//
// All three server APIs of gRPC C++, each set up the way its documentation recommends for
// throughput: the asynchronous one keeps many calls outstanding on every completion queue and
// reuses their state; the synchronous one polls with as many threads as asked for; the callback one
// has only the library's own threads.
#include <unistd.h>

#include <csignal>
#include <string>

#include "bench/peers/grpc_cpp_start.h"
#include "examples/support/flags.h"

int main(int argc, char** argv) {
  weir::bench::Settings settings;
  std::string api = "async";
  examples::Flags flags("Serves helloworld.Greeter and weir.bench.Streams with gRPC C++.");
  flags.Add("port", &settings.port, "port to listen on; 0 takes a free one", examples::kPortRange);
  flags.Add("threads", &settings.threads, "completion queues, of the async and sync APIs",
            {.lowest = 1, .highest = 1024});
  flags.AddChoice("api", &api, "which API of gRPC C++; async has no streams",
                  {"sync", "async", "callback"});
  flags.Add("tls_cert_file", &settings.tls_cert_file, "PEM file with the certificate; serves TLS");
  flags.Add("tls_key_file", &settings.tls_key_file, "PEM file with its private key");
  flags.Add("gzip", &settings.gzip, "compress answers to clients that accept it");
  flags.ParseOrExit(argc, argv);
  if (settings.tls_cert_file.empty() != settings.tls_key_file.empty()) {
    examples::ExitForWrongUsage(argv[0], "--tls_cert_file and --tls_key_file need each other");
  }

  std::signal(SIGTERM, [](int) { _exit(0); });  // There is nothing to save.
  if (api == "sync") {
    weir::bench::ServeSync(settings);
  } else if (api == "callback") {
    weir::bench::ServeCallback(settings);
  } else {
    weir::bench::ServeAsync(settings);
  }
}
