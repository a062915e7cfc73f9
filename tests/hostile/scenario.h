// What is a row of the bench's table?
#ifndef WEIR_TESTS_HOSTILE_SCENARIO_H_
#define WEIR_TESTS_HOSTILE_SCENARIO_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "tests/hostile/outcome.h"
#include "tests/hostile/transport.h"

namespace hostile {

class Attack;

enum class Over { kBoth, kClear, kTls };

// How a row is run.
enum class Pace {
  kOnce,      // rounds in quick succession; nothing is measured beside them
  kFlood,     // rounds until the time is up, beside a victim
  kPatience,  // one round that waits for one of the server's timers
};

// What one attacking connection may cost the server.
inline constexpr size_t kProtocolOnly = 256 * 1024;   // nothing it sends is payload to keep
inline constexpr size_t kPayload = 16 * 1024 * 1024;  // it makes the server hold payload

struct Scenario {
  std::string id = {};       // "A13"; several rows may have it
  std::string variant = {};  // "a"; with the id it names the row: "A13a"
  std::string title = {};
  std::string cve = {};
  Over over = Over::kBoth;
  Pace pace = Pace::kOnce;
  std::vector<Outcome> expected = {};  // each round must end with one of them
  size_t memory_max = kProtocolOnly;
  int connections = 1;  // attacking at once; each may cost memory_max
  int rounds = 1;       // of kOnce
  // When the round of a kPatience row must end, in seconds from its beginning.
  double earliest = 0;
  double latest = 0;
  bool is_twin = false;                        // an innocent client that looks like an attacker
  bool is_short = false;                       // part of the short form
  bool stops_server = false;                   // the round itself asks the server to stop
  int server_files = 0;                        // RLIMIT_NOFILE of the server; 0: plenty
  std::vector<std::string> server_flags = {};  // more of them, for the server
  std::string not_run = {};  // why the row cannot be run; such a row never counts as passed
  std::function<Outcome(Attack&)> run = {};

  std::string name() const { return id + variant; }
};

using Scenarios = std::vector<Scenario>;

// The table, by family (one file each).
void AddControlFrames(Scenarios* rows);
void AddStreamLifecycle(Scenarios* rows);
void AddHeaderBlocks(Scenarios* rows);
void AddFieldRules(Scenarios* rows);
void AddDataFlow(Scenarios* rows);
void AddMessageBodies(Scenarios* rows);
void AddGrpcSemantics(Scenarios* rows);
void AddServiceAttacks(Scenarios* rows);
void AddConnections(Scenarios* rows);
void AddTlsAttacks(Scenarios* rows);
void AddInnocentTwins(Scenarios* rows);

// All rows, in the order of their ids.
Scenarios AllScenarios();

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_SCENARIO_H_
