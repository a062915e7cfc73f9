#include "transport/driver/worker_thread.h"

#include <pthread.h>

#include <system_error>
#include <utility>

#include "transport/base/large_blocks.h"

namespace weir::driver {

Result<std::unique_ptr<WorkerThread>, net::IoError> WorkerThread::Create(
    const WorkerOptions& options, ConnectionHandlerFactory& factory) {
  auto loop = net::EpollLoop::Create();
  if (!loop.ok()) return loop.error();
  return std::unique_ptr<WorkerThread>(new WorkerThread(options, factory, std::move(loop).value()));
}

WorkerThread::WorkerThread(const WorkerOptions& options, ConnectionHandlerFactory& factory,
                           std::unique_ptr<net::EpollLoop> loop)
    : loop_(std::move(loop)), worker_(options, factory, *loop_) {}

WorkerThread::~WorkerThread() { StopAndJoin(); }

bool WorkerThread::Start(const std::string& name) {
  try {
    thread_ = std::thread([this] {
      LargeBlocks::OfProcess().KeepMore(LargeBlocks::kKeptByWorker);
      loop_->Run();
      LargeBlocks::OfProcess().KeepLess(LargeBlocks::kKeptByWorker);
    });
  } catch (const std::system_error&) {
    return false;
  }
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
  return true;
}

void WorkerThread::StopAndJoin() {
  if (!thread_.joinable()) return;
  loop_->Stop();
  thread_.join();
}

}  // namespace weir::driver
