// Does the loop report readiness to the right watcher, run tasks and timers, sleep and wake?
#include "transport/net/epoll_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "transport/net/clock.h"

namespace weir::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::unique_ptr<EpollLoop> MakeLoop() {
  auto loop = EpollLoop::Create();
  EXPECT_TRUE(loop.ok());
  return std::move(loop).value();
}

// Two connected stream sockets.
struct Pair {
  Pair() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    near.Reset(fds[0]);
    far.Reset(fds[1]);
  }
  // Makes `near` readable.
  void Send() { EXPECT_EQ(::write(far.get(), "x", 1), 1); }

  UniqueFd near;
  UniqueFd far;
};

struct Readiness {
  bool readable;
  bool writable;
  bool hangup;
  friend bool operator==(const Readiness&, const Readiness&) = default;
};

class RecordingWatcher final : public Watcher {
 public:
  void OnReady(bool readable, bool writable, bool hangup) override {
    calls.push_back({readable, writable, hangup});
    if (on_ready) on_ready();
  }
  std::vector<Readiness> calls;
  std::function<void()> on_ready;
};

class FunctionTimer final : public Timer {
 public:
  explicit FunctionTimer(std::function<void(TimePoint)> function)
      : function_(std::move(function)) {}
  void OnTimer(TimePoint now) override { function_(now); }

 private:
  std::function<void(TimePoint)> function_;
};

TEST(EpollLoop, ReportsReadinessForAsLongAsItLasts) {
  auto loop = MakeLoop();
  Pair pair;
  RecordingWatcher watcher;
  const WatchHandle handle = loop->Watch(pair.near.get(), {.read = true}, watcher).value();
  loop->RunOnce();
  EXPECT_TRUE(watcher.calls.empty());
  pair.Send();
  loop->RunOnce();
  loop->RunOnce();
  EXPECT_EQ(watcher.calls, (std::vector<Readiness>(2, {true, false, false})));
  loop->Unwatch(handle);
}

TEST(EpollLoop, ReportsOnlyWhatIsAskedFor) {
  auto loop = MakeLoop();
  Pair pair;
  pair.Send();
  RecordingWatcher watcher;
  const WatchHandle handle = loop->Watch(pair.near.get(), {}, watcher).value();
  loop->RunOnce();
  EXPECT_TRUE(watcher.calls.empty());
  loop->Modify(handle, {.write = true});
  loop->RunOnce();
  EXPECT_EQ(watcher.calls, (std::vector<Readiness>{{false, true, false}}));
  loop->Modify(handle, {.read = true, .write = true});
  loop->RunOnce();
  EXPECT_EQ(watcher.calls.back(), (Readiness{true, true, false}));
  loop->Unwatch(handle);
}

TEST(EpollLoop, ReportsAHangUpThatNobodyAskedFor) {
  auto loop = MakeLoop();
  Pair pair;
  RecordingWatcher watcher;
  const WatchHandle handle = loop->Watch(pair.near.get(), {}, watcher).value();
  pair.far.Reset();
  loop->RunOnce();
  EXPECT_EQ(watcher.calls, (std::vector<Readiness>{{false, false, true}}));
  loop->Unwatch(handle);
}

TEST(EpollLoop, ReportsAHalfCloseAsReadable) {
  auto loop = MakeLoop();
  Pair pair;
  RecordingWatcher watcher;
  const WatchHandle handle = loop->Watch(pair.near.get(), {.read = true}, watcher).value();
  ASSERT_EQ(::shutdown(pair.far.get(), SHUT_WR), 0);
  loop->RunOnce();
  EXPECT_EQ(watcher.calls, (std::vector<Readiness>{{true, false, false}}));
  loop->Unwatch(handle);
}

TEST(EpollLoop, TellsTheKernelOnlyOfChangesThatLast) {
  auto loop = MakeLoop();
  Pair pair;
  RecordingWatcher watcher;
  const WatchHandle handle = loop->Watch(pair.near.get(), {.read = true}, watcher).value();
  for (int i = 0; i < 10; ++i) {
    loop->Modify(handle, {.read = true, .write = true});
    loop->Modify(handle, {.read = true});
  }
  loop->RunOnce();
  EXPECT_EQ(loop->counters().interest_changes, 0u);
  loop->Modify(handle, {.read = true, .write = true});
  loop->RunOnce();
  EXPECT_EQ(loop->counters().interest_changes, 1u);
  loop->Unwatch(handle);
}

