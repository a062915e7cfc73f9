#include "tests/sim/sim_loop.h"

#include <errno.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "transport/base/check.h"

namespace weir::sim {

Result<net::WatchHandle, net::IoError> SimLoop::Watch(int fd, net::Interest interest,
                                                      net::Watcher& watcher) {
  if (Happens(faults_.watch_fails_one_in)) {
    ++failed_watch_count_;
    return net::IoError{ENOSPC, "epoll_ctl"};
  }
  WEIR_CHECK(!InterestOf(fd).has_value());  // one watch per descriptor
  return watched_.Emplace(Watched{&watcher, fd, interest}).first;
}

void SimLoop::Modify(net::WatchHandle handle, net::Interest interest) {
  Watched* watched = watched_.Find(handle);
  WEIR_CHECK(watched != nullptr);
  watched->interest = interest;
}

void SimLoop::Unwatch(net::WatchHandle handle) {
  if (watched_.Find(handle) != nullptr) watched_.Erase(handle);
}

TimePoint SimLoop::ReadClock() {
  clock_ = std::max(clock_, now_);
  if (Happens(faults_.slow_service_one_in)) {
    clock_ += std::chrono::microseconds(random_.Between(1, 2'000));
  }
  return clock_;
}

std::optional<net::Interest> SimLoop::InterestOf(int fd) {
  std::optional<net::Interest> found;
  watched_.ForEach([&](net::WatchHandle, const Watched& watched) {
    if (watched.fd == fd) found = watched.interest;
  });
  return found;
}

bool SimLoop::has_tasks() {
  // The queue tells nobody but a consumer that wants to sleep.
  if (!tasks_.PrepareToSleep()) return true;
  return tasks_.EndSleep();
}

bool SimLoop::IsRunnable() {
  if (next_turn_at_ <= now_ || has_tasks() || timers_.NextWake() <= now_) return true;
  bool is_ready = false;
  watched_.ForEach([&](net::WatchHandle, const Watched& watched) {
    const Readiness ready = Wanted(source_.ReadinessOf(watched.fd), watched.interest);
    is_ready = is_ready || ready.readable || ready.writable || ready.hangup;
  });
  return is_ready;
}

void SimLoop::RunTurn(TimePoint now) {
  WEIR_CHECK(now >= now_);
  now_ = now;
  Fetch();
  Dispatch();
  timers_.Advance(now_);
  while (net::Timer* timer = timers_.PopDue()) timer->OnTimer(now_);
  tasks_.RunAll();
  next_turn_at_ = turn_end_ != nullptr ? turn_end_->OnTurnEnd() : kNever;
}

// As epoll_wait returns: what is ready now, in any order, not always all of it.
void SimLoop::Fetch() {
  fetched_.clear();
  watched_.ForEach([this](net::WatchHandle handle, const Watched& watched) {
    Readiness ready = Wanted(source_.ReadinessOf(watched.fd), watched.interest);
    const bool is_ready = ready.readable || ready.writable || ready.hangup;
    if (is_ready && Happens(faults_.overlooked_one_in)) {
      ++overlooked_count_;
      return;
    }
    if (!is_ready && Happens(faults_.spurious_one_in)) {
      ++spurious_count_;
      ready = {watched.interest.read, watched.interest.write, false};
    }
    if (ready.readable || ready.writable || ready.hangup) fetched_.push_back({handle, ready});
  });
  for (size_t i = fetched_.size(); i > 1; --i)
    std::swap(fetched_[i - 1], fetched_[random_.Below(i)]);
}

void SimLoop::Dispatch() {
  for (const Fetched& fetched : fetched_) {
    // An earlier event may have ended this watch, or changed what it asks for.
    const Watched* watched = watched_.Find(fetched.handle);
    if (watched == nullptr) continue;
    const Readiness ready = Wanted(fetched.readiness, watched->interest);
    if (!ready.readable && !ready.writable && !ready.hangup) continue;
    watched->watcher->OnReady(ready.readable, ready.writable, ready.hangup);
  }
}

}  // namespace weir::sim
