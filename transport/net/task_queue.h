// How do tasks get from any thread to the one that runs the loop?
#ifndef WEIR_TRANSPORT_NET_TASK_QUEUE_H_
#define WEIR_TRANSPORT_NET_TASK_QUEUE_H_

#include <atomic>
#include <cstdint>

#include "transport/net/task.h"

namespace weir::net {

// Many producers, one consumer, lock-free, intrusive. Producers push on a stack; the consumer takes
// the whole stack with one exchange and turns it round, so there is no ABA problem and a task costs
// one compare-and-swap.
//
// Sleep is part of the same word: the consumer swaps the empty stack for the mark "asleep", and
// only the one producer that replaces the mark has to wake it. Word and mark change together, so a
// wake-up can be neither lost nor sent twice.
class TaskQueue {
 public:
  TaskQueue() = default;
  TaskQueue(const TaskQueue&) = delete;
  TaskQueue& operator=(const TaskQueue&) = delete;
  ~TaskQueue() { DropAll(); }

  // Thread-safe. True when the consumer was asleep: the caller must wake it.
  [[nodiscard]] bool Push(Task& task);

  // Consumer only. True when the queue was empty and the consumer may now sleep; false when there
  // are tasks.
  [[nodiscard]] bool PrepareToSleep();

  // Consumer only, after PrepareToSleep: the consumer is awake for whatever reason, so producers
  // need not wake it. True when it was a producer that woke it.
  bool EndSleep();

  // Consumer only. Runs everything that was pushed before the call, oldest first; what a task
  // pushes waits for the next call. Returns how many ran.
  int RunAll();

  // Drops everything, when no producer is active any more.
  void DropAll();

 private:
  // The states of the word besides a pointer to the newest task.
  static constexpr uintptr_t kEmpty = 0;
  static constexpr uintptr_t kAsleep = 1;

  // The tasks in the queue, oldest first, linked through `next_`.
  Task* TakeAll();

  std::atomic<uintptr_t> newest_ = kEmpty;
};

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_TASK_QUEUE_H_
