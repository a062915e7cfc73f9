// A worker with a thread and an epoll loop of its own.
#ifndef WEIR_TRANSPORT_DRIVER_WORKER_THREAD_H_
#define WEIR_TRANSPORT_DRIVER_WORKER_THREAD_H_

#include <memory>
#include <string>
#include <thread>

#include "transport/base/result.h"
#include "transport/driver/worker.h"
#include "transport/net/epoll_loop.h"

namespace weir::driver {

class WorkerThread {
 public:
  // `factory` must outlive the object. Fails when the system has no descriptors left.
  static Result<std::unique_ptr<WorkerThread>, net::IoError> Create(
      const WorkerOptions& options, ConnectionHandlerFactory& factory);
  ~WorkerThread();

  // Until then, the worker and its loop may be used by the calling thread. `name` is what tools
  // show (at most 15 characters). False when the system has no thread to give.
  [[nodiscard]] bool Start(const std::string& name);

  // Ends the loop and joins the thread, if it was started. From then on the worker may be used by
  // the calling thread again. Idempotent.
  void StopAndJoin();

  Worker& worker() { return worker_; }
  net::EpollLoop& loop() { return *loop_; }

 private:
  WorkerThread(const WorkerOptions& options, ConnectionHandlerFactory& factory,
               std::unique_ptr<net::EpollLoop> loop);

  std::unique_ptr<net::EpollLoop> loop_;
  Worker worker_;
  std::thread thread_;
};

}  // namespace weir::driver

#endif  // WEIR_TRANSPORT_DRIVER_WORKER_THREAD_H_
