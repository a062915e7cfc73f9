#include "weir/interceptors/access_log.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>

namespace weir {
namespace {

void WriteToStandardError(std::string_view line) {
  std::string text(line);
  text.push_back('\n');
  std::fwrite(text.data(), 1, text.size(), stderr);
}

// RFC 3339 with milliseconds, UTC.
std::string Timestamp() {
  const auto now = std::chrono::system_clock::now();
  const auto since_epoch =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts = {};
  gmtime_r(&seconds, &parts);
  char date[sizeof "2026-01-01T00:00:00"];
  std::strftime(date, sizeof date, "%FT%T", &parts);
  char text[sizeof date + sizeof ".000Z"];
  std::snprintf(text, sizeof text, "%s.%03dZ", date, static_cast<int>(since_epoch.count() % 1000));
  return text;
}

// Keeps a line a line: control characters and quotes, which a client may have a say in, are
// escaped.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted.append({'\\', c});
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escaped[sizeof "\\x00"];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(c));
      quoted.append(escaped);
    } else {
      quoted.push_back(c);
    }
  }
  quoted.push_back('"');
  return quoted;
}

// Of a generic service, the method is whatever a client has sent.
std::string MethodText(std::string_view method) {
  const bool is_plain = std::ranges::all_of(method, [](char c) { return c > ' ' && c < 0x7f; });
  return is_plain ? std::string(method) : Quoted(method);
}

std::string Volume(uint64_t messages, uint64_t bytes) {
  return std::to_string(messages) + "/" + std::to_string(bytes) + "B";
}

std::string FormatLine(const InterceptedCall& call, const Status& status) {
  const InterceptedCall::Statistics statistics = call.statistics();
  const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(statistics.elapsed);
  std::string line = Timestamp();
  line.append(" method=").append(MethodText(call.method()));
  line.append(" peer=").append(call.context().peer());
  line.append(" status=").append(StatusCodeName(status.error_code()));
  line.append(" duration_us=").append(std::to_string(elapsed.count()));
  line.append(" received=").append(Volume(statistics.messages_received, statistics.bytes_received));
  line.append(" sent=").append(Volume(statistics.messages_sent, statistics.bytes_sent));
  if (!status.error_message().empty()) {
    line.append(" message=").append(Quoted(status.error_message()));
  }
  return line;
}

class AccessLog final : public Interceptor {
 public:
  explicit AccessLog(AccessLogSink sink)
      : sink_(sink ? std::move(sink) : AccessLogSink(WriteToStandardError)) {}

  Task<Outcome> Intercept(InterceptedCall& call, Continuation next) override {
    Outcome outcome = co_await next(call);
    sink_(FormatLine(call, outcome.status()));
    co_return outcome;
  }

 private:
  AccessLogSink sink_;
};

}  // namespace

std::unique_ptr<Interceptor> MakeAccessLog(AccessLogSink sink) {
  return std::make_unique<AccessLog>(std::move(sink));
}

}  // namespace weir
