// What happens next in the simulated world, apart from the server's loop?
#ifndef WEIR_TESTS_SIM_EVENT_QUEUE_H_
#define WEIR_TESTS_SIM_EVENT_QUEUE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/sim/random.h"
#include "transport/base/time.h"

namespace weir::sim {

// Somebody whom events happen to; `what` is a number of its own choice. Lives as long as the queue.
class Actor {
 public:
  virtual void OnEvent(uint32_t what) = 0;

 protected:
  ~Actor() = default;
};

// In order of time. Events of one point in time come in an order that the seed decides: a race has
// two outcomes, and both are to be met.
class EventQueue {
 public:
  explicit EventQueue(Random& random) : random_(random) {}

  void Schedule(TimePoint time, Actor& actor, uint32_t what) {
    heap_.push_back({time, random_.Next(), count_++, &actor, what});
    std::push_heap(heap_.begin(), heap_.end(), IsLater);
  }

  bool empty() const { return heap_.empty(); }
  TimePoint next_time() const { return heap_.empty() ? kNever : heap_.front().time; }

  // The queue must not be empty.
  void RunNext() {
    std::pop_heap(heap_.begin(), heap_.end(), IsLater);
    const Event event = heap_.back();
    heap_.pop_back();
    event.actor->OnEvent(event.what);
  }

 private:
  struct Event {
    TimePoint time;
    uint64_t order;
    uint64_t serial;  // two equal orders must not make a difference between machines
    Actor* actor;
    uint32_t what;
  };

  static bool IsLater(const Event& a, const Event& b) {
    if (a.time != b.time) return a.time > b.time;
    if (a.order != b.order) return a.order > b.order;
    return a.serial > b.serial;
  }

  Random& random_;
  std::vector<Event> heap_;
  uint64_t count_ = 0;
};

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_EVENT_QUEUE_H_
