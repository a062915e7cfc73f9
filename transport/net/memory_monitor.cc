#include "transport/net/memory_monitor.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "transport/net/free_memory.h"

namespace weir::net {
namespace {

constexpr uint64_t kNoGrowthPercent = 80;
constexpr uint64_t kNoNewCallsPercent = 90;
constexpr uint64_t kReapPercent = 95;

constexpr Duration kTrimInterval = std::chrono::seconds(1);

}  // namespace

MemoryMonitor::MemoryMonitor(uint64_t budget_bytes)
    : budget_bytes_(std::max<uint64_t>(budget_bytes, 1)),
      page_bytes_(static_cast<uint64_t>(std::max(::sysconf(_SC_PAGESIZE), 1L))),
      statm_(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) {}

uint64_t MemoryMonitor::Measure() const {
  // "total resident ...", in pages.
  char text[128];
  const ssize_t count = statm_.is_valid() ? ::pread(statm_.get(), text, sizeof(text), 0) : 0;
  if (count <= 0) return 0;
  const char* const end = text + count;
  const char* const space = std::find<const char*>(text, end, ' ');
  uint64_t resident = 0;
  if (space != end) std::from_chars(space + 1, end, resident);
  return resident * page_bytes_;
}

bool MemoryMonitor::Sample(TimePoint now) {
  const int64_t time = now.time_since_epoch().count();
  int64_t due = next_sample_.load(std::memory_order_relaxed);
  if (time < due) return false;
  // One of the threads that come at once.
  if (!next_sample_.compare_exchange_strong(due, time + kInterval.count(),
                                            std::memory_order_relaxed)) {
    return false;
  }
  // Divided first, so that no budget overflows.
  const uint64_t used = Measure();
  const uint64_t percent = std::max<uint64_t>(budget_bytes_ / 100, 1);
  MemoryPressure level = MemoryPressure::kNone;
  if (used >= kReapPercent * percent) {
    level = MemoryPressure::kReap;
  } else if (used >= kNoNewCallsPercent * percent) {
    level = MemoryPressure::kNoNewCalls;
  } else if (used >= kNoGrowthPercent * percent) {
    level = MemoryPressure::kNoGrowth;
  }
  level_.store(level, std::memory_order_relaxed);
  // What was freed counts as resident until the allocator gives it back, and calls must not be
  // refused for its sake. That takes milliseconds: now and then.
  if (level >= MemoryPressure::kNoNewCalls && time - last_trim_ >= kTrimInterval.count()) {
    last_trim_ = time;
    ReturnFreeMemory();
  }
  return true;
}

}  // namespace weir::net
