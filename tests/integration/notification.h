// How do the two sides of a test wait for each other, without sleeping and never for ever?
#ifndef WEIR_TESTS_INTEGRATION_NOTIFICATION_H_
#define WEIR_TESTS_INTEGRATION_NOTIFICATION_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace integration {

// Longer than anything takes on a slow machine under a sanitizer: only a hang gets here.
constexpr std::chrono::seconds kPatience{30};

// A number that threads raise and wait for. Thread-safe.
class Counter {
 public:
  void Increment() {
    std::lock_guard lock(mutex_);
    ++value_;
    changed_.notify_all();
  }

  int value() const {
    std::lock_guard lock(mutex_);
    return value_;
  }

  // Waits until the number is `value` or more; false if that does not happen in time.
  [[nodiscard]] bool WaitFor(int value) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return value_ >= value; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  int value_ = 0;
};

// What a handler leaves for the test to look at. Two threads that know of each other only through
// a socket have no order in the eyes of the language; the lock gives them one.
template <typename T>
class Shared {
 public:
  Shared() = default;
  explicit Shared(T value) : value_(std::move(value)) {}

  void Set(T value) {
    std::lock_guard lock(mutex_);
    value_ = std::move(value);
  }
  T Get() const {
    std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

// Something that happens once. Thread-safe.
class Notification {
 public:
  void Notify() { counter_.Increment(); }
  bool HasBeenNotified() const { return counter_.value() > 0; }
  [[nodiscard]] bool Wait() const { return counter_.WaitFor(1); }

 private:
  Counter counter_;
};

}  // namespace integration

#endif  // WEIR_TESTS_INTEGRATION_NOTIFICATION_H_
