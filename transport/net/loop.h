// What may a connection ask of the outside world: readiness of descriptors, timers, tasks, the
// time.
//
// The one seam between weir and the system. EpollLoop implements it on Linux; a test or a
// simulation implements it on values.
#ifndef WEIR_TRANSPORT_NET_LOOP_H_
#define WEIR_TRANSPORT_NET_LOOP_H_

#include <atomic>
#include <memory>
#include <type_traits>
#include <utility>

#include "transport/base/check.h"
#include "transport/base/result.h"
#include "transport/base/slot_map.h"
#include "transport/base/time.h"
#include "transport/net/io_error.h"
#include "transport/net/task.h"
#include "transport/net/timer.h"

namespace weir::net {

// Told when a watched descriptor is ready.
class Watcher {
 public:
  // Level-triggered: called in every turn for as long as the condition holds and is asked for.
  // `readable` and `writable` are only ever true when they were asked for. `hangup` means that
  // nothing more can be sent (EPOLLHUP or EPOLLERR) and comes whether asked for or not: read what
  // is left if `readable`, then stop watching, else it comes again in every turn. A peer that only
  // closed its sending side is `readable` with nothing to read, not `hangup`.
  // May watch, modify and unwatch anything, itself included, and may destroy itself.
  virtual void OnReady(bool readable, bool writable, bool hangup) = 0;

 protected:
  ~Watcher() = default;
};

// Called where output is flushed: once at the end of every turn, after ready descriptors, timers
// and tasks.
class TurnEnd {
 public:
  // Returns when the next turn is to begin at the latest: TimePoint::min() when work is left, so
  // that the loop does not sleep, and kNever when nobody waits for anything. Finer than a timer:
  // the loop is up to about 60 us late. For points that are less than a second away.
  virtual TimePoint OnTurnEnd() = 0;

 protected:
  ~TurnEnd() = default;
};

// Which readiness is asked for.
struct Interest {
  bool read = false;
  bool write = false;

  friend bool operator==(Interest, Interest) = default;
};

// Names one watched descriptor. The default handle names nothing; a handle whose watch has ended
// is recognised as stale, also when the descriptor's number is in use again.
using WatchHandle = SlotKey;

// Every method but Post must be called on the loop's thread; before Run has begun and after it has
// returned, on any one thread at a time.
class Loop {
 public:
  virtual ~Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // The time of this turn: constant within a turn, never goes back. Outside Run, the time of the
  // last turn or of the loop's creation.
  virtual TimePoint Now() const = 0;

  // The time at this moment, to measure how long something takes. Looks at the clock.
  virtual TimePoint ReadClock() = 0;

  // What this thread has had of processors so far. Unlike the time that passes it does not count
  // when the thread was kept from running. A system call.
  virtual Duration ReadThreadTime() = 0;

  // Starts to watch `fd`, which stays the caller's and must be unwatched before it is closed; one
  // watch per descriptor. `watcher` must outlive the watch. Fails when the kernel is out of memory
  // or of watches, or when `fd` cannot be watched.
  [[nodiscard]] virtual Result<WatchHandle, IoError> Watch(int fd, Interest interest,
                                                           Watcher& watcher) = 0;

  // Changes what is asked for. Takes effect before the loop next waits, and costs nothing if the
  // set is by then what it was. The handle must be live.
  virtual void Modify(WatchHandle handle, Interest interest) = 0;

  // Ends a watch. No OnReady comes afterwards, even for readiness already fetched in this turn, so
  // the descriptor may be closed and its number used again at once. A stale handle or the default
  // one is ignored.
  virtual void Unwatch(WatchHandle handle) = 0;

  // Arms the timer, moving it if it was armed. `kNever` disarms.
  virtual void Arm(Timer& timer, TimePoint deadline) = 0;
  virtual void Disarm(Timer& timer) = 0;

  // Runs the task in a coming turn, in order of posting by each thread. Thread-safe, the only
  // method that is: lock-free, allocates nothing, and makes a system call only when the loop
  // sleeps. The loop must outlive the call.
  virtual void Post(Task& task) = 0;

  // At most one; nullptr for none. `turn_end` must outlive the loop or be taken away first.
  virtual void SetTurnEnd(TurnEnd* turn_end) = 0;

  // Post for a callable without arguments. Allocates; for control paths, not for every call.
  template <typename Function>
  void PostFunction(Function&& function) {
    Post(*new FunctionTask<std::decay_t<Function>>(std::forward<Function>(function)));
  }

  // True on the loop's thread, and on every thread while the loop is not running.
  bool IsInLoopThread() const {
    const void* owner = owner_.load(std::memory_order_relaxed);
    return owner == nullptr || owner == &thread_mark_;
  }

  // Every entry into what is confined to the loop's thread begins with this.
  void CheckOnThread() const { WEIR_DCHECK(IsInLoopThread()); }

 protected:
  Loop() = default;

  // Called by Run at its beginning and end.
  void BindToThisThread() { owner_.store(&thread_mark_, std::memory_order_relaxed); }
  void UnbindFromThread() { owner_.store(nullptr, std::memory_order_relaxed); }

 private:
  // Its address is the identity of a thread: cheaper to compare than std::thread::id.
  inline static constinit thread_local char thread_mark_ = 0;

  std::atomic<const void*> owner_ = nullptr;
};

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_LOOP_H_
