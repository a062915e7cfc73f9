// Coroutines: results, exceptions, laziness, memory, and stacks that do not grow.
#include "weir/task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/await_in_condition.h"
#include "weir/status.h"

namespace weir {
namespace {

using ::testing::ElementsAre;

// A coroutine that belongs to nobody: it starts when it is called, and frees itself at its end.
struct DetachedTask {
  struct promise_type {
    DetachedTask get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

// Starts a task and leaves its result in `*result`.
template <typename T>
DetachedTask Start(Task<T> task, T* result) {
  *result = co_await std::move(task);
}

DetachedTask Start(Task<void> task, bool* is_done) {
  co_await std::move(task);
  *is_done = true;
}

Task<int> Answer() { co_return 42; }

Task<int> Add(int a, int b) {
  const int left = a == 0 ? 0 : co_await Answer();
  co_return left + b;
}

struct Stop {
  std::coroutine_handle<>* place;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) { *place = handle; }
  void await_resume() const {}
};

TEST(Task, GivesItsResult) {
  int result = 0;
  Start(Add(1, 2), &result);
  EXPECT_EQ(result, 44);
}

// Takes the result and destroys the task when he is told of its end, as a call does.
class Owner final : public internal::TaskOwner {
 public:
  void Start(Task<int> task) {
    task_ = std::move(task);
    task_.StartFor(*this);
  }
  void OnTaskEnd() noexcept override {
    try {
      outcomes.push_back(std::to_string(task_.TakeResult()));
    } catch (const std::exception& error) {
      outcomes.emplace_back(error.what());
    }
    task_ = {};
  }

  std::vector<std::string> outcomes;

