// The pool by itself: order, bounds, threads that start when they are needed, and the end.
#include "server/handler_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace weir::server {
namespace {

const Compressors kCompressors;

class FunctionPoolTask final : public PoolTask {
 public:
  explicit FunctionPoolTask(std::function<void(PoolThread&)> function)
      : function_(std::move(function)) {}
  void RunOnPool(PoolThread& thread) override { function_(thread); }

 private:
  std::function<void(PoolThread&)> function_;
};

class HandlerPoolTest : public ::testing::Test {
 protected:
  // Queues one task; false when there is no place.
  bool Run(HandlerPool& pool, std::function<void(PoolThread&)> function) {
    if (!pool.ReservePlace()) return false;
    tasks_.push_back(std::make_unique<FunctionPoolTask>(std::move(function)));
    PoolBatch batch;
    batch.Add(*tasks_.back());
    pool.Submit(batch);
    return true;
  }

  void WaitFor(std::function<bool()> condition) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, std::move(condition));
  }
  void Change(const std::function<void()>& change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<FunctionPoolTask>> tasks_;  // outlive the pools of the tests
};

TEST_F(HandlerPoolTest, RunsABatchInItsOrder) {
  std::vector<int> order;
  HandlerPool pool(1, 100, kCompressors);
  PoolBatch batch;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(pool.ReservePlace());
    tasks_.push_back(
        std::make_unique<FunctionPoolTask>([&order, i](PoolThread&) { order.push_back(i); }));
    batch.Add(*tasks_.back());
  }
  pool.Submit(batch);
  EXPECT_EQ(batch.size(), 0u);
  Run(pool, [&](PoolThread&) { order.push_back(10); });
  pool.StopAndJoin();
  EXPECT_THAT(order, ::testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
}

TEST_F(HandlerPoolTest, TakesAnEmptyBatch) {
  HandlerPool pool(1, 1, kCompressors);
  PoolBatch batch;
  pool.Submit(batch);
  pool.StopAndJoin();
}

TEST_F(HandlerPoolTest, BoundsTheQueueAndNotTheRunning) {
  bool is_open = false;
  int started = 0;
  HandlerPool pool(1, 2, kCompressors);
  const auto wait = [&](PoolThread&) {
    Change([&] { ++started; });
    WaitFor([&] { return is_open; });
  };
  EXPECT_TRUE(Run(pool, wait));
  WaitFor([&] { return started == 1; });
  EXPECT_TRUE(Run(pool, wait));
  EXPECT_TRUE(Run(pool, wait));
  EXPECT_FALSE(Run(pool, wait));
  Change([&] { is_open = true; });
  WaitFor([&] { return started == 3; });
  EXPECT_TRUE(Run(pool, wait));
  pool.StopAndJoin();
  EXPECT_EQ(started, 4);
}

TEST_F(HandlerPoolTest, StartsNoThreadBeforeThereIsWork) {
  const auto count_threads = [] {
    const std::filesystem::directory_iterator threads("/proc/self/task");
    return std::distance(begin(threads), end(threads));
  };
  const auto before = count_threads();
  HandlerPool pool(8, 100, kCompressors);
  EXPECT_EQ(count_threads(), before);
  pool.StopAndJoin();
}

TEST_F(HandlerPoolTest, StartsAsManyThreadsAsTasksBlock) {
  std::set<std::thread::id> threads;
  HandlerPool pool(4, 100, kCompressors);
  for (int i = 0; i < 4; ++i) {
    Run(pool, [&](PoolThread&) {
      Change([&] { threads.insert(std::this_thread::get_id()); });
      WaitFor([&] { return threads.size() == 4; });
    });
  }
  pool.StopAndJoin();
  EXPECT_EQ(threads.size(), 4u);
}

TEST_F(HandlerPoolTest, StartsNoMoreThreadsThanItMay) {
  bool is_open = false;
  std::set<std::thread::id> threads;
  HandlerPool pool(2, 100, kCompressors);
  for (int i = 0; i < 10; ++i) {
    Run(pool, [&](PoolThread&) {
      Change([&] { threads.insert(std::this_thread::get_id()); });
      WaitFor([&] { return is_open; });
    });
  }
  WaitFor([&] { return threads.size() == 2; });
  Change([&] { is_open = true; });
  pool.StopAndJoin();
  EXPECT_EQ(threads.size(), 2u);
}

TEST_F(HandlerPoolTest, RunsWhatIsQueuedBeforeItEnds) {
  bool is_open = false;
  int done = 0;
  HandlerPool pool(2, 100, kCompressors);
  for (int i = 0; i < 20; ++i) {
    Run(pool, [&](PoolThread&) {
      WaitFor([&] { return is_open; });
      Change([&] { ++done; });
    });
  }
  std::thread opener([&] { Change([&] { is_open = true; }); });
  pool.StopAndJoin();
  opener.join();
  EXPECT_EQ(done, 20);
  pool.StopAndJoin();  // once more does nothing
}

TEST_F(HandlerPoolTest, GivesEachThreadCompressorsOfItsOwn) {
  std::set<grpc::CompressorRegistry*> registries;
  HandlerPool pool(2, 10, kCompressors);
  for (int i = 0; i < 2; ++i) {
    Run(pool, [&](PoolThread& thread) {
      EXPECT_NE(thread.compressors->Find("gzip"), nullptr);
      Change([&] { registries.insert(thread.compressors); });
      WaitFor([&] { return registries.size() == 2; });
    });
  }
  pool.StopAndJoin();
  EXPECT_EQ(registries.size(), 2u);
}

TEST_F(HandlerPoolTest, TakesBatchesFromManyThreadsAtOnce) {
  constexpr int kProducers = 4;
  constexpr int kBatches = 100;
  constexpr int kBatchSize = 5;
  std::atomic<int> done = 0;
  std::deque<FunctionPoolTask> tasks;
  for (int i = 0; i < kProducers * kBatches * kBatchSize; ++i) {
    tasks.emplace_back([&](PoolThread&) { ++done; });
  }
  HandlerPool pool(3, tasks.size(), kCompressors);
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&, p] {
      for (int b = 0; b < kBatches; ++b) {
        PoolBatch batch;
        for (int i = 0; i < kBatchSize; ++i) {
          ASSERT_TRUE(pool.ReservePlace());
          batch.Add(tasks[static_cast<size_t>((p * kBatches + b) * kBatchSize + i)]);
        }
        pool.Submit(batch);
      }
    });
  }
  for (std::thread& producer : producers) producer.join();
  pool.StopAndJoin();
  EXPECT_EQ(done, kProducers * kBatches * kBatchSize);
}

}  // namespace
}  // namespace weir::server
