// Who decides when a call is made, on which connection, and whether it counts?
//
// One thread and one epoll. In a closed loop each connection makes its next call when one has
// ended; in an open loop calls are due by a schedule, take the connections in turn, and wait in a
// queue when all of them are full: their waiting is part of their latency.
#ifndef WEIR_BENCH_LOAD_GENERATOR_H_
#define WEIR_BENCH_LOAD_GENERATOR_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/load/connection.h"
#include "bench/load/options.h"
#include "bench/load/results.h"
#include "bench/load/schedule.h"

namespace load {

class Generator final : private ConnectionOwner {
 public:
  // All of them outlive it. `shared` lacks an epoll yet, and results.
  Generator(const Options* options, Shared* shared, Results* results);
  ~Generator();

  // Makes the calls. Returns a sentence when the run could not begin or go on; empty otherwise.
  std::string Run();

 private:
  enum class Phase : uint8_t {
    kOpening,    // connections; with --idle, their calls
    kWarmUp,     // calls that do not count
    kMeasuring,  // calls that do
    kDraining,   // waiting for the last answers
    kHolding,    // --idle: nothing to do until SIGTERM
    kDone,
  };

  void OnReady(Connection& connection) override;
  void OnCallEnded(Connection& connection, const EndedCall& call) override;
  void OnHeld(Connection& connection) override;
  void OnLost(Connection& connection, const Failure* failure, bool was_ready) override;

  // generator.cc: phases, events, connections.
  std::string Prepare();
  void WaitForEvents();
  int64_t NextWake(int64_t now) const;
  void OnSignal();
  void OnTime(int64_t now);
  void BeginCalls(int64_t now);
  void BeginMeasuring(int64_t now);
  void EndMeasuring(int64_t now);
  void StopWaiting(const char* sentence);
  void Finish();
  void PrintProgress(int64_t now);
  bool IsRunning() const { return phase_ == Phase::kWarmUp || phase_ == Phase::kMeasuring; }
  void OpenMore();
  void OpenAt(size_t slot);
  void AfterEvent(size_t slot);

  // generator_calls.cc: calls.
  bool MayStartAnother() const;
  bool HasCallsLeft(const Connection& connection) const;
  void Fill(Connection& connection);
  void Start(Connection& connection, int64_t began, bool counts);
  bool Counts(const EndedCall& call) const;
  void TakeDue(int64_t now);
  void ServeQueue();
  Connection* PickConnection();

  const Options& options_;
  Shared& shared_;
  Results& results_;
  Phase phase_ = Phase::kOpening;
  std::string fatal_;
  int signals_ = -1;

  std::vector<std::unique_ptr<Connection>> connections_;  // by slot; null until opened
  std::vector<uint32_t> generations_;  // tells events of a slot's former connection from its own
  std::deque<size_t> to_open_;         // slots
  size_t opening_ = 0;                 // connections that are not ready yet
  size_t ready_ = 0;
  size_t failed_in_a_row_ = 0;  // attempts to connect
  Random seeds_;

  size_t in_flight_ = 0;
  uint64_t started_ = 0;  // that count
  size_t held_ = 0;       // --idle: calls that are done, or open for good

  // Open loop.
  std::optional<Schedule> schedule_;
  std::deque<int64_t> waiting_;  // when they were due
  size_t next_connection_ = 0;
  bool is_full_ = false;             // no connection has a free stream, when last looked for
  std::vector<Connection*> unsent_;  // calls were started on them

  int64_t begin_ = 0;  // of warming up
  int64_t measure_begin_ = 0;
  int64_t measure_end_ = 0;  // planned; without --seconds, never
  int64_t drain_end_ = 0;
  int64_t last_counted_ = 0;  // end of a call that counts, or has failed
  double cpu_at_begin_ = 0;

  int64_t next_second_ = 0;
  uint64_t progress_mark_ = 0;  // of all that moves, a second ago
  uint64_t calls_mark_ = 0;
  int64_t last_progress_ = 0;
};

}  // namespace load

#endif  // WEIR_BENCH_LOAD_GENERATOR_H_
