// Many seeds one after the other, and what to tell a person about them.
#ifndef WEIR_TESTS_SIM_RUNNER_H_
#define WEIR_TESTS_SIM_RUNNER_H_

#include <cstdint>
#include <string>

#include "tests/sim/coverage.h"

namespace weir::sim {

struct RunOptions {
  uint64_t first = 1;
  uint64_t seeds = 20'000;
  bool shows_progress = false;  // a line on standard error every few seconds
};

struct RunReport {
  uint64_t seeds = 0;
  uint64_t steps = 0;
  double seconds = 0;
  Coverage coverage;
  // Of the first seed that failed; empty if none did. Ready to be printed.
  std::string failure;
};

// Stops at the first failure.
RunReport RunSeeds(const RunOptions& options);

// The same for the command line: prints a summary; the result is the exit code. A run of 20,000
// seeds or more also fails when it has not met everything that is counted.
int RunAndReport(const RunOptions& options);

// Runs one seed twice and compares; with `traces`, prints everything that happens. The result is
// the exit code.
int RunOne(uint64_t seed, bool traces);

// So many seeds are expected to meet every behaviour.
inline constexpr uint64_t kSeedsForCoverage = 20'000;

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_RUNNER_H_
