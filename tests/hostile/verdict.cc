#include "tests/hostile/verdict.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace hostile {
namespace {

constexpr double kThroughputKept = 0.5;
constexpr double kLatencyFactor = 5;
// A p99 below this is good enough whatever it was before.
constexpr double kLatencyFloorUs = 2000;
constexpr double kWaitedMax = 0.15;

using Sentences = std::vector<std::string>;

[[gnu::format(printf, 1, 2)]] std::string Format(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return text;
}

double Kib(uint64_t bytes) { return static_cast<double>(bytes) / 1024; }

void JudgeMemory(const Scenario& row, const Result& result, Sentences* faults) {
  const uint64_t bound = row.memory_max * static_cast<uint64_t>(row.connections);
  if (result.growth_bytes > bound) {
    faults->push_back(Format("G1: memory grew by %.0f KiB, and %.0f KiB are allowed",
                             Kib(result.growth_bytes), Kib(bound)));
  }
  if (!result.has_recovered && !row.stops_server) {
    faults->push_back(Format("G1: %.0f KiB more than before are still held after %.0f s",
                             Kib(result.left_bytes), result.recovery_seconds));
  }
}

void JudgeVictim(const Result& result, const Judging& judging, Sentences* faults) {
  if (!result.has_victim) return;
  if (result.during.errors > 0) {
    faults->push_back(Format("G2: %lu calls of the victim failed",
                             static_cast<unsigned long>(result.during.errors)));
  }
  if (!judging.judges_cost || !IsVictimMeasurable(result)) return;
  const double before = result.before.calls_per_second();
  const double during = result.during.calls_per_second();
  if (during < before * kThroughputKept) {
    faults->push_back(Format("G2: the victim fell from %.0f to %.0f calls/s", before, during));
  }
  if (!judging.judges_latency) return;
  const double p99_max = std::max(result.before.p99_us * kLatencyFactor, kLatencyFloorUs);
  if (result.during.p99_us > p99_max) {
    faults->push_back(Format("G2: the victim's p99 rose from %.0f to %.0f us", result.before.p99_us,
                             result.during.p99_us));
  }
}

void JudgeOutcomes(const Scenario& row, const Result& result, const Judging& judging,
                   Sentences* faults) {
  for (const auto& [outcome, count] : result.outcomes) {
    // A slow server can be flooded to the end of the time without its queues ever being full.
    const bool was_too_short =
        !judging.judges_cost && row.pace == Pace::kFlood && Covers(Survives(), outcome);
    if (was_too_short) continue;
    const bool is_expected = std::ranges::any_of(
        row.expected, [&](const Outcome& expected) { return Covers(expected, outcome); });
    if (is_expected) continue;
    faults->push_back(Format("G3: %lu of %lu rounds: ", static_cast<unsigned long>(count),
                             static_cast<unsigned long>(result.rounds)) +
                      ToString(outcome) + ", expected " + ToString(row.expected));
  }
  if (result.rounds == 0) faults->push_back("G3: no round was run");
  if (row.pace != Pace::kPatience) return;
  if (result.attack_seconds < row.earliest || result.attack_seconds > row.latest) {
    faults->push_back(Format("G3: it took %.1f s, and should take %.0f to %.0f s",
                             result.attack_seconds, row.earliest, row.latest));
  }
}

void JudgeLife(const Scenario& row, const Result& result, Sentences* faults) {
  if (!row.stops_server && !result.answers_after) {
    faults->push_back("G4: a call on a new connection does not succeed afterwards");
  }
  if (!row.stops_server && result.files_after > result.files_before) {
    faults->push_back(Format("G4: %zu descriptors are open, and %zu were before",
                             result.files_after, result.files_before));
  }
  if (!result.exit_code.has_value()) {
    faults->push_back("G4: the server does not stop within 15 s of SIGTERM");
  } else if (*result.exit_code != 0) {
    faults->push_back(*result.exit_code < 0
                          ? Format("G4: signal %d killed the server", -*result.exit_code)
                          : Format("G4: the server ended with code %d", *result.exit_code));
  }
  for (const char* alarm : {"Sanitizer", "runtime error:", "check failed"}) {
    if (result.server_errors.find(alarm) == std::string::npos) continue;
    faults->push_back("G4: the server reported: " + result.server_errors.substr(0, 300));
    break;
  }
}

}  // namespace

bool IsVictimMeasurable(const Result& result) { return result.waited <= kWaitedMax; }

Sentences Judge(const Scenario& row, const Result& result, const Judging& judging) {
  if (!result.has_run) return {"the row could not be run: " + result.trouble};
  Sentences faults;
  if (judging.judges_cost) JudgeMemory(row, result, &faults);
  JudgeVictim(result, judging, &faults);
  JudgeOutcomes(row, result, judging, &faults);
  JudgeLife(row, result, &faults);
  return faults;
}

}  // namespace hostile
