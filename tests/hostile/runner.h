// How is one row of the table run and measured?
//
// Every row gets a server process of its own, so that nothing of the row before is left in it:
// starting one takes some milliseconds.
#ifndef WEIR_TESTS_HOSTILE_RUNNER_H_
#define WEIR_TESTS_HOSTILE_RUNNER_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/hostile/cores.h"
#include "tests/hostile/scenario.h"
#include "tests/hostile/server_process.h"
#include "tests/hostile/victim.h"

namespace hostile {

struct RunnerOptions {
  std::vector<std::string> server;      // program and arguments for plaintext
  std::vector<std::string> server_tls;  // and for TLS
  double attack_seconds = 3;
  double baseline_seconds = 1.5;
};

struct Result {
  bool has_run = false;
  std::string trouble;  // why not, or what broke the run itself

  std::map<Outcome, uint64_t> outcomes;  // rounds, by how they ended
  uint64_t rounds = 0;
  uint64_t refused_connections = 0;
  uint64_t frames = 0;  // sent by the attacker
  uint64_t bytes = 0;
  double attack_seconds = 0;

  uint64_t resident_bytes = 0;  // before the attack
  uint64_t growth_bytes = 0;    // of anonymous memory, at its peak
  double recovery_seconds = 0;  // until memory was back; see `has_recovered`
  bool has_recovered = false;
  uint64_t left_bytes = 0;  // of the growth, at the end

  double server_cpu = 0;        // cores used during the attack
  double cpu_ns_per_frame = 0;  // without the victim's part; 0 when not all frames were parsed

  bool has_victim = false;
  VictimStats before;
  VictimStats during;
  // The part of the time that the server, or the victim before the attack, was kept from running
  // by other processes: the larger of the two.
  double waited = 0;

  bool answers_after = false;  // a call on a new connection succeeded afterwards
  size_t files_before = 0;     // descriptors
  size_t files_after = 0;
  std::optional<int> exit_code;  // after SIGTERM
  std::string server_errors;     // its standard error
};

Result RunScenario(const Scenario& row, bool uses_tls, const RunnerOptions& options);

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_RUNNER_H_