TEST(EpollLoop, ReportsAChangeTheKernelRefusesAsAHangUp) {
  auto loop = MakeLoop();
  Pair pair;
  RecordingWatcher watcher;
  const WatchHandle handle = loop->Watch(pair.near.get(), {}, watcher).value();
  loop->Modify(handle, {.read = true});
  pair.near.Reset();  // against the contract of Watch, to make epoll_ctl fail
  loop->RunOnce(kNever);
  EXPECT_EQ(watcher.calls, (std::vector<Readiness>{{false, false, true}}));
  loop->Unwatch(handle);
}

TEST(EpollLoop, RefusesWhatCannotBeWatched) {
  auto loop = MakeLoop();
  RecordingWatcher watcher;
  const auto closed = loop->Watch(-1, {.read = true}, watcher);
  ASSERT_FALSE(closed.ok());
  EXPECT_EQ(closed.error().error_number, EBADF);
  const UniqueFd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const auto regular = loop->Watch(file.get(), {.read = true}, watcher);
  ASSERT_FALSE(regular.ok());
  EXPECT_EQ(regular.error().Describe(), "epoll_ctl: operation not permitted");
}

TEST(EpollLoop, IgnoresUnwatchOfAStaleHandle) {
  auto loop = MakeLoop();
  Pair pair;
  RecordingWatcher watcher;
  const WatchHandle old = loop->Watch(pair.near.get(), {.read = true}, watcher).value();
  loop->Unwatch(old);
  const WatchHandle current = loop->Watch(pair.near.get(), {.read = true}, watcher).value();
  loop->Unwatch(old);
  loop->Unwatch(WatchHandle());
  pair.Send();
  loop->RunOnce();
  EXPECT_EQ(watcher.calls.size(), 1u);
  loop->Unwatch(current);
}

// Both descriptors are ready in one turn. Whoever comes first closes the other one and gives its
// number to a new connection, which must not be told what the closed one was ready for.
TEST(EpollLoop, NeverReportsToTheNextUserOfADescriptor) {
  auto loop = MakeLoop();
  Pair pairs[2];
  Pair fresh;
  WatchHandle handles[2];
  RecordingWatcher watchers[2];
  RecordingWatcher fresh_watcher;
  WatchHandle fresh_handle;
  for (int i = 0; i < 2; ++i) {
    watchers[i].on_ready = [&, other = 1 - i] {
      loop->Unwatch(handles[other]);
      const int number = pairs[other].near.Release();
      ASSERT_EQ(::dup3(fresh.near.get(), number, O_CLOEXEC), number);
      pairs[other].near.Reset(number);
      fresh_handle = loop->Watch(number, {.read = true}, fresh_watcher).value();
    };
    handles[i] = loop->Watch(pairs[i].near.get(), {.read = true}, watchers[i]).value();
    pairs[i].Send();
  }
  loop->RunOnce();
  EXPECT_EQ(watchers[0].calls.size() + watchers[1].calls.size(), 1u);
  EXPECT_TRUE(fresh_watcher.calls.empty());
  loop->Unwatch(handles[0]);
  loop->Unwatch(handles[1]);
  fresh.Send();
  loop->RunOnce();
  EXPECT_EQ(fresh_watcher.calls.size(), 1u);
  loop->Unwatch(fresh_handle);
}

TEST(EpollLoop, HonoursAChangeOfInterestMadeEarlierInTheTurn) {
  auto loop = MakeLoop();
  Pair pairs[2];
  WatchHandle handles[2];
  RecordingWatcher watchers[2];
  for (int i = 0; i < 2; ++i) {
    watchers[i].on_ready = [&, other = 1 - i] { loop->Modify(handles[other], {}); };
    handles[i] = loop->Watch(pairs[i].near.get(), {.read = true}, watchers[i]).value();
    pairs[i].Send();
  }
  loop->RunOnce();
  EXPECT_EQ(watchers[0].calls.size() + watchers[1].calls.size(), 1u);
  for (const WatchHandle handle : handles) loop->Unwatch(handle);
}

