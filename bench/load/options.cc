#include "bench/load/options.h"

#include <utility>

#include "bench/load/clock.h"
#include "examples/support/flags.h"

namespace load {
namespace {

// In the order of --help and of the enums.
constexpr const char* kShapes[] = {"unary", "download", "upload", "chat"};
constexpr const char* kClients[] = {"minimal", "grpc-go", "grpc-java", "grpc-cpp"};
constexpr const char* kArrivals[] = {"constant", "poisson"};

constexpr int kDefaultSeconds = 10;
constexpr size_t kLongestPath = 8000;  // so that every header block fits one frame

template <typename Enum, size_t kCount>
Enum ValueOf(const std::string& text, const char* const (&names)[kCount]) {
  for (size_t i = 0; i < kCount; ++i) {
    if (text == names[i]) return static_cast<Enum>(i);
  }
  return Enum{};  // AddChoice lets nothing else in
}

template <size_t kCount>
std::vector<std::string> Names(const char* const (&names)[kCount]) {
  return {std::begin(names), std::end(names)};
}

// What is wrong with flags that need or exclude each other; empty when nothing is.
std::string MistakeIn(const Options& options) {
  if (options.calls > 0 && options.seconds > 0) {
    return "--calls and --seconds exclude each other: one of them ends the run";
  }
  if (options.is_open_loop() && options.calls > 0) {
    return "--rate goes with --seconds: an open loop has no number of calls";
  }
  if (options.is_open_loop() && options.churn) return "--churn goes with a closed loop, not --rate";
  if (options.idle && (options.churn || options.is_open_loop() || options.calls > 0)) {
    return "--idle holds connections: it does not go with --calls, --rate and --churn";
  }
  if (options.idle && (options.shape == Shape::kDownload || options.shape == Shape::kUpload)) {
    return "--idle goes with --shape=unary and --shape=chat";
  }
  if (options.tls && options.ca_file.empty()) return "--tls needs --ca_file";
  if (!options.path.starts_with('/') || options.path.size() > kLongestPath) {
    return "--path must begin with a slash, and have at most 8000 octets";
  }
  return {};
}

}  // namespace

Options ParseOptionsOrExit(int argc, char** argv) {
  Options options;
  std::string shape = "unary";
  std::string headers = "minimal";
  std::string arrivals = "constant";
  constexpr int kMost = 2'000'000'000;
  examples::Flags flags("Makes gRPC calls, checks every answer, and says how long they took.");
  flags.Add("address", &options.address, "HOST:PORT of the server; a numeric address");
  flags.Add("connections", &options.connections, "connections", {1, 200'000});
  flags.Add("streams", &options.streams, "calls in flight per connection, at most", {1, 100'000});
  flags.AddChoice("shape", &shape, "what a call is", Names(kShapes));
  flags.Add("path", &options.path, "path of the method; empty takes that of the shape");
  flags.Add("bytes", &options.bytes, "size of the name (0: \"world\") or of each payload",
            {0, 1 << 30});
  flags.Add("messages", &options.messages, "messages of a streaming call", {0, kMost});
  flags.AddChoice("headers", &headers, "whose header fields to send", Names(kClients));
  flags.Add("traceparent", &options.traceparent, "send a fresh traceparent with each call");
  flags.Add("timeout_ms", &options.timeout_ms, "send grpc-timeout; 0 sends none", {0, 600'000});
  flags.Add("gzip", &options.gzip, "compress requests, and announce gzip for answers");
  flags.Add("tls", &options.tls, "use TLS, and check the certificate for \"localhost\"");
  flags.Add("ca_file", &options.ca_file, "PEM file of the authority to trust");
  flags.Add("calls", &options.calls, "stop after so many calls; 0: by time", {0, kMost});
  flags.Add("seconds", &options.seconds, "stop after this time; 10 when --calls is 0, too",
            {0, 1'000'000});
  flags.Add("warm_up_seconds", &options.warm_up_seconds, "at first, without recording",
            {0, 100'000});
  flags.Add("rate", &options.rate, "calls a second, in an open loop; 0: a closed loop",
            {0, 10'000'000});
  flags.AddChoice("arrivals", &arrivals, "distances of calls in an open loop", Names(kArrivals));
  flags.Add("seed", &options.seed, "of everything random");
  flags.Add("churn", &options.churn, "close connections after --calls_per_connection, open others");
  flags.Add("calls_per_connection", &options.calls_per_connection, "with --churn", {1, kMost});
  flags.Add("idle", &options.idle,
            "one call per connection, or --streams chats that stay open; print \"ready\", hold "
            "until SIGTERM");
  flags.Add("json", &options.json, "print one JSON object instead of a table");
  flags.Add("quiet", &options.quiet, "do not print progress to standard error");
  flags.ParseOrExit(argc, argv);

  options.shape = ValueOf<Shape>(shape, kShapes);
  options.headers = ValueOf<ClientKind>(headers, kClients);
  options.arrivals = ValueOf<Arrivals>(arrivals, kArrivals);
  if (options.path.empty()) options.path = DefaultPathOf(options.shape);
  if (std::string mistake = MistakeIn(options); !mistake.empty()) {
    examples::ExitForWrongUsage(argv[0], mistake);
  }
  if (options.calls == 0 && options.seconds == 0) options.seconds = kDefaultSeconds;
  if (options.idle && options.shape == Shape::kUnary) options.streams = 1;
  return options;
}

Exchange ExchangeOf(const Options& options) {
  const bool is_held = options.idle && options.shape == Shape::kChat;
  const int messages = is_held ? 1 : options.messages;
  Exchange exchange = MakeExchange(options.shape, static_cast<uint32_t>(options.bytes),
                                   static_cast<uint32_t>(messages), options.gzip);
  exchange.is_held = is_held;
  return exchange;
}

Profile ProfileOf(const Options& options, const Exchange& exchange) {
  RequestDescription description{
      .client = options.headers,
      .path = options.path,
      .authority = options.address,
      .is_https = options.tls,
      .gzip = options.gzip,
      .traceparent = options.traceparent,
      .timeout = options.timeout_ms * kMillisecond,
  };
  // The name that the certificate is checked for.
  if (options.tls) {
    description.authority = "localhost" + options.address.substr(options.address.rfind(':'));
  }
  const bool is_single = exchange.shape == Shape::kUnary || exchange.shape == Shape::kDownload;
  if (is_single) description.content_length = static_cast<int64_t>(exchange.request.size());
  return MakeProfile(description);
}

}  // namespace load
