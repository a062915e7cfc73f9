// How are results shown: a line for each row as it ends, and JSON for programs?
#ifndef WEIR_TESTS_HOSTILE_REPORT_H_
#define WEIR_TESTS_HOSTILE_REPORT_H_

#include <string>
#include <vector>

#include "tests/hostile/runner.h"
#include "tests/hostile/scenario.h"

namespace hostile {

// A row, over one transport, with what became of it.
struct Entry {
  const Scenario* row;
  bool uses_tls;
  Result result = {};
  std::vector<std::string> faults = {};  // of Judge; empty when nothing was judged
  bool is_done = false;
};

struct RunFacts {
  std::string server;  // what was attacked: "weir"
  bool is_judged = true;
  double attack_seconds = 0;
};

// The head of the table, and one line of it. Units are in the head.
std::string TableHead();
std::string TableLine(const Entry& entry, bool is_judged);

// "survives", or "GOAWAY X x12, close x3" for rounds that ended in different ways.
std::string SeenText(const Result& result);

// Of the entries that are done.
std::string ToJson(const std::vector<Entry>& entries, const RunFacts& facts);

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_REPORT_H_
