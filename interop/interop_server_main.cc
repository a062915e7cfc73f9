// The server program of gRPC's interoperability suite, on weir.
//
// Its flags are those of the other implementations' servers, so that their drivers can start it.
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "examples/support/flags.h"
#include "interop/load_reports.h"
#include "interop/test_service.h"
#include "server/plain_responder.h"
#include "weir/health.h"
#include "weir/reflection.h"
#include "weir/weir.h"

namespace {

struct Settings {
  int port = 10000;
  bool use_tls = false;
  bool plain_responder = false;
  std::string tls_cert_file;
  std::string tls_key_file;
  int keepalive_time_ms = 0;
  int keepalive_timeout_ms = 0;
};

constexpr examples::IntRange kMilliseconds = {.lowest = 0, .highest = 1'000'000'000};

Settings ParseSettings(int argc, char** argv) {
  Settings settings;
  examples::Flags flags("Serves grpc.testing.TestService until SIGTERM or SIGINT.");
  flags.Add("port", &settings.port, "port to listen on; 0 takes a free one", examples::kPortRange);
  flags.Add("use_tls", &settings.use_tls, "whether clients must use TLS");
  flags.Add("tls_cert_file", &settings.tls_cert_file, "PEM file with the certificate chain");
  flags.Add("tls_key_file", &settings.tls_key_file, "PEM file with the private key");
  flags.Add("plain_responder", &settings.plain_responder,
            "whether requests for / that are not gRPC are answered with 200, for tests of HTTP/2");
  flags.Add(
      "keepalive_time_ms", &settings.keepalive_time_ms,
      "time without a sign of life after which a client is asked for one; 0 leaves the default",
      kMilliseconds);
  flags.Add("keepalive_timeout_ms", &settings.keepalive_timeout_ms,
            "time that it has for the answer; 0 leaves the default", kMilliseconds);
  flags.ParseOrExit(argc, argv);
  const bool has_files = !settings.tls_cert_file.empty() && !settings.tls_key_file.empty();
  if (settings.use_tls && !has_files) {
    examples::ExitForWrongUsage(argv[0], "--use_tls needs --tls_cert_file and --tls_key_file");
  }
  return settings;
}

weir::StatusOr<std::shared_ptr<weir::ServerCredentials>> MakeCredentials(const Settings& settings) {
  if (!settings.use_tls) return weir::InsecureServerCredentials();
  weir::StatusOr<std::string> key = weir::ReadFile(settings.tls_key_file);
  if (!key.ok()) return key.status();
  weir::StatusOr<std::string> chain = weir::ReadFile(settings.tls_cert_file);
  if (!chain.ok()) return chain.status();
  weir::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back(
      {.private_key = std::move(key).value(), .cert_chain = std::move(chain).value()});
  return weir::SslServerCredentials(std::move(options));
}

weir::ServerOptions MakeOptions(const Settings& settings) {
  weir::ServerOptions options;
  if (settings.keepalive_time_ms != 0) {
    options.keepalive_time = std::chrono::milliseconds(settings.keepalive_time_ms);
  }
  if (settings.keepalive_timeout_ms != 0) {
    options.keepalive_timeout = std::chrono::milliseconds(settings.keepalive_timeout_ms);
  }
  return options;
}

int Fail(const weir::Status& status) {
  std::fprintf(stderr, "interop_server: %s\n", status.error_message().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  weir::StopSignal stop;  // Before any thread exists.
  const Settings settings = ParseSettings(argc, argv);

  weir::StatusOr<std::shared_ptr<weir::ServerCredentials>> credentials = MakeCredentials(settings);
  if (!credentials.ok()) return Fail(credentials.status());

  weir::interop::LoadReports reports;
  weir::interop::TestService service(reports);
  weir::interop::OpenRcaService load_service(reports);
  weir::HealthService health;
  weir::ServerBuilder builder;
  builder.SetOptions(MakeOptions(settings));
  builder.AddListeningPort("0.0.0.0:" + std::to_string(settings.port),
                           std::move(credentials).value());
  builder.RegisterService(&service);
  builder.RegisterService(&load_service);
  builder.RegisterService(&health);
  weir::EnableReflection(builder);
  if (settings.plain_responder) weir::server::EnablePlainResponder(builder);
  weir::StatusOr<std::unique_ptr<weir::Server>> server = builder.BuildAndStart();
  if (!server.ok()) return Fail(server.status());
  std::printf("listening on %s\n", (*server)->addresses().front().c_str());
  std::fflush(stdout);

  stop.Wait();
  (*server)->Shutdown(std::chrono::seconds(10));
  return 0;
}
