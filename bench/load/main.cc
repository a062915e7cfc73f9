// How does a server of gRPC behave under load?
//
// A client for measuring: it makes calls of one kind over HTTP/2 of its own, checks every answer to
// the last octet, and reports rates and latencies. README.md says how to use it. The exit
// code is 0 if every call was answered correctly, 1 if one was not, 2 for wrong flags.
#include <cstdio>
#include <string>

#include "bench/load/connection.h"
#include "bench/load/generator.h"
#include "bench/load/options.h"
#include "bench/load/report.h"
#include "bench/load/results.h"
#include "bench/load/socket.h"
#include "examples/support/flags.h"

int main(int argc, char** argv) {
  const load::Options options = load::ParseOptionsOrExit(argc, argv);
  load::Shared shared;
  std::string mistake = load::ResolveTarget(options.address, &shared.target);
  if (!mistake.empty()) examples::ExitForWrongUsage(argv[0], mistake);
  load::TlsContext tls(nullptr, SSL_CTX_free);
  if (options.tls) {
    tls = load::MakeTlsContext(options.ca_file, &mistake);
    if (tls == nullptr) examples::ExitForWrongUsage(argv[0], mistake);
    shared.target.tls = tls.get();
  }
  shared.exchange = load::ExchangeOf(options);
  shared.profile = load::ProfileOf(options, shared.exchange);

  load::Results results;
  load::Generator generator(&options, &shared, &results);
  const std::string reason = generator.Run();
  if (!reason.empty()) {
    std::fprintf(stderr, "load: %s\n", reason.c_str());
    return 1;
  }
  const std::string report =
      options.json ? load::JsonOf(options, results) + "\n" : load::TableOf(options, results);
  std::fputs(report.c_str(), stdout);
  return results.failed == 0 ? 0 : 1;
}
