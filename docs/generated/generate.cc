// Writes the reference pages that are tables of the code: violations, limits, stream states.
//
//   bazel run //docs/generated:generate -- "$PWD/docs/generated"
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "transport/driver/worker.h"
#include "transport/http2/error_code.h"
#include "transport/http2/limit.h"
#include "transport/http2/options.h"
#include "transport/http2/stream_state.h"
#include "transport/http2/violation.h"
#include "weir/server_options.h"

namespace {

using namespace weir;         // NOLINT: a program about nothing else
using namespace weir::http2;  // NOLINT
using driver::WorkerOptions;

constexpr std::string_view kNotice =
    "<!-- Written by docs/generated/generate.cc out of the code's own tables: change those. "
    "-->\n\n";

// ---- values as people write them

std::string Text(std::chrono::nanoseconds time) {
  if (time == std::chrono::nanoseconds::max()) return "never";
  using std::chrono::hours, std::chrono::minutes, std::chrono::seconds;
  if (time >= hours(1) && time % hours(1) == time.zero())
    return std::to_string(time / hours(1)) + " h";
  if (time >= minutes(5) && time % minutes(1) == time.zero()) {
    return std::to_string(time / minutes(1)) + " min";
  }
  if (time < std::chrono::milliseconds(1) && time > time.zero()) {
    return std::to_string(time / std::chrono::microseconds(1)) + " us";
  }
  return std::to_string(time / seconds(1)) + " s";
}

template <typename Number>
requires std::is_integral_v<Number> std::string Text(Number number) {
  constexpr Number kKibi = 1024;
  if (number >= kKibi * kKibi && number % (kKibi * kKibi) == 0) {
    return std::to_string(number / kKibi / kKibi) + " MiB";
  }
  if (number >= 4 * kKibi && number % kKibi == 0) return std::to_string(number / kKibi) + " KiB";
  return std::to_string(number);
}

template <typename Rate>
requires requires(Rate rate) { rate.per_second; }
std::string Text(const Rate& rate) {
  return std::to_string(rate.burst) + ", then " + std::to_string(rate.per_second) + " a second";
}

// ---- the default of each option that a limit names

struct OptionDefault {
  std::string_view option;
  std::string value;
};

#define WEIR_OPTION(Struct, member) \
  { #Struct "." #member, Text(Struct{}.member) }

const std::vector<OptionDefault>& Defaults() {
  static const std::vector<OptionDefault> defaults = {
      WEIR_OPTION(ConnectionOptions, max_concurrent_streams),
      WEIR_OPTION(ConnectionOptions, refusals),
      WEIR_OPTION(ConnectionOptions, premature_resets),
      WEIR_OPTION(ConnectionOptions, glitches),
      WEIR_OPTION(ConnectionOptions, header_block_bytes_max),
      WEIR_OPTION(ConnectionOptions, continuation_frames_max),
      WEIR_OPTION(ConnectionOptions, header_block_timeout),
      WEIR_OPTION(ConnectionOptions, header_list_size_max),
      WEIR_OPTION(ConnectionOptions, header_fields_max),
      WEIR_OPTION(ConnectionOptions, queued_replies_pause),
      WEIR_OPTION(ConnectionOptions, queued_replies_max),
      WEIR_OPTION(ConnectionOptions, settings_entries_max),
      WEIR_OPTION(ConnectionOptions, settings_ack_timeout),
      WEIR_OPTION(ConnectionOptions, peer_ping_interval_min),
      WEIR_OPTION(ConnectionOptions, peer_ping_strikes_max),
      WEIR_OPTION(ConnectionOptions, receive_budget_bytes),
      WEIR_OPTION(ConnectionOptions, output_pause_bytes),
      WEIR_OPTION(ConnectionOptions, stream_stall_timeout),
      WEIR_OPTION(ConnectionOptions, stream_stall_bytes),
      WEIR_OPTION(ConnectionOptions, preface_timeout),
      WEIR_OPTION(ConnectionOptions, keepalive_time),
      WEIR_OPTION(ConnectionOptions, keepalive_timeout),
      WEIR_OPTION(ConnectionOptions, connection_idle_max),
      WEIR_OPTION(ConnectionOptions, connection_age_max),
      WEIR_OPTION(ConnectionOptions, connection_age_grace),
      WEIR_OPTION(WorkerOptions, write_stall_timeout),
      WEIR_OPTION(WorkerOptions, handshake_timeout),
      WEIR_OPTION(WorkerOptions, handshakes_max),
      WEIR_OPTION(WorkerOptions, turn_frames_max),
      WEIR_OPTION(WorkerOptions, service_time_max),
      WEIR_OPTION(ServerOptions, max_receive_message_bytes),
      WEIR_OPTION(ServerOptions, max_connections),
      WEIR_OPTION(ServerOptions, max_connections_per_address),
      WEIR_OPTION(ServerOptions, handler_queue_max),
      {"ServerOptions.memory_budget_bytes", "what the machine or the control group has"},
  };
  return defaults;
}

std::string DefaultOf(std::string_view option) {
  for (const OptionDefault& entry : Defaults()) {
    if (entry.option == option) return entry.value;
  }
  std::fprintf(stderr, "generate: add %.*s to Defaults()\n", static_cast<int>(option.size()),
               option.data());
  std::exit(1);
}

// ---- the pages

void WriteViolations(std::ostream& out) {
  out << kNotice << "# Violations\n\n"
      << "What a peer can do wrong, and what becomes of it. The tag is what logs, counters and the "
         "debug\n"
         "data of GOAWAY call it. Scopes: *stream* is answered with RST_STREAM, *connection* with\n"
         "GOAWAY, and *abort* with nothing, since nobody reads it.\n\n"
      << "| tag | scope | code | rule | what it is |\n|---|---|---|---|---|\n";
  constexpr std::string_view kScopes[] = {"stream", "connection", "abort"};
  for (size_t i = 1; i < kViolationCount; ++i) {
    const ViolationRow& row = Describe(static_cast<Violation>(i));
    out << "| `" << row.tag << "` | " << kScopes[static_cast<size_t>(row.scope)] << " | "
        << ErrorCodeName(row.code) << " | " << row.section << " | " << row.text << " |\n";
  }
}

void WriteLimits(std::ostream& out) {
  out << kNotice << "# Limits\n\n"
      << "What a peer may cost, and what happens beyond. Each limit has a counter of the same "
         "name.\n"
         "`ServerOptions` (`weir/server_options.h`) has the ones that servers differ in; the "
         "fields of\n"
         "the inner structures are what it fills, with the same defaults.\n\n"
      << "| limit | option | default | unit | reaction | reason |\n|---|---|---|---|---|---|\n";
  for (size_t i = 1; i < kLimitCount; ++i) {
    const LimitRow& row = Describe(static_cast<Limit>(i));
    std::string options;
    std::string defaults;
    for (std::string_view rest = row.option; !rest.empty();) {
      const std::string_view option = rest.substr(0, rest.find(", "));
      rest.remove_prefix(std::min(rest.size(), option.size() + 2));
      options += (options.empty() ? "`" : ", `") + std::string(option) + "`";
      defaults += (defaults.empty() ? "" : "; ") + DefaultOf(option);
    }
    out << "| `" << row.name << "` | " << options << " | " << defaults << " | " << row.unit << " | "
        << row.reaction << " | " << row.reason << " |\n";
  }
}

std::string_view NameOf(ReceiveState state) {
  switch (state) {
    case ReceiveState::kIdle:
      return "idle";
    case ReceiveState::kOpen:
      return "open";
    case ReceiveState::kEnded:
      return "ended (END_STREAM)";
    case ReceiveState::kResetByPeer:
      return "reset by the peer";
    case ReceiveState::kResetByUs:
      return "reset by us";
    case ReceiveState::kSkipped:
      return "skipped";
  }
  return "";
}

std::string_view NameOf(SendState state) {
  switch (state) {
    case SendState::kIdle:
      return "idle";
    case SendState::kHeadersSent:
      return "headers sent";
    case SendState::kEnding:
      return "ending (trailers wait behind DATA)";
    case SendState::kEnded:
      return "ended (END_STREAM)";
    case SendState::kReset:
      return "reset";
  }
  return "";
}

std::string Cell(const ReceiveStep& step) {
  switch (step.reaction) {
    case Reaction::kAccept:
      return "accepted → " + std::string(NameOf(step.next));
    case Reaction::kIgnore:
      return "ignored";
    case Reaction::kRefuse:
      break;
  }
  return "`" + std::string(Describe(step.violation).tag) + "`";
}

void WriteStreamStates(std::ostream& out) {
  out << kNotice << "# Stream states\n\n"
      << "A stream is two small machines, one for each direction (RFC 9113 §5.1). A name in code "
         "font is\n"
         "the violation it is: see [VIOLATIONS.md](VIOLATIONS.md).\n\n"
      << "## What the peer sends\n\n"
      << "| state | HEADERS | HEADERS, END_STREAM | DATA | DATA, END_STREAM | RST_STREAM | "
         "WINDOW_UPDATE | our RST_STREAM |\n|---|---|---|---|---|---|---|---|\n";
  for (size_t state = 0; state < kReceiveStateCount; ++state) {
    out << "| " << NameOf(static_cast<ReceiveState>(state)) << " |";
    for (size_t input = 0; input < kReceiveInputCount; ++input) {
      out << " " << Cell(StepOf(static_cast<ReceiveState>(state), static_cast<ReceiveInput>(input)))
          << " |";
    }
    out << "\n";
  }
  out << "\n## What we send\n\n"
      << "| state | headers | data | trailers behind data | trailers | RST_STREAM, either way |\n"
         "|---|---|---|---|---|---|\n";
  for (size_t state = 0; state < kSendStateCount; ++state) {
    out << "| " << NameOf(static_cast<SendState>(state)) << " |";
    for (size_t input = 0; input < kSendInputCount; ++input) {
      const SendStep step = StepOf(static_cast<SendState>(state), static_cast<SendInput>(input));
      out << (step.is_allowed ? " → " + std::string(NameOf(step.next)) : " no effect") << " |";
    }
    out << "\n";
  }
}

bool WriteFile(const std::string& path, const std::function<void(std::ostream&)>& write) {
  std::ofstream file(path);
  write(file);
  file.close();
  if (!file.fail()) return true;
  std::fprintf(stderr, "generate: cannot write %s\n", path.c_str());
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: generate DIRECTORY\n");
    return 2;
  }
  const std::string directory = std::string(argv[1]) + "/";
  return WriteFile(directory + "VIOLATIONS.md", WriteViolations) &&
                 WriteFile(directory + "LIMITS.md", WriteLimits) &&
                 WriteFile(directory + "STREAM_STATES.md", WriteStreamStates)
             ? 0
             : 1;
}
