// How does a test keep a handler of either style waiting until it says so?
#ifndef WEIR_TESTS_INTEGRATION_GATE_H_
#define WEIR_TESTS_INTEGRATION_GATE_H_

#include <coroutine>
#include <mutex>
#include <utility>

#include "tests/integration/notification.h"
#include "weir/server_context.h"

namespace integration {

// Closed at first; opened once. One coroutine at a time may wait; the test must open the gate
// before that coroutine's call can end.
class Gate {
 public:
  // From the test's thread.
  void Open() {
    opened_.Notify();
    std::lock_guard lock(mutex_);
    is_open_ = true;
    if (waiter_) context_->RunOnWorker([waiter = std::exchange(waiter_, {})] { waiter.resume(); });
  }

  // In a blocking handler. False if the gate is not opened in time.
  [[nodiscard]] bool Wait() const { return opened_.Wait(); }

  // In a coroutine: `co_await gate.Pass(context)`.
  auto Pass(weir::ServerContext& context) {
    struct Awaiter {
      Gate& gate;
      weir::ServerContext& context;

      bool await_ready() const { return false; }
      bool await_suspend(std::coroutine_handle<> waiter) {
        std::lock_guard lock(gate.mutex_);
        if (gate.is_open_) return false;
        gate.context_ = &context;
        gate.waiter_ = waiter;
        return true;
      }
      void await_resume() const {}
    };
    return Awaiter{*this, context};
  }

 private:
  Notification opened_;
  std::mutex mutex_;
  bool is_open_ = false;
  weir::ServerContext* context_ = nullptr;
  std::coroutine_handle<> waiter_;
};

}  // namespace integration

#endif  // WEIR_TESTS_INTEGRATION_GATE_H_