 private:
  Task<int> task_;
};

TEST(Task, TellsItsOwnerOfItsEnd) {
  Owner owner;
  owner.Start(Add(1, 2));  // at once
  EXPECT_THAT(owner.outcomes, ElementsAre("44"));
  std::coroutine_handle<> waiter;
  owner.Start([](std::coroutine_handle<>* place) -> Task<int> {
    co_await Stop{place};
    const int answer = co_await Answer();
    co_return answer + 1;
  }(&waiter));
  EXPECT_THAT(owner.outcomes, ElementsAre("44"));
  waiter.resume();
  EXPECT_THAT(owner.outcomes, ElementsAre("44", "43"));
  owner.Start([]() -> Task<int> {
    throw std::runtime_error("thrown");
    co_return 0;
  }());
  EXPECT_THAT(owner.outcomes, ElementsAre("44", "43", "thrown"));
}

TEST(Task, GivesAResultThatCanOnlyBeMoved) {
  std::unique_ptr<int> result;
  Start([]() -> Task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); }(), &result);
  EXPECT_EQ(*result, 7);
}

TEST(Task, MayGiveNothing) {
  bool is_done = false;
  Start([]() -> Task<> { co_return; }(), &is_done);
  EXPECT_TRUE(is_done);
}

Task<bool> Yes() { co_return true; }

// Whatever the compiler: never a coroutine that is resumed at a wrong address.
TEST(TaskDeathTest, StartsNoCoroutineWhoseFrameTheCompilerBroke) {
  int result = 0;
#if defined(__GNUC__) && !defined(__clang__) && \
    (__GNUC__ < 12 || (__GNUC__ == 12 && __GNUC_MINOR__ < 3))
  EXPECT_DEATH(Start(AwaitInCondition(Yes()), &result), "GCC bug 106188");
#else
  Start(AwaitInCondition(Yes()), &result);
  EXPECT_EQ(result, 42);
#endif
}

Task<int> AwaitInConditionOfAVariable(Task<bool> inner) {
  const bool is_right = co_await std::move(inner);
  if (!is_right) co_return 0;
  co_return 42;
}

Task<int> AwaitInConditionBesideAVariable(Task<bool> inner) {
  int result = 41;
  if (co_await std::move(inner)) ++result;
  co_return result;
}

TEST(Task, MayBeAwaitedInAConditionBesideAVariable) {
  int result = 0;
  Start(AwaitInConditionOfAVariable(Yes()), &result);
  EXPECT_EQ(result, 42);
  result = 0;
  Start(AwaitInConditionBesideAVariable(Yes()), &result);
  EXPECT_EQ(result, 42);
}

TEST(Task, DoesNothingBeforeItIsAwaited) {
  bool was_started = false;
  const auto body = [&]() -> Task<int> {
    was_started = true;
    co_return 1;
  };
  {
    const Task<int> task = body();
    EXPECT_FALSE(task.is_done());
  }
  EXPECT_FALSE(was_started);
}

TEST(Task, ContinuesWhereItStopped) {
  std::coroutine_handle<> stopped;
  std::vector<std::string> notes;
  const auto body = [&]() -> Task<int> {
    notes.push_back("before");
    co_await Stop{&stopped};
    notes.push_back("after");
    co_return 1;
  };
  int result = 0;
  Start(body(), &result);
  EXPECT_EQ(result, 0);
  stopped.resume();
  EXPECT_EQ(result, 1);
  EXPECT_THAT(notes, ElementsAre("before", "after"));
}

TEST(Task, PassesExceptionsToWhoeverAwaitsIt) {
  const auto thrower = []() -> Task<int> {
    throw std::runtime_error("on purpose");
    co_return 1;
  };
  const auto catcher = [&]() -> Task<std::string> {
    std::string what;
    try {
      co_await thrower();
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    co_return what;
  };
  std::string result;
  Start(catcher(), &result);
  EXPECT_EQ(result, "on purpose");
}

TEST(Task, PassesExceptionsThroughLevelsThatDoNotCatch) {
  std::coroutine_handle<> stopped;
  const auto thrower = [&]() -> Task<> {
    co_await Stop{&stopped};
    throw 7;
  };
  const auto between = [&]() -> Task<> { co_await thrower(); };
  const auto catcher = [&]() -> Task<int> {
    int caught = 0;
    try {
      co_await between();
    } catch (int value) {
      caught = value;
    }
    co_return caught;
  };
  int result = 0;
  Start(catcher(), &result);
  stopped.resume();
  EXPECT_EQ(result, 7);
}

// Awaits a task, and can be destroyed while it does.
class Holder {
 public:
  struct promise_type {
    Holder get_return_object() {
      return Holder(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };

  explicit Holder(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() { handle_.destroy(); }

  template <typename T>
  static Holder Of(Task<T> task) {
    co_await std::move(task);
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

TEST(Task, DestroysWhatIsInItWhenItIsDestroyedHalfWay) {
  std::coroutine_handle<> stopped;
  const auto witness = std::make_shared<int>(1);
  const auto body = [&](std::shared_ptr<int> held) -> Task<int> {
    const std::shared_ptr<int> more = held;
    co_await Stop{&stopped};
    co_return *more;
  };
  {
    const Holder holder = Holder::Of(body(witness));
    EXPECT_EQ(witness.use_count(), 3);
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(Task, GivesItsCoroutineAwayWhenItIsMoved) {
  Task<int> one = Answer();
  Task<int> two = std::move(one);
  one = std::move(two);
  int result = 0;
  Start(std::move(one), &result);
  EXPECT_EQ(result, 42);
}

TEST(Task, ReusesTheMemoryOfItsFrame) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "frames are not kept under AddressSanitizer";
#endif
  void* const first = internal::AllocateFrame(200);
  internal::FreeFrame(first, 200);
  void* const second = internal::AllocateFrame(190);  // of the same class
  EXPECT_EQ(first, second);
  void* const third = internal::AllocateFrame(200);
  EXPECT_NE(second, third);
  internal::FreeFrame(second, 190);
  internal::FreeFrame(third, 200);
}

TEST(Task, TakesFramesOfAnySize) {
  std::vector<std::pair<void*, size_t>> frames;
  for (size_t size = 1; size < 10'000; size = size * 3 / 2 + 1) {
    void* const frame = internal::AllocateFrame(size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(frame) % alignof(std::max_align_t), 0u);
    std::fill_n(static_cast<char*>(frame), size, 'x');
    frames.emplace_back(frame, size);
  }
  for (const auto& [frame, size] : frames) internal::FreeFrame(frame, size);
}

TEST(Task, KeepsFramesPerThread) {
  // Leaves and takes frames while another thread does; whatever is shared would be found out.
  const auto work = [] {
    for (int i = 0; i < 10'000; ++i) {
      int result = 0;
      Start(Add(1, i), &result);
      ASSERT_EQ(result, 42 + i);
    }
  };
  std::thread other(work);
  work();
  other.join();
}

TEST(Task, NestsDeeply) {
  struct Nest {
    static Task<int> Of(int depth) {
      if (depth == 0) co_return 0;
      co_return 1 + co_await Of(depth - 1);
    }
  };
  int result = 0;
  Start(Nest::Of(500), &result);
  EXPECT_EQ(result, 500);
}

// g++ turns the transfer from one coroutine to another into a jump only when it optimises, and not
// under AddressSanitizer.
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(Task, DoesNotGrowTheStackInALoop) {
  uintptr_t lowest = UINTPTR_MAX;
  uintptr_t highest = 0;
  const auto leaf = [&]() -> Task<int> {
    const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    lowest = std::min(lowest, here);
    highest = std::max(highest, here);
    co_return 1;
  };
  const auto loop = [&]() -> Task<int> {
    int sum = 0;
    for (int i = 0; i < 100'000; ++i) sum += co_await leaf();
    co_return sum;
  };
  int result = 0;
  Start(loop(), &result);
  EXPECT_EQ(result, 100'000);
  EXPECT_LT(highest - lowest, 1'000u);
}
#endif

}  // namespace
}  // namespace weir
