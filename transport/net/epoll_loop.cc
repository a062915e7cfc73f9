#include "transport/net/epoll_loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <limits>
#include <memory>
#include <new>

#include "transport/base/check.h"
#include "transport/net/clock.h"

namespace weir::net {

namespace {

// 3 KB of stack. More would only delay timers and the flush at the end of the turn.
constexpr size_t kEventsPerWait = 256;

uint64_t Pack(WatchHandle handle) { return (uint64_t{handle.generation} << 32) | handle.index; }

WatchHandle Unpack(uint64_t packed) {
  return {static_cast<uint32_t>(packed), static_cast<uint32_t>(packed >> 32)};
}

epoll_event MakeEvent(Interest interest, WatchHandle handle) {
  epoll_event event{};
  if (interest.read) event.events |= EPOLLIN;
  if (interest.write) event.events |= EPOLLOUT;
  event.data.u64 = Pack(handle);
  return event;
}

// Rounded up, so that the wait does not end just before a timer is due.
int TimeoutMilliseconds(TimePoint now, TimePoint until) {
  if (until == kNever) return -1;
  if (until <= now) return 0;
  const int64_t left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
  return static_cast<int>(std::min<int64_t>(left, std::numeric_limits<int>::max()));
}

}  // namespace

Result<std::unique_ptr<EpollLoop>, IoError> EpollLoop::Create() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.is_valid()) return IoError{errno, "epoll_create1"};
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.is_valid()) return IoError{errno, "eventfd"};
  // Edge-triggered, so that the counter need never be read: each write is a new edge, and 2^64
  // wake-ups do not happen. The default handle tells this event from those of watches.
  epoll_event event = MakeEvent({.read = true}, WatchHandle());
  event.events |= EPOLLET;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return IoError{errno, "epoll_ctl"};
  }
  return std::unique_ptr<EpollLoop>(new EpollLoop(std::move(epoll), std::move(wake)));
}

EpollLoop::EpollLoop(UniqueFd epoll, UniqueFd wake)
    : epoll_(std::move(epoll)), wake_(std::move(wake)), now_(MonotonicNow()), timers_(now_) {}

EpollLoop::~EpollLoop() {
  tasks_.DropAll();
  WEIR_DCHECK(watched_.size() == 0);
}

void EpollLoop::Run() {
  BindToThisThread();
  now_ = MonotonicNow();
  while (!is_stopped_) Turn(kNever);
  UnbindFromThread();
}

void EpollLoop::RunOnce(TimePoint wait_until) {
  BindToThisThread();
  now_ = MonotonicNow();
  Turn(wait_until);
  UnbindFromThread();
}

void EpollLoop::Stop() {
  if (!stop_requested_.exchange(true)) Post(stop_task_);
}

void EpollLoop::Turn(TimePoint wait_until) {
  ++counters_.turns;
  ApplyInterestChanges();
  std::array<epoll_event, kEventsPerWait> events;
  const int count = Wait(events, wait_until);
  // The turn's one look at the clock, but for those that measure something. A turn that takes long
  // makes the next wait, which is computed from here, end late by as much; a second look would cost
  // every turn to help only those.
  now_ = MonotonicNow();
  Dispatch(std::span(events).first(static_cast<size_t>(count)));
  FireTimers();
  counters_.tasks_run += static_cast<uint64_t>(tasks_.RunAll());
  next_turn_at_ = turn_end_ != nullptr ? turn_end_->OnTurnEnd() : kNever;
}

void EpollLoop::ApplyInterestChanges() {
  // By index: OnReady below may add to the list.
  for (size_t i = 0; i < dirty_.size(); ++i) {
    const WatchHandle handle = dirty_[i];
    Watched* watched = watched_.Find(handle);
    if (watched == nullptr) continue;
    watched->is_dirty = false;
    if (watched->wanted == watched->armed) continue;
    ++counters_.interest_changes;
    epoll_event event = MakeEvent(watched->wanted, handle);
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, watched->fd, &event) == 0) {
      watched->armed = watched->wanted;
    } else {
      // The kernel no longer serves this descriptor: for its owner that is the end of it. The turn
      // goes on without sleeping, so that what the owner does about it is flushed.
      next_turn_at_ = TimePoint::min();
      watched->watcher->OnReady(false, false, true);
    }
  }
  dirty_.clear();
}

