// A worker and its clients, on a fake loop and fake sockets, for cases of limits.
#ifndef WEIR_TESTS_LIMITS_WORKER_SCENE_H_
#define WEIR_TESTS_LIMITS_WORKER_SCENE_H_

#include <string>
#include <utility>
#include <vector>

#include "tests/limits/limit_case.h"
#include "tests/transport/driver/driver_fixture.h"
#include "transport/net/memory_monitor.h"

namespace weir::limits {

// The same as UpTo, for timers of the loop: they come up to two of its ticks late.
constexpr Duration TicksUpTo(Duration limit, Step step) {
  constexpr Duration kLate = std::chrono::milliseconds(2);
  return limit + (2 * OffsetOf(step) - 1) * kLate;
}

// Measures what a case says.
class ScriptedMemory final : public net::MemoryMonitor {
 public:
  static constexpr uint64_t kBudget = 1000;
  ScriptedMemory() : MemoryMonitor(kBudget) {}
  uint64_t used = 0;

 private:
  uint64_t Measure() const override { return used; }
};

class WorkerScene final : private driver::DriverTest {
 public:
  using DriverTest::Connect;
  using DriverTest::ConnectAndStart;
  using DriverTest::options_;  // to be changed before anything else
  using DriverTest::Settle;
  using DriverTest::worker;

  // What is being done takes so long.
  void Spends(Duration duration) { loop_.Spend(duration); }
  void Passes(Duration duration) {
    loop_.Advance(duration);
    Settle();
  }

  // The process uses so much of ScriptedMemory::kBudget from now on. Before the first client: has
  // the worker look at all.
  void Uses(uint64_t bytes);

  void Note(std::string line) { seen_.push_back(std::move(line)); }
  // Takes what there is to hear, and keeps what is notable for the outcome.
  std::vector<std::string> Hear(driver::Client& client);

  // Has a request of the client answered, if its connection is still there: "served", or "closed".
  Outcome Finish(driver::Client& client);
  Outcome Finish() { return {seen_, CountsOf(worker().counters().limits)}; }

 private:
  void TestBody() override {}

  ScriptedMemory memory_;
  std::vector<std::string> seen_;
};

}  // namespace weir::limits

#endif  // WEIR_TESTS_LIMITS_WORKER_SCENE_H_
