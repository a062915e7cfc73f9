// A driver of gRPC's interoperability suite on gRPC C++: runs the cases against a server and prints
// a table. Exits with 0 when all of them pass.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "examples/support/flags.h"
#include "interop/client/test_case.h"

namespace {

using weir::interop::Target;
using weir::interop::TestCase;
using weir::interop::Verdict;

struct Settings {
  std::string server_host = "127.0.0.1";
  int server_port = 10000;
  std::string test_case = "all";
  bool use_tls = false;
  std::string ca_file;
  std::string server_host_override;
  bool version = false;
  int soak_iterations = 10;
  int soak_threads = 1;
  int soak_latency_max_ms = 1000;
};

Settings ParseSettings(int argc, char** argv) {
  Settings settings;
  examples::Flags flags("Runs gRPC's interoperability cases against a server.");
  flags.Add("server_host", &settings.server_host, "where the server is");
  flags.Add("server_port", &settings.server_port, "where the server is", examples::kPortRange);
  flags.Add("test_case", &settings.test_case, "the case to run, or all");
  flags.Add("use_tls", &settings.use_tls, "whether to use TLS");
  flags.Add("ca_file", &settings.ca_file, "PEM file with what vouches for the server");
  flags.Add("server_host_override", &settings.server_host_override,
            "the name that the server's certificate is for, if it is not the host");
  flags.Add("soak_iterations", &settings.soak_iterations, "calls of a thread of a soak case",
            {.lowest = 1});
  flags.Add("soak_num_threads", &settings.soak_threads, "threads of a soak case", {.lowest = 1});
  flags.Add("soak_per_iteration_max_acceptable_latency_ms", &settings.soak_latency_max_ms,
            "a call of a soak case that takes longer fails", {.lowest = 1});
  flags.Add("version", &settings.version, "whether to print the version of gRPC C++ and end");
  flags.ParseOrExit(argc, argv);
  return settings;
}

std::shared_ptr<grpc::ChannelCredentials> MakeCredentials(const Settings& settings) {
  if (!settings.use_tls) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  if (!settings.ca_file.empty()) {
    std::ifstream file(settings.ca_file);
    if (!file) {
      examples::ExitForWrongUsage("interop_client", "cannot read " + settings.ca_file);
    }
    options.pem_root_certs.assign(std::istreambuf_iterator<char>(file), {});
  }
  return grpc::SslCredentials(options);
}

Target MakeTarget(const Settings& settings) {
  grpc::ChannelArguments arguments;
  // Each channel has its own connection, which channel_soak counts on.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (!settings.server_host_override.empty()) {
    arguments.SetSslTargetNameOverride(settings.server_host_override);
  }
  Target target;
  target.new_channel = [address = settings.server_host + ":" + std::to_string(settings.server_port),
                        credentials = MakeCredentials(settings), arguments] {
    return grpc::CreateCustomChannel(address, credentials, arguments);
  };
  target.channel = target.new_channel();
  target.soak_iterations = settings.soak_iterations;
  target.soak_threads = settings.soak_threads;
  target.soak_latency_max = std::chrono::milliseconds(settings.soak_latency_max_ms);
  return target;
}

std::vector<TestCase> ChooseCases(std::string_view wanted) {
  std::vector<TestCase> chosen;
  for (auto cases : {weir::interop::UnaryCases(), weir::interop::StreamingCases(),
                     weir::interop::CompressionCases(), weir::interop::StatusCases(),
                     weir::interop::SoakCases()}) {
    for (const TestCase& test_case : cases) {
      if (wanted == "all" || wanted == test_case.name) chosen.push_back(test_case);
    }
  }
  return chosen;
}

// Runs a case and prints its line of the table.
bool RunCase(const TestCase& test_case, const Target& target) {
  Verdict verdict;
  const auto start = std::chrono::steady_clock::now();
  test_case.run(target, verdict);
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  std::printf("%-28s %s %6lld ms\n", std::string(test_case.name).c_str(),
              verdict.has_passed() ? "passed" : "FAILED", static_cast<long long>(elapsed.count()));
  for (const std::string& complaint : verdict.complaints()) {
    std::printf("  %s\n", complaint.c_str());
  }
  std::fflush(stdout);
  return verdict.has_passed();
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = ParseSettings(argc, argv);
  if (settings.version) {
    std::printf("%s\n", grpc::Version().c_str());
    return 0;
  }
  const std::vector<TestCase> cases = ChooseCases(settings.test_case);
  if (cases.empty()) {
    examples::ExitForWrongUsage(argv[0], "there is no case \"" + settings.test_case + "\"");
  }
  const Target target = MakeTarget(settings);
  size_t passed = 0;
  for (const TestCase& test_case : cases) passed += RunCase(test_case, target) ? 1 : 0;
  std::printf("%zu of %zu cases passed\n", passed, cases.size());
  return passed == cases.size() ? 0 : 1;
}
