#include "bench/load/report.h"

#include <cstdio>
#include <string_view>

namespace load {
namespace {

double PerSecond(uint64_t count, const Results& results) {
  return results.seconds > 0 ? static_cast<double>(count) / results.seconds : 0;
}

double Microseconds(int64_t ns) { return static_cast<double>(ns) * 1e-3; }

std::string Number(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string Number(uint64_t value) { return std::to_string(value); }

// RFC 8259 §7. Octets that are not ASCII are written as they are: whatever a server said is UTF-8,
// or damaged.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char octet : text) {
    const auto code = static_cast<unsigned char>(octet);
    if (octet == '"' || octet == '\\') {
      quoted.append(1, '\\').append(1, octet);
    } else if (code < 0x20 || code == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", code);
      quoted += escape;
    } else {
      quoted += octet;
    }
  }
  return quoted + '"';
}

// An object, member by member.
class Object {
 public:
  Object& Add(std::string_view name, std::string value) {
    text_.append(text_.size() > 1 ? "," : "").append(Quoted(name)).append(":").append(value);
    return *this;
  }
  std::string Text() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

std::string FailuresJson(const Results& results) {
  Object failures;
  for (size_t kind = 0; kind < kFailureKinds; ++kind) {
    if (results.failures[kind] == 0) continue;
    failures.Add(NameOf(static_cast<FailureKind>(kind)), Number(results.failures[kind]));
  }
  return failures.Text();
}

std::string LatencyJson(const Histogram& latency) {
  return Object()
      .Add("mean", Number(latency.mean() * 1e-3, 3))
      .Add("p50", Number(Microseconds(latency.Percentile(0.5)), 3))
      .Add("p90", Number(Microseconds(latency.Percentile(0.9)), 3))
      .Add("p99", Number(Microseconds(latency.Percentile(0.99)), 3))
      .Add("p999", Number(Microseconds(latency.Percentile(0.999)), 3))
      .Add("max", Number(Microseconds(latency.max()), 3))
      .Text();
}

std::string LateJson(const Histogram& late) {
  return Object()
      .Add("p99", Number(Microseconds(late.Percentile(0.99)), 3))
      .Add("max", Number(Microseconds(late.max()), 3))
      .Text();
}

}  // namespace

std::string JsonOf(const Options& options, const Results& results) {
  Object json;
  json.Add("shape", Quoted(NameOf(options.shape)))
      .Add("connections", Number(static_cast<uint64_t>(options.connections)))
      .Add("streams", Number(static_cast<uint64_t>(options.streams)))
      .Add("seconds", Number(results.seconds, 6))
      .Add("calls", Number(results.calls))
      .Add("failed", Number(results.failed))
      .Add("failures", FailuresJson(results))
      .Add("first_failure", Quoted(results.first_failure))
      .Add("calls_per_second", Number(PerSecond(results.calls, results), 1))
      .Add("messages", Number(results.messages))
      .Add("messages_per_second", Number(PerSecond(results.messages, results), 1))
      .Add("payload_bytes", Number(results.payload_bytes))
      .Add("bytes_per_second", Number(PerSecond(results.payload_bytes, results), 1))
      .Add("connections_opened", Number(results.connections_opened))
      .Add("connections_per_second", Number(PerSecond(results.connections_recorded, results), 1))
      .Add("streams_cancelled", Number(results.streams_cancelled))
      .Add("latency_us", LatencyJson(results.latency))
      .Add("client_cpu_seconds", Number(results.client_cpu_seconds, 6));
  if (options.is_open_loop()) json.Add("late_us", LateJson(results.late));
  return json.Text();
}

std::string TableOf(const Options& options, const Results& results) {
  std::string text;
  const auto line = [&text](const char* name, const std::string& value) {
    char begin[32];
    std::snprintf(begin, sizeof begin, "%-12s ", name);
    text.append(begin).append(value).append("\n");
  };
  const auto us = [](int64_t ns) { return Number(Microseconds(ns), 0); };
  const Histogram& latency = results.latency;
  line("calls", Number(results.calls) + " in " + Number(results.seconds, 3) + " s, " +
                    Number(PerSecond(results.calls, results), 0) + " per second");
  if (options.shape != Shape::kUnary) {
    line("messages", Number(results.messages) + ", " +
                         Number(PerSecond(results.messages, results), 0) + " per second, " +
                         Number(PerSecond(results.payload_bytes, results) * 1e-6, 1) + " MB/s");
  }
  line("latency", "p50 " + us(latency.Percentile(0.5)) + "  p90 " + us(latency.Percentile(0.9)) +
                      "  p99 " + us(latency.Percentile(0.99)) + "  p99.9 " +
                      us(latency.Percentile(0.999)) + "  max " + us(latency.max()) + "  mean " +
                      Number(latency.mean() * 1e-3, 0) + " us");
  if (options.is_open_loop()) {
    line("late", "p99 " + us(results.late.Percentile(0.99)) + "  max " + us(results.late.max()) +
                     " us: the generator itself");
  }
  const double calls = static_cast<double>(results.calls);
  line("client",
       Number(results.client_cpu_seconds, 3) + " s of CPU" +
           (results.calls == 0
                ? ""
                : ", " + Number(results.client_cpu_seconds * 1e6 / calls, 2) + " us per call"));
  line("connections", Number(results.connections_opened) + " opened");
  if (results.streams_cancelled > 0) {
    line("cancelled", Number(results.streams_cancelled) + " streams, when the time was over");
  }
  line("failed", Number(results.failed));
  for (size_t kind = 0; kind < kFailureKinds; ++kind) {
    if (results.failures[kind] == 0) continue;
    text.append("  ").append(NameOf(static_cast<FailureKind>(kind))).append(" ");
    text.append(Number(results.failures[kind])).append("\n");
  }
  if (results.failed > 0) line("first", results.first_failure);
  return text;
}

}  // namespace load