int EpollLoop::Wait(std::span<epoll_event> events, TimePoint wait_until) {
  const TimePoint timer_at = std::min(wait_until, timers_.NextWake());
  int timeout = 0;
  Duration precise_timeout = kForever;
  if (next_turn_at_ == kNever) {
    timeout = TimeoutMilliseconds(now_, timer_at);
  } else if (next_turn_at_ != TimePoint::min()) {
    // What TurnEnd asks for is near, and the turn itself may have taken as long.
    const TimePoint now = MonotonicNow();
    const TimePoint until = std::min(next_turn_at_, timer_at);
    timeout = TimeoutMilliseconds(now, until);
    if (timeout > 0) precise_timeout = until - now;
  }
  const bool sleeps = timeout != 0 && tasks_.PrepareToSleep();
  if (!sleeps) timeout = 0;
  const int count =
      sleeps && precise_timeout != kForever
          ? WaitPrecisely(events, precise_timeout)
          : ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
  WEIR_CHECK(count >= 0 || errno == EINTR);
  if (sleeps) {
    ++counters_.sleeps;
    if (tasks_.EndSleep()) ++counters_.wakeups;
  }
  return std::max(count, 0);
}

int EpollLoop::WaitPrecisely(std::span<epoll_event> events, Duration timeout) {
  const auto size = static_cast<int>(events.size());
  if (has_precise_wait_) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(timeout);
    const timespec time = {.tv_sec = static_cast<time_t>(seconds.count()),
                           .tv_nsec = static_cast<long>((timeout - seconds).count())};
    const int count = ::epoll_pwait2(epoll_.get(), events.data(), size, &time, nullptr);
    // EPERM is what filters of system calls say that are older than the call.
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
    has_precise_wait_ = false;
  }
  // Rounded down: the last part of a millisecond is waited for in turns without sleep.
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(timeout);
  return ::epoll_wait(epoll_.get(), events.data(), size, static_cast<int>(milliseconds.count()));
}

void EpollLoop::Dispatch(std::span<const epoll_event> events) {
  for (const epoll_event& event : events) {
    // Found anew for each event: an earlier one may have ended this watch, and the descriptor may
    // already be another connection's. The wake-up's handle names nothing.
    Watched* watched = watched_.Find(Unpack(event.data.u64));
    if (watched == nullptr) continue;
    const bool readable = (event.events & EPOLLIN) != 0 && watched->wanted.read;
    const bool writable = (event.events & EPOLLOUT) != 0 && watched->wanted.write;
    const bool hangup = (event.events & (EPOLLHUP | EPOLLERR)) != 0;
    if (!readable && !writable && !hangup) continue;
    ++counters_.ready_events;
    watched->watcher->OnReady(readable, writable, hangup);
  }
}

void EpollLoop::FireTimers() {
  timers_.Advance(now_);
  while (Timer* timer = timers_.PopDue()) {
    ++counters_.timers_fired;
    timer->OnTimer(now_);
  }
}

TimePoint EpollLoop::ReadClock() { return MonotonicNow(); }
Duration EpollLoop::ReadThreadTime() { return ThreadTime(); }

Result<WatchHandle, IoError> EpollLoop::Watch(int fd, Interest interest, Watcher& watcher) {
  CheckOnThread();
  WatchHandle handle;
  try {
    handle =
        watched_
            .Emplace(Watched{.watcher = &watcher, .fd = fd, .wanted = interest, .armed = interest})
            .first;
  } catch (const std::bad_alloc&) {
    return IoError{ENOMEM, "watching a descriptor"};
  }
  epoll_event event = MakeEvent(interest, handle);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    const int error_number = errno;
    watched_.Erase(handle);
    return IoError{error_number, "epoll_ctl"};
  }
  return handle;
}

void EpollLoop::Modify(WatchHandle handle, Interest interest) {
  CheckOnThread();
  Watched* watched = watched_.Find(handle);
  WEIR_CHECK(watched != nullptr);
  watched->wanted = interest;
  if (watched->is_dirty || watched->wanted == watched->armed) return;
  dirty_.push_back(handle);
  watched->is_dirty = true;
}

void EpollLoop::Unwatch(WatchHandle handle) {
  CheckOnThread();
  Watched* watched = watched_.Find(handle);
  if (watched == nullptr) return;
  // Explicitly, although close() would do it: not if the descriptor has been duplicated, as by a
  // fork that has not yet called exec. It cannot fail on a descriptor that is still open.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, watched->fd, nullptr);
  watched_.Erase(handle);
}

void EpollLoop::Arm(Timer& timer, TimePoint deadline) {
  CheckOnThread();
  timers_.Arm(timer, deadline);
}

void EpollLoop::Disarm(Timer& timer) {
  CheckOnThread();
  timers_.Disarm(timer);
}

void EpollLoop::Post(Task& task) {
  if (tasks_.Push(task)) WakeUp();
}

void EpollLoop::WakeUp() {
  // Cannot fail: the descriptor is ours, and the counter does not reach its limit.
  static_cast<void>(::eventfd_write(wake_.get(), 1));
}

void EpollLoop::SetTurnEnd(TurnEnd* turn_end) {
  CheckOnThread();
  turn_end_ = turn_end;
}

}  // namespace weir::net
