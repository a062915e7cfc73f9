// Does every task arrive, in order, and is the sleeping consumer always woken?
#include "transport/net/task_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

namespace weir::net {
namespace {

class NotingTask final : public Task {
 public:
  NotingTask(std::vector<int>& notes, int number) : notes_(notes), number_(number) {}
  void Run() override { notes_.push_back(number_); }
  void Drop() override { notes_.push_back(-number_); }

 private:
  std::vector<int>& notes_;
  int number_;
};

TEST(TaskQueue, RunsTasksInOrder) {
  std::vector<int> notes;
  NotingTask one(notes, 1);
  NotingTask two(notes, 2);
  NotingTask three(notes, 3);
  TaskQueue queue;
  for (Task* task :
       {static_cast<Task*>(&one), static_cast<Task*>(&two), static_cast<Task*>(&three)}) {
    EXPECT_FALSE(queue.Push(*task));
  }
  EXPECT_EQ(queue.RunAll(), 3);
  EXPECT_EQ(notes, (std::vector{1, 2, 3}));
  EXPECT_EQ(queue.RunAll(), 0);
}

class RepostingTask final : public Task {
 public:
  void Run() override {
    ++runs;
    static_cast<void>(queue->Push(*this));
  }
  TaskQueue* queue = nullptr;
  int runs = 0;
};

TEST(TaskQueue, LeavesWhatATaskPushesForTheNextCall) {
  RepostingTask task;
  TaskQueue queue;
  task.queue = &queue;
  static_cast<void>(queue.Push(task));
  EXPECT_EQ(queue.RunAll(), 1);
  EXPECT_EQ(queue.RunAll(), 1);
  EXPECT_EQ(task.runs, 2);
}

TEST(TaskQueue, DropsWhatIsLeft) {
  std::vector<int> notes;
  NotingTask one(notes, 1);
  NotingTask two(notes, 2);
  {
    TaskQueue queue;
    static_cast<void>(queue.Push(one));
    static_cast<void>(queue.Push(two));
  }
  EXPECT_EQ(notes, (std::vector{-1, -2}));
}

TEST(TaskQueue, AsksForOneWakeUpOfASleeper) {
  std::vector<int> notes;
  NotingTask one(notes, 1);
  NotingTask two(notes, 2);
  TaskQueue queue;
  ASSERT_TRUE(queue.PrepareToSleep());
  EXPECT_TRUE(queue.Push(one));
  EXPECT_FALSE(queue.Push(two));
  EXPECT_TRUE(queue.EndSleep());
  EXPECT_EQ(queue.RunAll(), 2);
}

TEST(TaskQueue, RefusesSleepWhileThereAreTasks) {
  std::vector<int> notes;
  NotingTask one(notes, 1);
  TaskQueue queue;
  static_cast<void>(queue.Push(one));
  EXPECT_FALSE(queue.PrepareToSleep());
  queue.RunAll();
  EXPECT_TRUE(queue.PrepareToSleep());
}

TEST(TaskQueue, NeedsNoWakeUpAfterTheSleepHasEnded) {
  std::vector<int> notes;
  NotingTask one(notes, 1);
  TaskQueue queue;
  ASSERT_TRUE(queue.PrepareToSleep());
  EXPECT_FALSE(queue.EndSleep());
  EXPECT_FALSE(queue.Push(one));
}

TEST(FunctionTask, TakesMoveOnlyCallablesAndDeletesItself) {
  TaskQueue queue;
  int sum = 0;
  auto number = std::make_unique<int>(42);
  auto add = [&sum, number = std::move(number)] { sum += *number; };
  static_cast<void>(queue.Push(*new FunctionTask(std::move(add))));
  queue.RunAll();
  EXPECT_EQ(sum, 42);
}

// Producers on several threads against a consumer that sleeps whenever it may. A lost wake-up would
// hang, a lost or doubled task would miscount, a missing order on memory is for TSan to find.
class CountingTask final : public Task {
 public:
  void Run() override {
    ++*count;
    in_order = *count > 0 && number == *last + 1;
    *last = number;
    is_done.store(true, std::memory_order_release);
  }
  int* count = nullptr;
  int* last = nullptr;
  int number = 0;
  bool in_order = false;
  std::atomic<bool> is_done = false;
};

TEST(TaskQueue, LosesNothingUnderManyThreads) {
  constexpr int kProducers = 4;
  constexpr int kTasksEach = 20'000;
  TaskQueue queue;
  std::counting_semaphore<1 << 20> wake(0);
  int count = 0;                       // of the consumer
  std::array<int, kProducers> last{};  // of the consumer: number of the latest per producer
  std::vector<std::unique_ptr<CountingTask[]>> tasks;
  for (int p = 0; p < kProducers; ++p)
    tasks.push_back(std::make_unique<CountingTask[]>(kTasksEach));

  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&, p] {
      for (int i = 0; i < kTasksEach; ++i) {
        CountingTask& task = tasks[static_cast<size_t>(p)][static_cast<size_t>(i)];
        task.count = &count;
        task.last = &last[static_cast<size_t>(p)];
        task.number = i + 1;
        if (queue.Push(task)) wake.release();
        // In some places wait for the answer, so that the consumer falls asleep again and again.
        if (i % 97 == 0) {
          while (!task.is_done.load(std::memory_order_acquire)) std::this_thread::yield();
        }
      }
    });
  }
  int ran = 0;
  while (ran < kProducers * kTasksEach) {
    if (queue.PrepareToSleep()) {
      wake.acquire();
      EXPECT_TRUE(queue.EndSleep());
    }
    ran += queue.RunAll();
  }
  for (std::thread& producer : producers) producer.join();
  EXPECT_EQ(count, kProducers * kTasksEach);
  for (const auto& of_one : tasks) {
    for (int i = 0; i < kTasksEach; ++i) ASSERT_TRUE(of_one[static_cast<size_t>(i)].in_order) << i;
  }
  EXPECT_FALSE(wake.try_acquire()) << "more wake-ups than sleeps";
}

}  // namespace
}  // namespace weir::net
