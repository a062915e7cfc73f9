// `Task<T>`: the coroutine type of weir's asynchronous handlers.
//
// Rules that keep coroutine handlers correct:
//  1. A task runs on the worker thread of its connection, always. It must not block that thread.
//  2. A task is lazy: it starts when it is awaited, and is awaited at most once.
//  3. References passed to a coroutine must outlive it. Everything a handler receives does.
//     Lambdas with captures do not make good coroutines: the captures die with the lambda.
#ifndef WEIR_TASK_H_
#define WEIR_TASK_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>
#include <variant>

namespace weir {

template <typename T = void>
class Task;

namespace internal {

// Memory of coroutine frames: recycled per thread, so that a handler costs no heap allocation in
// steady state. A frame is freed on the thread that made it.
void* AllocateFrame(std::size_t size);
void FreeFrame(void* frame, std::size_t size) noexcept;

// Whoever has a coroutine's handle expects the promise, and the functions that resume and destroy
// it, at fixed places of its frame. g++ before 12.3 moves them when a coroutine declares nothing
// and has `co_await` in the condition of an `if`, `switch` or loop (GCC bug 106188). To resume it
// is then a jump to what the memory held before. So such a coroutine is refused: by the compiler if
// it optimises enough to see it, else by AbortOnWrongFrame when the coroutine is started.
[[noreturn]] void AbortOnWrongFrame() noexcept;
#if defined(__GNUC__) && !defined(__clang__)
[[gnu::error(
    "this g++ breaks a coroutine that declares no variable and has co_await in a condition "
    "(GCC bug 106188): give the result to a variable and test that")]] void
RefuseWrongFrame() noexcept;
#endif

// Suspends a coroutine at its start and checks its frame. When the compiler optimises, it sees the
// same address twice, and nothing of the check is left.
class InitialAwaiter {
 public:
  // `frame` is where the promise, by its own address, takes its frame to be.
  explicit InitialAwaiter(const void* frame) : frame_(static_cast<const char*>(frame)) {}
  bool await_ready() noexcept { return false; }
  [[gnu::always_inline]] void await_suspend(std::coroutine_handle<> coroutine) noexcept {
    const std::ptrdiff_t shift = frame_ - static_cast<const char*>(coroutine.address());
    if (shift == 0) return;
#if defined(__GNUC__) && !defined(__clang__)
    if (__builtin_constant_p(shift)) RefuseWrongFrame();
#endif
    AbortOnWrongFrame();
  }
  void await_resume() noexcept {}

 private:
  const char* frame_;
};

// Who starts a task without being a coroutine himself, and is told of its end. May destroy the task
// then.
class TaskOwner {
 public:
  virtual void OnTaskEnd() noexcept = 0;

 protected:
  ~TaskOwner() = default;
};

class TaskPromiseBase {
 public:
  static void* operator new(std::size_t size) { return AllocateFrame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { FreeFrame(frame, size); }

  // Resumes whoever awaits the task, without growing the stack, or tells its owner, who may destroy
  // this coroutine: nothing of it is touched afterwards.
  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) noexcept {
      const TaskPromiseBase& promise = finished.promise();
      if (promise.next_ == 0) return std::noop_coroutine();
      if ((promise.next_ & kIsOwner) == 0) return promise.continuation();
      promise.owner().OnTaskEnd();
      return std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }

  // Either of them, before the coroutine begins.
  void set_continuation(std::coroutine_handle<> continuation) {
    next_ = reinterpret_cast<std::uintptr_t>(continuation.address());
  }
  void set_owner(TaskOwner& owner) {
    static_assert(alignof(TaskOwner) > kIsOwner);
    next_ = reinterpret_cast<std::uintptr_t>(&owner) | kIsOwner;
  }

 private:
  static constexpr std::uintptr_t kIsOwner = 1;

  std::coroutine_handle<> continuation() const {
    return std::coroutine_handle<>::from_address(reinterpret_cast<void*>(next_));
  }
  TaskOwner& owner() const { return *reinterpret_cast<TaskOwner*>(next_ & ~kIsOwner); }

  // One word for both, as there may be a hundred thousand frames. Addresses of both are even; 0 is
  // neither.
  std::uintptr_t next_ = 0;
};

template <typename T>
class TaskPromise final : public TaskPromiseBase {
 public:
  Task<T> get_return_object() noexcept;
  InitialAwaiter initial_suspend() noexcept;
  template <typename Value>
  void return_value(Value&& value) {
    outcome_.template emplace<kValue>(std::forward<Value>(value));
  }
  void unhandled_exception() noexcept {
    outcome_.template emplace<kException>(std::current_exception());
  }
  T TakeResult() {
    if (outcome_.index() == kException) std::rethrow_exception(std::get<kException>(outcome_));
    return std::move(std::get<kValue>(outcome_));
  }

 private:
  static constexpr std::size_t kValue = 1;
  static constexpr std::size_t kException = 2;

  std::variant<std::monostate, T, std::exception_ptr> outcome_;
};

template <>
class TaskPromise<void> final : public TaskPromiseBase {
 public:
  Task<void> get_return_object() noexcept;
  InitialAwaiter initial_suspend() noexcept;
  void return_void() noexcept {}
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }
  void TakeResult() {
    if (exception_) std::rethrow_exception(std::exchange(exception_, nullptr));
  }

 private:
  std::exception_ptr exception_;
};

}  // namespace internal

// Owns a coroutine. Move-only; destroying it destroys the coroutine, which must not be running.
template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      Destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~Task() { Destroy(); }

  bool is_done() const { return handle_ && handle_.done(); }

  // For the library: starts the task, whose end `owner` is told of. That can be before this
  // returns; then nothing of the task may be left.
  void StartFor(internal::TaskOwner& owner) {
    handle_.promise().set_owner(owner);
    handle_.resume();
  }
  // For the library: the result once it is done, or rethrows what it threw.
  T TakeResult() { return handle_.promise().TakeResult(); }

  // `co_await task` starts the task and gives its result, or rethrows what it threw.
  auto operator co_await() && noexcept {
    struct Awaiter {
      Handle handle;
      bool await_ready() noexcept { return handle.done(); }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
        handle.promise().set_continuation(awaiting);
        return handle;
      }
      T await_resume() { return handle.promise().TakeResult(); }
    };
    return Awaiter{handle_};
  }

 private:
  void Destroy() {
    if (handle_) handle_.destroy();
  }

  Handle handle_;
};

namespace internal {

template <typename T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}

template <typename T>
InitialAwaiter TaskPromise<T>::initial_suspend() noexcept {
  return InitialAwaiter(std::coroutine_handle<TaskPromise<T>>::from_promise(*this).address());
}

inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}

inline InitialAwaiter TaskPromise<void>::initial_suspend() noexcept {
  return InitialAwaiter(std::coroutine_handle<TaskPromise<void>>::from_promise(*this).address());
}

}  // namespace internal
}  // namespace weir

#endif  // WEIR_TASK_H_
