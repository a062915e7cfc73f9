// Did the server stand the attack? The gates that every row must pass.
//
//   G1 memory    a connection costs no more than its bound, and memory is back within 10 s
//   G2 victim    half of its throughput, no error, and five times its p99 (full form only)
//   G3 terminal  every round ended as the table says, in the time it says
//   G4 alive     the server answers, holds no descriptor too many, and stops with exit code 0
//
// G5, that the innocent are not harmed, is the same gates on rows that are innocent.
#ifndef WEIR_TESTS_HOSTILE_VERDICT_H_
#define WEIR_TESTS_HOSTILE_VERDICT_H_

#include <string>
#include <vector>

#include "tests/hostile/runner.h"
#include "tests/hostile/scenario.h"

namespace hostile {

// Whether this program was built with a sanitizer; so is the server then that is built with it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kIsInstrumented = true;
#else
inline constexpr bool kIsInstrumented = false;
#endif

struct Judging {
  // Latency is too noisy for a test that must never fail by chance.
  bool judges_latency = true;
  // A sanitizer holds on to freed memory and makes everything slow: memory, throughput and latency
  // of such a server mean nothing. How attacks end, and that it reports nothing, do.
  bool judges_cost = !kIsInstrumented;
};

// One sentence for each gate that the row did not pass; none when it passed.
std::vector<std::string> Judge(const Scenario& row, const Result& result, const Judging& judging);

// Whether others used so much of the machine that the victim's numbers say nothing.
bool IsVictimMeasurable(const Result& result);

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_VERDICT_H_
