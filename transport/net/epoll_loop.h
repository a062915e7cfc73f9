// The event loop on Linux: epoll, one thread.
#ifndef WEIR_TRANSPORT_NET_EPOLL_LOOP_H_
#define WEIR_TRANSPORT_NET_EPOLL_LOOP_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "transport/base/slot_map.h"
#include "transport/net/loop.h"
#include "transport/net/task_queue.h"
#include "transport/net/timer_wheel.h"
#include "transport/net/unique_fd.h"

struct epoll_event;

namespace weir::net {

// What the loop did so far. Written by the loop's thread.
struct LoopCounters {
  uint64_t turns = 0;
  uint64_t sleeps = 0;        // turns that were ready to wait, because no work was left
  uint64_t ready_events = 0;  // OnReady calls
  uint64_t wakeups = 0;       // times another thread's Post had to wake the loop
  uint64_t tasks_run = 0;
  uint64_t timers_fired = 0;
  uint64_t interest_changes = 0;  // epoll_ctl(MOD) calls that Modify led to
};

// A turn is: wait, read the clock, ready descriptors, due timers, posted tasks, TurnEnd. The wait
// is an epoll_wait whose timeout ends at the next timer, rounded up to a millisecond, or an
// epoll_pwait2 when TurnEnd wants a turn before that; it does not block while work is left.
// Level-triggered, because with reads that stop at a short read it needs as few system calls as
// edge-triggered epoll and cannot lose an edge.
class EpollLoop final : public Loop {
 public:
  static Result<std::unique_ptr<EpollLoop>, IoError> Create();
  // Must not be running. Tasks that have not run are dropped. All watches must have ended.
  ~EpollLoop() override;

  // Runs turns on the calling thread until Stop. Returns when the turn that sees the stop is over.
  void Run();

  // Makes Run return, also if it has not been called yet. Thread-safe and async-signal-safe;
  // idempotent. A stopped loop cannot be run again.
  void Stop();

  // One turn, which waits no longer than until `wait_until`; not at all by default. For tests and
  // for programs with a loop of their own.
  void RunOnce(TimePoint wait_until = TimePoint::min());

  const LoopCounters& counters() const { return counters_; }

  TimePoint Now() const override { return now_; }
  TimePoint ReadClock() override;
  Duration ReadThreadTime() override;
  [[nodiscard]] Result<WatchHandle, IoError> Watch(int fd, Interest interest,
                                                   Watcher& watcher) override;
  void Modify(WatchHandle handle, Interest interest) override;
  void Unwatch(WatchHandle handle) override;
  void Arm(Timer& timer, TimePoint deadline) override;
  void Disarm(Timer& timer) override;
  void Post(Task& task) override;
  void SetTurnEnd(TurnEnd* turn_end) override;

 private:
  struct Watched {
    Watcher* watcher;
    int fd;
    Interest wanted;
    Interest armed;         // what the kernel was told last
    bool is_dirty = false;  // in `dirty_`
  };

  class StopTask final : public Task {
   public:
    explicit StopTask(EpollLoop& loop) : loop_(loop) {}
    void Run() override { loop_.is_stopped_ = true; }

   private:
    EpollLoop& loop_;
  };

  EpollLoop(UniqueFd epoll, UniqueFd wake);

  void Turn(TimePoint wait_until);
  void ApplyInterestChanges();
  int Wait(std::span<epoll_event> events, TimePoint wait_until);
  int WaitPrecisely(std::span<epoll_event> events, Duration timeout);
  void Dispatch(std::span<const epoll_event> events);
  void FireTimers();
  void WakeUp();

  UniqueFd epoll_;
  UniqueFd wake_;
  SlotMap<Watched> watched_;
  std::vector<WatchHandle> dirty_;
  TimePoint now_;
  TimerWheel timers_;
  TurnEnd* turn_end_ = nullptr;
  TimePoint next_turn_at_ = kNever;  // as TurnEnd wants it
  bool has_precise_wait_ = true;
  bool is_stopped_ = false;
  LoopCounters counters_;
  StopTask stop_task_{*this};
  std::atomic<bool> stop_requested_ = false;
  // On a cache line of its own, since other threads write to it.
  alignas(64) TaskQueue tasks_;
};

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_EPOLL_LOOP_H_
