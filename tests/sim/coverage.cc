#include "tests/sim/coverage.h"

#include <cinttypes>
#include <cstdio>
#include <iterator>

namespace weir::sim {
namespace {

template <typename Array>
void AddAll(const Array& from, Array* to) {
  for (size_t i = 0; i < from.size(); ++i) (*to)[i] += from[i];
}

// Calls `visit(kind, name, count)` for everything that is counted.
template <typename Behaviours, typename Breaches, typename Flaws, typename Visit>
void ForEach(const Behaviours& behaviours, const Breaches& breaches, const Flaws& flaws,
             Visit visit) {
  for (size_t i = 0; i < behaviours.size(); ++i) {
    visit("", NameOf(static_cast<Behaviour>(i)), behaviours[i]);
  }
  for (size_t i = 1; i < breaches.size(); ++i) {
    visit("rule broken: ", NameOf(static_cast<Breach>(i)), breaches[i]);
  }
  for (size_t i = 1; i < flaws.size(); ++i) {
    visit("request refused: ", Describe(static_cast<Flaw>(i)).name, flaws[i]);
  }
}

}  // namespace

const char* NameOf(Behaviour behaviour) {
  static constexpr const char* kNames[] = {
      "connections",
      "calls",
      "frames of clients",
      "frames of the server",
      "bytes of clients",
      "bytes of the server",
      "handlers run",
      "responses with status 0",
      "responses with another status",
      "responses of trailers alone",
      "streams refused",
      "deadlines passed",
      "calls cancelled by the server",
      "responses broken off by the server",
      "requests stopped after their response",
      "calm calls completed",
      "calls answered by an interceptor",
      "calls refused by a full pool",
      "calls cancelled by clients",
      "clients stalled",
      "clients said GOAWAY",
      "clients closed their half",
      "connections reset",
      "CONTINUATION by clients",
      "padded DATA",
      "requests with trailers",
      "credit given",
      "credit of one octet",
      "SETTINGS changed",
      "send windows used up",
      "send windows below zero",
      "credit given by the server",
      "partial writes",
      "spurious wake-ups",
      "overlooked wake-ups",
      "rests",
      "watches refused",
      "errors injected",
      "reading paused",
      "turns late by seconds",
      "CONTINUATION by the server",
      "drains begun",
      "drains finished",
      "streams accepted during a drain",
      "streams ignored after a drain",
      "aborts",
      "GOAWAY with an error",
      "peers timed out",
      "handlers that outlived their streams",
  };
  static_assert(std::size(kNames) == static_cast<size_t>(Behaviour::kCount));
  return kNames[static_cast<size_t>(behaviour)];
}

void Coverage::Merge(const Coverage& other) {
  AddAll(other.behaviours_, &behaviours_);
  AddAll(other.breaches_, &breaches_);
  AddAll(other.flaws_, &flaws_);
}

std::string Coverage::Table() const {
  std::string table;
  ForEach(behaviours_, breaches_, flaws_, [&](const char* kind, const char* name, uint64_t count) {
    char line[128];
    std::snprintf(line, sizeof(line), "  %-52s %14" PRIu64 "\n", (std::string(kind) + name).c_str(),
                  count);
    table += line;
  });
  return table;
}

std::vector<std::string> Coverage::Missing() const {
  std::vector<std::string> missing;
  ForEach(behaviours_, breaches_, flaws_, [&](const char* kind, const char* name, uint64_t count) {
    if (count == 0) missing.push_back(std::string(kind) + name);
  });
  return missing;
}

}  // namespace weir::sim
