// Work that one thread hands to the loop of another.
#ifndef WEIR_TRANSPORT_NET_TASK_H_
#define WEIR_TRANSPORT_NET_TASK_H_

#include <type_traits>
#include <utility>

namespace weir::net {

// Derive from it and post the object itself (`Loop::Post`): posting allocates nothing, because the
// queue's link lives here. The loop does not own it. From Post until Run (or Drop) begins, the
// object must stay where it is, must not be posted again and must not be destroyed; once Run has
// begun the loop never touches it again, so Run may post it anew or delete it.
class Task {
 public:
  Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  // On the loop's thread. Must not block.
  virtual void Run() = 0;

  // Called instead of Run when the loop is destroyed before the task's turn came, on the thread
  // that destroys it. The place to release what Run would have released.
  virtual void Drop() {}

 protected:
  virtual ~Task() = default;

 private:
  friend class TaskQueue;
  Task* next_ = nullptr;
};

// A task made from a callable, which may be move-only. Owns itself: deleted after Run or Drop.
template <typename Function>
class FunctionTask final : public Task {
 public:
  explicit FunctionTask(Function function) : function_(std::move(function)) {}

  void Run() override {
    // Deleted first, so that the callable may destroy the loop's owner, or post again.
    Function function = std::move(function_);
    delete this;
    function();
  }
  void Drop() override { delete this; }

 private:
  Function function_;
};

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_TASK_H_
