// A loop whose time and readiness a test decides.
#ifndef WEIR_TESTS_TESTING_FAKE_LOOP_H_
#define WEIR_TESTS_TESTING_FAKE_LOOP_H_

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "transport/base/slot_map.h"
#include "transport/net/loop.h"
#include "transport/net/task_queue.h"
#include "transport/net/timer_wheel.h"

namespace weir::net {

// Time stands still until Advance; nothing happens but in RunTurn and Advance. A turn does what a
// turn of EpollLoop does, in the same order. Post alone is thread-safe.
class FakeLoop final : public Loop {
 public:
  // Starts one hour after the clock's origin, so that a test may look back.
  FakeLoop() : now_(std::chrono::hours(1)), timers_(now_) {}
  ~FakeLoop() override { tasks_.DropAll(); }

  TimePoint Now() const override { return now_; }
  TimePoint ReadClock() override {
    ++clock_reads_;
    return clock_ = std::max(clock_, now_);
  }
  Duration ReadThreadTime() override {
    ++thread_time_reads_;
    return thread_time_;
  }

  [[nodiscard]] Result<WatchHandle, IoError> Watch(int fd, Interest interest,
                                                   Watcher& watcher) override {
    if (watch_error_ != 0) return IoError{watch_error_, "epoll_ctl"};
    return watched_.Emplace(Watched{&watcher, fd, interest}).first;
  }

  void Modify(WatchHandle handle, Interest interest) override {
    Watched* watched = watched_.Find(handle);
    WEIR_CHECK(watched != nullptr);
    watched->interest = interest;
  }

  void Unwatch(WatchHandle handle) override {
    if (watched_.Find(handle) != nullptr) watched_.Erase(handle);
  }

  void Arm(Timer& timer, TimePoint deadline) override { timers_.Arm(timer, deadline); }
  void Disarm(Timer& timer) override { timers_.Disarm(timer); }
  void Post(Task& task) override { static_cast<void>(tasks_.Push(task)); }
  void SetTurnEnd(TurnEnd* turn_end) override { turn_end_ = turn_end; }

  // From now on `fd` is in this state: level-triggered, so each turn reports it to whoever asks.
  void SetReady(int fd, bool readable, bool writable, bool hangup = false) {
    ready_[fd] = Ready{readable, writable, hangup};
  }

  int clock_reads() const { return clock_reads_; }
  int thread_time_reads() const { return thread_time_reads_; }

  // From now on Watch fails with this errno value; 0 for never.
  void FailWatch(int error_number) { watch_error_ = error_number; }

  // What is asked for on `fd`; nothing if it is not watched.
  std::optional<Interest> InterestOf(int fd) {
    std::optional<Interest> found;
    watched_.ForEach([&](WatchHandle, Watched& watched) {
      if (watched.fd == fd) found = watched.interest;
    });
    return found;
  }

  size_t watch_count() const { return watched_.size(); }

  // Whether the loop would start its next turn without sleeping, as far as TurnEnd says.
  bool has_work_left() { return next_turn_at_ <= ReadClock(); }

  // When TurnEnd wants the next turn at the latest.
  TimePoint next_turn_at() const { return next_turn_at_; }

  // What is being done takes so long: the clock goes on, the time of the turn does not.
  void Spend(Duration duration) {
    clock_ = ReadClock() + duration;
    thread_time_ += duration;
  }
  // The same, but the thread is kept from running meanwhile.
  void Stall(Duration duration) { clock_ = ReadClock() + duration; }

  // One turn at the present time.
  void RunTurn() {
    now_ = ReadClock();
    ReportReady();
    timers_.Advance(now_);
    while (Timer* timer = timers_.PopDue()) timer->OnTimer(now_);
    tasks_.RunAll();
    next_turn_at_ = turn_end_ != nullptr ? turn_end_->OnTurnEnd() : kNever;
  }

  // Lets time pass: a turn at every point where a timer may be due or TurnEnd wants one, and one at
  // the end.
  void Advance(Duration duration) {
    const TimePoint end = ReadClock() + duration;
    for (TimePoint wake = NextWake(); wake < end; wake = NextWake()) {
      if (wake > now_) now_ = wake;
      RunTurn();
    }
    now_ = end;
    RunTurn();
  }

  // The thread did not run for so long: one turn, with everything that came due late.
  void Oversleep(Duration duration) {
    now_ += duration;
    RunTurn();
  }

 private:
  struct Watched {
    Watcher* watcher;
    int fd;
    Interest interest;
  };
  struct Ready {
    bool readable = false;
    bool writable = false;
    bool hangup = false;
  };

  TimePoint NextWake() {
    // Work that is left is done by who runs turns until nothing is.
    const bool is_later = next_turn_at_ > ReadClock();
    return is_later ? std::min(timers_.NextWake(), next_turn_at_) : timers_.NextWake();
  }

  void ReportReady() {
    std::vector<WatchHandle> handles;
    watched_.ForEach([&](WatchHandle handle, Watched&) { handles.push_back(handle); });
    for (const WatchHandle handle : handles) {
      const Watched* watched = watched_.Find(handle);
      if (watched == nullptr) continue;
      const auto found = ready_.find(watched->fd);
      if (found == ready_.end()) continue;
      const bool readable = found->second.readable && watched->interest.read;
      const bool writable = found->second.writable && watched->interest.write;
      const bool hangup = found->second.hangup;
      if (readable || writable || hangup) watched->watcher->OnReady(readable, writable, hangup);
    }
  }

  TimePoint now_;
  TimePoint clock_ = TimePoint::min();
  Duration thread_time_ = Duration::zero();
  int clock_reads_ = 0;
  int thread_time_reads_ = 0;
  TimerWheel timers_;
  TaskQueue tasks_;
  SlotMap<Watched> watched_;
  std::map<int, Ready> ready_;
  TurnEnd* turn_end_ = nullptr;
  TimePoint next_turn_at_ = kNever;
  int watch_error_ = 0;
};

}  // namespace weir::net

#endif  // WEIR_TESTS_TESTING_FAKE_LOOP_H_
