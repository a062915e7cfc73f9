// The server's event loop on a virtual clock: what an epoll loop may do, in the orders a seed
// chooses.
#ifndef WEIR_TESTS_SIM_SIM_LOOP_H_
#define WEIR_TESTS_SIM_SIM_LOOP_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tests/sim/random.h"
#include "transport/base/slot_map.h"
#include "transport/net/loop.h"
#include "transport/net/task_queue.h"
#include "transport/net/timer_wheel.h"

namespace weir::sim {

struct Readiness {
  bool readable = false;
  bool writable = false;
  bool hangup = false;
};

// The simulated kernel's side of a descriptor.
class ReadinessSource {
 public:
  virtual Readiness ReadinessOf(int fd) const = 0;

 protected:
  ~ReadinessSource() = default;
};

// What the kernel does besides the obvious; each is "one in so many", 0 for never.
struct LoopFaults {
  uint32_t spurious_one_in = 0;    // a descriptor is reported though it is not ready
  uint32_t overlooked_one_in = 0;  // a ready one only comes in a later turn
  uint32_t watch_fails_one_in = 0;
  uint32_t slow_service_one_in = 0;  // what was done took up to 2 ms
};

class SimLoop final : public net::Loop {
 public:
  SimLoop(Random& random, const ReadinessSource& source, const LoopFaults& faults, TimePoint start)
      : random_(random), source_(source), faults_(faults), now_(start), timers_(start) {}
  ~SimLoop() override { tasks_.DropAll(); }

  // net::Loop
  TimePoint Now() const override { return now_; }
  TimePoint ReadClock() override;
  Duration ReadThreadTime() override { return ReadClock() - TimePoint(); }
  [[nodiscard]] Result<net::WatchHandle, net::IoError> Watch(int fd, net::Interest interest,
                                                             net::Watcher& watcher) override;
  void Modify(net::WatchHandle handle, net::Interest interest) override;
  void Unwatch(net::WatchHandle handle) override;
  void Arm(net::Timer& timer, TimePoint deadline) override { timers_.Arm(timer, deadline); }
  void Disarm(net::Timer& timer) override { timers_.Disarm(timer); }
  void Post(net::Task& task) override { static_cast<void>(tasks_.Push(task)); }
  void SetTurnEnd(net::TurnEnd* turn_end) override { turn_end_ = turn_end; }

  // ---- for the simulation
  // Whether the loop would start its next turn without sleeping.
  bool IsRunnable();
  // When a timer ends its sleep, if nothing else does.
  TimePoint NextWake() {
    return has_work_left() ? timers_.NextWake() : std::min(timers_.NextWake(), next_turn_at_);
  }
  // When TurnEnd wants the next turn at the latest.
  TimePoint next_turn_at() const { return next_turn_at_; }
  // Until then the thread is at what it does; no turn begins before.
  TimePoint busy_until() const { return clock_; }
  // One turn that begins at `now`, which must not go back.
  void RunTurn(TimePoint now);

  bool has_work_left() const { return next_turn_at_ <= now_; }
  bool has_tasks();
  size_t watch_count() const { return watched_.size(); }
  // Nothing if it is not watched.
  std::optional<net::Interest> InterestOf(int fd);

  uint64_t spurious_count() const { return spurious_count_; }
  uint64_t overlooked_count() const { return overlooked_count_; }
  uint64_t failed_watch_count() const { return failed_watch_count_; }

 private:
  struct Watched {
    net::Watcher* watcher;
    int fd;
    net::Interest interest;
  };
  struct Fetched {
    net::WatchHandle handle;
    Readiness readiness;
  };

  static Readiness Wanted(const Readiness& ready, net::Interest interest) {
    return {ready.readable && interest.read, ready.writable && interest.write, ready.hangup};
  }
  void Fetch();
  void Dispatch();
  bool Happens(uint32_t one_in) { return one_in != 0 && random_.OneIn(one_in); }

  Random& random_;
  const ReadinessSource& source_;
  const LoopFaults faults_;
  TimePoint now_;
  TimePoint clock_ = TimePoint::min();
  net::TimerWheel timers_;
  net::TaskQueue tasks_;
  SlotMap<Watched> watched_;
  std::vector<Fetched> fetched_;
  net::TurnEnd* turn_end_ = nullptr;
  TimePoint next_turn_at_ = kNever;
  uint64_t spurious_count_ = 0;
  uint64_t overlooked_count_ = 0;
  uint64_t failed_watch_count_ = 0;
};

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_SIM_LOOP_H_
