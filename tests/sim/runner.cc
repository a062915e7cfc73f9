#include "tests/sim/runner.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <vector>

#include "tests/sim/simulation.h"

namespace weir::sim {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kProgressInterval(5);

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// What to say when the program is killed by its own fault, prepared because formatting is not
// allowed then.
char last_words[128];
size_t last_words_size = 0;

void OnFatalSignal(int number) {
  static_cast<void>(!::write(STDERR_FILENO, last_words, last_words_size));
  ::signal(number, SIG_DFL);
  ::raise(number);
}

void PrepareLastWords(uint64_t seed) {
  const int size =
      std::snprintf(last_words, sizeof(last_words),
                    "\nthe simulation died; repeat it: ./dev sim --seed %" PRIu64 "\n", seed);
  last_words_size = static_cast<size_t>(std::max(size, 0));
}

std::string Explain(uint64_t seed, const SimulationResult& result) {
  char head[160];
  std::snprintf(head, sizeof(head), "seed %" PRIu64 " failed at step %" PRIu64 ", %.6f s:\n  ",
                seed, result.steps, static_cast<double>(result.virtual_time.count()) / 1e9);
  return "the last lines of the trace (step, virtual time):\n" + result.trace + head +
         result.failure + "\nrepeat it: ./dev sim --seed " + std::to_string(seed) + "\n";
}

}  // namespace

RunReport RunSeeds(const RunOptions& options) {
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS}) ::signal(number, &OnFatalSignal);
  RunReport report;
  const Clock::time_point start = Clock::now();
  Clock::time_point next_line = start + kProgressInterval;
  while (report.seeds < options.seeds && report.failure.empty()) {
    const uint64_t seed = options.first + report.seeds;
    PrepareLastWords(seed);
    Simulation simulation(seed, /*prints=*/false, report.coverage);
    const SimulationResult result = simulation.Run();
    ++report.seeds;
    report.steps += result.steps;
    if (!result.failure.empty()) report.failure = Explain(seed, result);
    if (options.shows_progress && Clock::now() >= next_line) {
      next_line += kProgressInterval;
      std::fprintf(stderr, "%" PRIu64 " seeds, %.0f a second\n", report.seeds,
                   static_cast<double>(report.seeds) / SecondsSince(start));
    }
  }
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS}) ::signal(number, SIG_DFL);
  report.seconds = SecondsSince(start);
  return report;
}

int RunAndReport(const RunOptions& options) {
  const RunReport report = RunSeeds(options);
  std::printf("%s", report.coverage.Table().c_str());
  std::printf("%" PRIu64 " seeds from %" PRIu64 " on, %" PRIu64
              " steps, %.1f s, %.0f seeds a second\n",
              report.seeds, options.first, report.steps, report.seconds,
              static_cast<double>(report.seeds) / std::max(report.seconds, 1e-9));
  if (!report.failure.empty()) {
    std::printf("%s", report.failure.c_str());
    return 1;
  }
  if (report.seeds < kSeedsForCoverage) return 0;
  const std::vector<std::string> missing = report.coverage.Missing();
  for (const std::string& name : missing) std::printf("never happened: %s\n", name.c_str());
  return missing.empty() ? 0 : 1;
}

int RunOne(uint64_t seed, bool traces) {
  PrepareLastWords(seed);
  ::signal(SIGABRT, &OnFatalSignal);
  SimulationResult results[2];
  for (SimulationResult& result : results) {
    Coverage coverage;
    Simulation simulation(seed, traces && &result == results, coverage);
    result = simulation.Run();
  }
  if (results[0].trace_hash != results[1].trace_hash) {
    std::printf("seed %" PRIu64 " does not repeat itself: trace %016" PRIx64 " and %016" PRIx64
                "\n",
                seed, results[0].trace_hash, results[1].trace_hash);
    return 1;
  }
  if (!results[0].failure.empty()) {
    std::printf("%s", Explain(seed, results[0]).c_str());
    return 1;
  }
  std::printf("seed %" PRIu64 " keeps all rules: %" PRIu64 " steps, %.6f s, trace %016" PRIx64 "\n",
              seed, results[0].steps, static_cast<double>(results[0].virtual_time.count()) / 1e9,
              results[0].trace_hash);
  return 0;
}

}  // namespace weir::sim
