#include "server/handler_pool.h"

#include <pthread.h>

#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "transport/base/check.h"

namespace weir::server {

HandlerPool::HandlerPool(size_t threads_max, size_t queue_max, const Compressors& compressors)
    : threads_max_(threads_max), queue_max_(queue_max), compressors_(compressors) {}

HandlerPool::~HandlerPool() { StopAndJoin(); }

bool HandlerPool::ReservePlace() {
  if (places_taken_.fetch_add(1, std::memory_order_relaxed) < queue_max_) return true;
  places_taken_.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

void HandlerPool::Submit(PoolBatch& batch) {
  if (batch.size_ == 0 && !was_thread_refused_.load(std::memory_order_relaxed)) return;
  size_t to_wake = 0;
  {
    const std::lock_guard lock(mutex_);
    if (batch.size_ != 0) {
      WEIR_CHECK(!is_stopping_);
      Append(batch);
    } else if (is_stopping_) {
      return;
    }
    to_wake = std::min(batch.size_, idle_threads_);
    StartThreads(queued_ - std::min(queued_, idle_threads_));
  }
  for (size_t i = 0; i < to_wake; ++i) work_.notify_one();
  batch = PoolBatch();
}

void HandlerPool::Append(const PoolBatch& batch) {
  if (last_ == nullptr) {
    first_ = batch.first_;
  } else {
    last_->next_ = batch.first_;
  }
  last_ = batch.last_;
  queued_ += batch.size_;
}

// The mutex is held, so that the new threads wait for all of them to be counted.
void HandlerPool::StartThreads(size_t wanted) {
  for (size_t i = 0; i < wanted && threads_.size() < threads_max_; ++i) {
    try {
      // Made here, where failing is foreseen.
      auto compressors = std::make_unique<grpc::CompressorRegistry>();
      compressors_.MakeFor(compressors.get());
      threads_.emplace_back(
          [this, compressors = std::move(compressors)] { RunThread(*compressors); });
    } catch (const std::system_error&) {
      was_thread_refused_.store(true, std::memory_order_relaxed);
      return;
    } catch (const std::bad_alloc&) {
      was_thread_refused_.store(true, std::memory_order_relaxed);
      return;
    }
    ++idle_threads_;
    pthread_setname_np(threads_.back().native_handle(),
                       ("weir-pool-" + std::to_string(threads_.size() - 1)).c_str());
  }
  was_thread_refused_.store(false, std::memory_order_relaxed);
}

void HandlerPool::StopAndJoin() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void HandlerPool::RunThread(grpc::CompressorRegistry& compressors) {
  PoolThread self{.compressors = &compressors};

  std::unique_lock lock(mutex_);
  --idle_threads_;
  for (;;) {
    while (first_ == nullptr && !is_stopping_) {
      ++idle_threads_;
      work_.wait(lock);
      --idle_threads_;
    }
    if (first_ == nullptr) return;
    PoolTask* task = first_;
    first_ = task->next_;
    if (first_ == nullptr) last_ = nullptr;
    --queued_;
    lock.unlock();
    places_taken_.fetch_sub(1, std::memory_order_relaxed);
    task->RunOnPool(self);
    lock.lock();
  }
}

}  // namespace weir::server
