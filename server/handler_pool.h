// The threads on which blocking handlers run: bounded in number, with a bounded queue.
#ifndef WEIR_SERVER_HANDLER_POOL_H_
#define WEIR_SERVER_HANDLER_POOL_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include "server/compressors.h"
#include "transport/grpc/compressor.h"

namespace weir::server {

// What a task may use of the thread it runs on.
struct PoolThread {
  grpc::CompressorRegistry* compressors;
};

// One handler to be run. Intrusive: queueing allocates nothing.
class PoolTask {
 public:
  virtual ~PoolTask() = default;

  // On a pool thread. May block. The pool does not touch the task once this has begun.
  virtual void RunOnPool(PoolThread& thread) = 0;

 private:
  friend class HandlerPool;
  friend class PoolBatch;
  PoolTask* next_ = nullptr;
};

// Tasks that a worker collects during a turn, to be handed over at once: one lock a turn instead of
// one a call.
class PoolBatch {
 public:
  void Add(PoolTask& task) {
    task.next_ = nullptr;
    if (last_ == nullptr) {
      first_ = &task;
    } else {
      last_->next_ = &task;
    }
    last_ = &task;
    ++size_;
  }
  size_t size() const { return size_; }

 private:
  friend class HandlerPool;
  PoolTask* first_ = nullptr;
  PoolTask* last_ = nullptr;
  size_t size_ = 0;
};

// Thread-safe.
class HandlerPool {
 public:
  // Threads start when there is work for them and stay until StopAndJoin.
  // `compressors` must outlive the pool.
  HandlerPool(size_t threads_max, size_t queue_max, const Compressors& compressors);
  ~HandlerPool();
  HandlerPool(const HandlerPool&) = delete;
  HandlerPool& operator=(const HandlerPool&) = delete;

  // Takes a place in the queue; false when it is full. A place taken must be filled by Submit.
  bool ReservePlace();

  // Queues the batch, whose places were reserved, in order; empties it. When the system refuses a
  // thread, or the memory for one, the tasks wait for the threads there are; the next call tries
  // again, also with an empty batch.
  void Submit(PoolBatch& batch);

  // Runs what is queued to its end. Nothing may be submitted any more.
  void StopAndJoin();

 private:
  void Append(const PoolBatch& batch);
  void StartThreads(size_t wanted);
  void RunThread(grpc::CompressorRegistry& compressors);

  const size_t threads_max_;
  const size_t queue_max_;
  const Compressors& compressors_;
  std::atomic<size_t> places_taken_ = 0;
  std::atomic<bool> was_thread_refused_ = false;  // and there is work for one

  std::mutex mutex_;
  std::condition_variable work_;
  PoolTask* first_ = nullptr;
  PoolTask* last_ = nullptr;
  size_t queued_ = 0;
  size_t idle_threads_ = 0;  // that wait for work or have not yet looked for it
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_HANDLER_POOL_H_
