#include "transport/net/task_queue.h"

#include <utility>

namespace weir::net {

bool TaskQueue::Push(Task& task) {
  static_assert(alignof(Task) > kAsleep, "no task may have the address that means asleep");
  uintptr_t newest = newest_.load(std::memory_order_relaxed);
  do {
    task.next_ = newest == kAsleep ? nullptr : reinterpret_cast<Task*>(newest);
    // Release publishes the task and its link. The exchange in TakeAll acquires it, also when other
    // producers pushed in between: their swaps continue the release sequence.
  } while (!newest_.compare_exchange_weak(newest, reinterpret_cast<uintptr_t>(&task),
                                          std::memory_order_release, std::memory_order_relaxed));
  return newest == kAsleep;
}

bool TaskQueue::PrepareToSleep() {
  uintptr_t expected = kEmpty;
  return newest_.compare_exchange_strong(expected, kAsleep, std::memory_order_relaxed);
}

bool TaskQueue::EndSleep() {
  uintptr_t expected = kAsleep;
  return !newest_.compare_exchange_strong(expected, kEmpty, std::memory_order_relaxed);
}

Task* TaskQueue::TakeAll() {
  // Most turns find nothing: a load is cheaper than an exchange, which would take the cache line
  // away from the producers. A task missed here is found by the next PrepareToSleep.
  if (newest_.load(std::memory_order_relaxed) <= kAsleep) return nullptr;
  auto* task = reinterpret_cast<Task*>(newest_.exchange(kEmpty, std::memory_order_acquire));
  Task* oldest = nullptr;
  while (task != nullptr) {
    Task* older = task->next_;
    task->next_ = oldest;
    oldest = std::exchange(task, older);
  }
  return oldest;
}

int TaskQueue::RunAll() {
  int count = 0;
  for (Task* task = TakeAll(); task != nullptr; ++count) {
    Task* next = task->next_;  // read first: Run may delete the task or post it again
    task->Run();
    task = next;
  }
  return count;
}

void TaskQueue::DropAll() {
  // Drop may post: what it posts is dropped too.
  for (Task* task = TakeAll(); task != nullptr; task = TakeAll()) {
    while (task != nullptr) {
      Task* next = task->next_;
      task->Drop();
      task = next;
    }
  }
}

}  // namespace weir::net
