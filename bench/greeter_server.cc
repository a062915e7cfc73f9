// The greeter, and streams, as a benchmark wants them: in each style of handler, with as many
// threads as told.
//
// Its flags and the paths it serves are used by other programs; do not change them.
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "bench/servers/blocking_services.h"
#include "bench/servers/coroutine_services.h"
#include "examples/support/flags.h"
#include "server/measured_time.h"
#include "weir/weir.h"

namespace {

struct Settings {
  int port = 50051;
  int threads = 1;
  std::string execution = "inline";
  std::string tls_cert_file;
  std::string tls_key_file;
  bool gzip = false;
  bool ignores_service_time = false;
};

weir::StatusOr<std::shared_ptr<weir::ServerCredentials>> MakeCredentials(const Settings& settings) {
  if (settings.tls_cert_file.empty()) return weir::InsecureServerCredentials();
  weir::StatusOr<std::string> chain = weir::ReadFile(settings.tls_cert_file);
  if (!chain.ok()) return chain.status();
  weir::StatusOr<std::string> key = weir::ReadFile(settings.tls_key_file);
  if (!key.ok()) return key.status();
  weir::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({.private_key = *key, .cert_chain = *chain});
  return weir::SslServerCredentials(std::move(options));
}

// A stream waits for its client, so that inline handlers are coroutines where the call has one.
void RegisterServices(const Settings& settings, weir::ServerBuilder* builder) {
  const weir::CompressionAlgorithm encoding =
      settings.gzip ? weir::CompressionAlgorithm::kGzip : weir::CompressionAlgorithm::kNone;
  if (settings.execution == "coroutine") {
    builder->RegisterService(std::make_unique<weir::bench::CoroutineGreeter>(encoding));
  } else {
    weir::MethodOptions options;
    options.execution =
        settings.execution == "inline" ? weir::Execution::kInline : weir::Execution::kPool;
    builder->RegisterService(std::make_unique<weir::bench::BlockingGreeter>(encoding), options);
  }
  if (settings.execution == "blocking") {
    builder->RegisterService(std::make_unique<weir::bench::BlockingStreams>(encoding));
  } else {
    builder->RegisterService(std::make_unique<weir::bench::CoroutineStreams>(encoding));
  }
}

int Fail(const weir::Status& status) {
  std::fprintf(stderr, "greeter_server: %s\n", status.error_message().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  weir::StopSignal stop;  // Before any thread exists.

  Settings settings;
  examples::Flags flags(
      "Serves helloworld.Greeter and weir.bench.Streams for benchmarks until SIGTERM or SIGINT.");
  flags.Add("port", &settings.port, "port to listen on; 0 takes a free one", examples::kPortRange);
  flags.Add("threads", &settings.threads, "worker threads; 0 takes one per CPU",
            {.lowest = 0, .highest = 1024});
  flags.AddChoice("execution", &settings.execution, "where the handler runs",
                  {"inline", "blocking", "coroutine"});
  flags.Add("tls_cert_file", &settings.tls_cert_file, "PEM file with the certificate; serves TLS");
  flags.Add("tls_key_file", &settings.tls_key_file, "PEM file with its private key");
  flags.Add("gzip", &settings.gzip, "compress answers to clients that accept it");
  flags.Add("ignore_service_time", &settings.ignores_service_time,
            "whether connections may keep each other waiting, for runs under a profiler");
  flags.ParseOrExit(argc, argv);
  if (settings.tls_cert_file.empty() != settings.tls_key_file.empty()) {
    examples::ExitForWrongUsage(argv[0], "--tls_cert_file and --tls_key_file need each other");
  }

  weir::StatusOr<std::shared_ptr<weir::ServerCredentials>> credentials = MakeCredentials(settings);
  if (!credentials.ok()) return Fail(credentials.status());
  weir::ServerOptions options;
  options.worker_threads = static_cast<size_t>(settings.threads);
  weir::ServerBuilder builder;
  if (settings.ignores_service_time) weir::server::IgnoreServiceTime(builder);
  builder.SetOptions(std::move(options));
  builder.AddListeningPort("0.0.0.0:" + std::to_string(settings.port), *credentials);
  RegisterServices(settings, &builder);
  weir::StatusOr<std::unique_ptr<weir::Server>> server = builder.BuildAndStart();
  if (!server.ok()) return Fail(server.status());
  std::printf("listening on %s\n", (*server)->addresses().front().c_str());
  std::fflush(stdout);

  stop.Wait();
  (*server)->Shutdown(std::chrono::seconds(10));
  return 0;
}