TEST(EpollLoop, ServesMoreReadyDescriptorsThanOneWaitReturns) {
  constexpr size_t kCount = 300;
  auto loop = MakeLoop();
  std::vector<Pair> pairs(kCount);
  std::vector<RecordingWatcher> watchers(kCount);
  std::vector<WatchHandle> handles;
  for (size_t i = 0; i < kCount; ++i) {
    handles.push_back(loop->Watch(pairs[i].near.get(), {.read = true}, watchers[i]).value());
    pairs[i].Send();
  }
  loop->RunOnce();
  loop->RunOnce();
  for (const RecordingWatcher& watcher : watchers) EXPECT_FALSE(watcher.calls.empty());
  for (const WatchHandle handle : handles) loop->Unwatch(handle);
}

TEST(EpollLoop, FiresATimerNotBeforeItsDeadlineAndWaitsForIt) {
  auto loop = MakeLoop();
  loop->RunOnce();
  const TimePoint deadline = loop->Now() + milliseconds(3);
  TimePoint fired_at{};
  FunctionTimer timer([&](TimePoint now) { fired_at = now; });
  loop->Arm(timer, deadline);
  while (fired_at == TimePoint()) loop->RunOnce(kNever);
  EXPECT_GE(fired_at, deadline);
  EXPECT_EQ(fired_at, loop->Now());
  EXPECT_EQ(loop->counters().timers_fired, 1u);
}

TEST(EpollLoop, DoesNotFireADisarmedTimer) {
  auto loop = MakeLoop();
  FunctionTimer timer([](TimePoint) { FAIL(); });
  loop->Arm(timer, loop->Now() - seconds(1));
  loop->Disarm(timer);
  loop->RunOnce();
  EXPECT_FALSE(timer.is_armed());
}

TEST(EpollLoop, KeepsTimeConstantWithinATurn) {
  auto loop = MakeLoop();
  std::vector<TimePoint> seen;
  FunctionTimer timer([&](TimePoint) { seen.push_back(loop->Now()); });
  loop->Arm(timer, loop->Now() - seconds(1));
  loop->PostFunction([&] { seen.push_back(loop->Now()); });
  loop->RunOnce();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[0], loop->Now());
}

class RecordingTurnEnd final : public TurnEnd {
 public:
  TimePoint OnTurnEnd() override {
    ++calls;
    if (on_turn_end) on_turn_end();
    return next_turn_at;
  }
  int calls = 0;
  TimePoint next_turn_at = kNever;
  std::function<void()> on_turn_end;
};

TEST(EpollLoop, EndsEveryTurnAfterReadinessTimersAndTasks) {
  auto loop = MakeLoop();
  std::string order;
  Pair pair;
  pair.Send();
  RecordingWatcher watcher;
  watcher.on_ready = [&] { order += "ready "; };
  FunctionTimer timer([&](TimePoint) { order += "timer "; });
  RecordingTurnEnd turn_end;
  turn_end.on_turn_end = [&] { order += "end"; };
  const WatchHandle handle = loop->Watch(pair.near.get(), {.read = true}, watcher).value();
  loop->SetTurnEnd(&turn_end);
  loop->PostFunction([&] { order += "task "; });
  loop->Arm(timer, loop->Now() - seconds(1));
  loop->RunOnce();
  EXPECT_EQ(order, "ready timer task end");
  loop->Unwatch(handle);
  loop->SetTurnEnd(nullptr);
  loop->RunOnce();
  EXPECT_EQ(turn_end.calls, 1);
}

TEST(EpollLoop, DoesNotSleepWhileWorkIsLeft) {
  auto loop = MakeLoop();
  RecordingTurnEnd turn_end;
  turn_end.next_turn_at = TimePoint::min();
  loop->SetTurnEnd(&turn_end);
  loop->RunOnce();
  loop->RunOnce(kNever);  // would hang if it slept
  EXPECT_EQ(loop->counters().sleeps, 0u);
  EXPECT_EQ(turn_end.calls, 2);
}

