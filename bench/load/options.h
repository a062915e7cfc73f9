// What shall a run of the load generator do?
#ifndef WEIR_BENCH_LOAD_OPTIONS_H_
#define WEIR_BENCH_LOAD_OPTIONS_H_

#include <cstdint>
#include <string>

#include "bench/load/client_headers.h"
#include "bench/load/exchange.h"
#include "bench/load/schedule.h"

namespace load {

// The flags, checked; `--help` says what each means.
struct Options {
  std::string address = "127.0.0.1:50051";
  int connections = 1;
  int streams = 1;
  Shape shape = Shape::kUnary;
  std::string path;
  int bytes = 0;
  int messages = 100;
  ClientKind headers = ClientKind::kMinimal;
  bool traceparent = false;
  int timeout_ms = 0;
  bool gzip = false;
  bool tls = false;
  std::string ca_file;
  int calls = 0;
  int seconds = 0;
  int warm_up_seconds = 0;
  int rate = 0;
  Arrivals arrivals = Arrivals::kConstant;
  int seed = 1;
  bool churn = false;
  int calls_per_connection = 100;
  bool idle = false;
  bool json = false;
  bool quiet = false;

  bool is_open_loop() const { return rate > 0; }
};

// Exits with a sentence and 2 when the flags make no sense.
Options ParseOptionsOrExit(int argc, char** argv);

// What the calls of such a run send and expect, and the fields they send.
Exchange ExchangeOf(const Options& options);
Profile ProfileOf(const Options& options, const Exchange& exchange);

}  // namespace load

#endif  // WEIR_BENCH_LOAD_OPTIONS_H_
