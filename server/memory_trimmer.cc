#include "server/memory_trimmer.h"

#include <pthread.h>

#include <system_error>
#include <utility>

#include "transport/net/free_memory.h"

namespace weir::server {
namespace {

// From the workers' being told to their having let go of it.
constexpr Duration kReleaseTime = std::chrono::milliseconds(100);

}  // namespace

MemoryTrimmer::MemoryTrimmer(std::function<void()> release) : release_(std::move(release)) {}

MemoryTrimmer::~MemoryTrimmer() { StopAndJoin(); }

void MemoryTrimmer::Start() {
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error&) {
    return;
  }
  ::pthread_setname_np(thread_.native_handle(), "weir-trim");
}

void MemoryTrimmer::Ask() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(is_asked_, true)) return;
  changed_.notify_all();
}

void MemoryTrimmer::StopAndJoin() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void MemoryTrimmer::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_asked_ || is_stopped_; });
    changed_.wait_for(lock, kDelay, [this] { return is_stopped_; });
    if (is_stopped_) return;
    is_asked_ = false;
    release_();
    changed_.wait_for(lock, kReleaseTime, [this] { return is_stopped_; });
    if (is_stopped_) return;
    lock.unlock();
    net::ReturnFreeMemory();
    lock.lock();
  }
}

}  // namespace weir::server