TEST(EpollLoop, BeginsATurnWhenTurnEndWantsIt) {
  auto loop = MakeLoop();
  RecordingTurnEnd turn_end;
  turn_end.next_turn_at = loop->ReadClock() + std::chrono::microseconds(1500);
  loop->SetTurnEnd(&turn_end);
  loop->RunOnce();
  loop->RunOnce(kNever);  // would hang if nobody woke it
  EXPECT_GE(loop->Now(), turn_end.next_turn_at);
  const uint64_t sleeps = loop->counters().sleeps;
  EXPECT_LE(sleeps, 1u);  // none if that time had come before the wait
  loop->RunOnce(kNever);
  EXPECT_EQ(loop->counters().sleeps, sleeps);
}

TEST(EpollLoop, DoesNotSleepWhileATaskWaits) {
  auto loop = MakeLoop();
  bool has_run = false;
  loop->PostFunction([&] { has_run = true; });
  loop->RunOnce(kNever);
  EXPECT_TRUE(has_run);
  EXPECT_EQ(loop->counters().sleeps, 0u);
  EXPECT_EQ(loop->counters().wakeups, 0u);
  EXPECT_EQ(loop->counters().tasks_run, 1u);
}

TEST(EpollLoop, RunsInTheNextTurnWhatATaskPosts) {
  auto loop = MakeLoop();
  bool has_second_run = false;
  loop->PostFunction([&] { loop->PostFunction([&] { has_second_run = true; }); });
  loop->RunOnce();
  EXPECT_FALSE(has_second_run);
  loop->RunOnce(kNever);
  EXPECT_TRUE(has_second_run);
}

TEST(EpollLoop, StopsAlsoIfStopCameFirst) {
  auto loop = MakeLoop();
  loop->Stop();
  loop->Stop();
  loop->Run();
  EXPECT_EQ(loop->counters().turns, 1u);
}

TEST(EpollLoop, IsWokenByEachPostFromAnotherThread) {
  auto loop = MakeLoop();
  std::thread thread([&] { loop->Run(); });
  // Each waits for its answer, so that the loop goes back to sleep in between.
  for (int i = 0; i < 1000; ++i) {
    std::promise<int> answer;
    loop->PostFunction([&answer, i] { answer.set_value(i); });
    ASSERT_EQ(answer.get_future().get(), i);
  }
  loop->Stop();
  thread.join();
  EXPECT_EQ(loop->counters().tasks_run, 1001u);  // and the one that stops
}

TEST(EpollLoop, RunsEveryTaskOfManyThreads) {
  auto loop = MakeLoop();
  constexpr int kThreads = 4;
  constexpr int kTasksEach = 5000;
  std::atomic<int> posters_left = kThreads;
  int count = 0;  // of the loop's thread
  std::vector<std::thread> posters;
  for (int t = 0; t < kThreads; ++t) {
    posters.emplace_back([&] {
      for (int i = 0; i < kTasksEach; ++i) loop->PostFunction([&count] { ++count; });
      if (--posters_left == 0) loop->PostFunction([&loop] { loop->Stop(); });
    });
  }
  loop->Run();
  for (std::thread& poster : posters) poster.join();
  EXPECT_EQ(count, kThreads * kTasksEach);
}

TEST(EpollLoop, KnowsItsThread) {
  auto loop = MakeLoop();
  EXPECT_TRUE(loop->IsInLoopThread());  // not running: it belongs to nobody yet
  std::promise<bool> inside;
  std::thread thread([&] { loop->Run(); });
  loop->PostFunction([&] { inside.set_value(loop->IsInLoopThread()); });
  EXPECT_TRUE(inside.get_future().get());
  EXPECT_FALSE(loop->IsInLoopThread());
  loop->Stop();
  thread.join();
  EXPECT_TRUE(loop->IsInLoopThread());
}

class DroppedTask final : public Task {
 public:
  void Run() override { FAIL(); }
  void Drop() override { was_dropped = true; }
  bool was_dropped = false;
};

TEST(EpollLoop, DropsTheTasksThatItCouldNotRun) {
  DroppedTask task;
  {
    auto loop = MakeLoop();
    loop->Post(task);
  }
  EXPECT_TRUE(task.was_dropped);
}

TEST(MonotonicNow, NeverGoesBack) {
  TimePoint last = MonotonicNow();
  for (int i = 0; i < 1000; ++i) {
    const TimePoint now = MonotonicNow();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(WallNow, IsAfterThisWasWritten) {
  EXPECT_GT(WallNow(), std::chrono::sys_days(std::chrono::year(2024) / 1 / 1));
}

}  // namespace
}  // namespace weir::net
