// One seed: a whole server on a simulated loop, its clients and their networks, until nothing is
// left.
#ifndef WEIR_TESTS_SIM_SIMULATION_H_
#define WEIR_TESTS_SIM_SIMULATION_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "server/handler_pool.h"
#include "server/worker_context.h"
#include "tests/sim/call.h"
#include "tests/sim/coverage.h"
#include "tests/sim/event_queue.h"
#include "tests/sim/random.h"
#include "tests/sim/referee.h"
#include "tests/sim/scenario.h"
#include "tests/sim/services.h"
#include "tests/sim/session.h"
#include "tests/sim/sim_loop.h"
#include "tests/sim/trace.h"
#include "transport/driver/worker.h"

namespace weir::sim {

struct SimulationResult {
  std::string failure;  // empty when every rule was kept
  std::string trace;    // its last lines, when there is a failure
  uint64_t trace_hash = 0;
  uint64_t steps = 0;
  Duration virtual_time = Duration::zero();
};

class Simulation final : private HandlerObserver, private ReadinessSource, private Actor {
 public:
  // With `prints`, the trace goes to standard output as it happens.
  Simulation(uint64_t seed, bool prints, Coverage& coverage, Tamper tamper = {});
  ~Simulation();

  // To the end, or to the first failure. Call once.
  SimulationResult Run();

 private:
  enum What : uint32_t { kDrain, kAbort, kShutdownDeadline, kConnectFirst };

  // HandlerObserver
  CallRecord* FindCall(uint64_t id) override { return calls_.Find(id); }
  void OnHandlerStarts(CallRecord& call) override;
  void OnHandlerEnds(CallRecord& call) override;
  void OnHandlerComplaint(const std::string& sentence) override { referee_.Fail(sentence); }
  net::Loop& loop() override { return loop_; }
  // ReadinessSource
  Readiness ReadinessOf(int fd) const override;
  // Actor
  void OnEvent(uint32_t what) override;

  void BuildServer();
  void BuildClients();
  void Connect(size_t index);
  void BeginDrain();
  void Abort();
  // False when nothing is left to happen.
  bool Step();
  void RunTurn(TimePoint now);
  void EndWhenQuiet();
  // Why the loop does not sleep, for somebody who wonders.
  std::string DescribeLoop();

  // simulation_checks.cc
  void CheckTurn();
  void CheckConnection(driver::ConnectionDriver& driver, Session& session);
  // Nothing moves any more, and connections are left: that must be their clients' doing.
  void CheckStandstill();
  void CheckEnd();
  void CheckCalls();
  void AddCounters();
  size_t BufferedBytesMax() const;
  Session& SessionOf(driver::ConnectionDriver& driver);

  Random random_;
  Trace trace_;
  Referee referee_;
  Coverage& coverage_;
  const Tamper tamper_;
  const Scenario scenario_;
  CallBook calls_;
  EventQueue events_{random_};
  SimLoop loop_;
  const World world_;

  std::vector<std::unique_ptr<Service>> services_;
  const server::Compressors compressors_;
  server::HandlerPool pool_{/*threads_max=*/0, /*queue_max=*/0, compressors_};
  std::unique_ptr<const server::ServerConfig> config_;
  std::unique_ptr<server::WorkerContext> context_;
  std::unique_ptr<driver::Worker> worker_;
  std::deque<Session> sessions_;

  TimePoint turn_at_ = kNever;  // when the server gets to run, once it is runnable
  int long_pauses_ = 0;
  size_t running_handlers_ = 0;
  bool is_ending_ = false;
  bool is_draining_ = false;
  bool is_aborting_ = false;
  bool is_empty_ = false;
};

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_SIMULATION_H_
