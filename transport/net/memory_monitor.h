// How much memory does the process use, measured against a budget?
#ifndef WEIR_TRANSPORT_NET_MEMORY_MONITOR_H_
#define WEIR_TRANSPORT_NET_MEMORY_MONITOR_H_

#include <atomic>
#include <cstdint>

#include "transport/base/memory_pressure.h"
#include "transport/base/time.h"
#include "transport/net/unique_fd.h"

namespace weir::net {

// Looks only when somebody calls Sample, and then at most every kInterval: an idle server is left
// asleep, since its memory does not grow. Thread-safe.
class MemoryMonitor {
 public:
  static constexpr Duration kInterval = std::chrono::milliseconds(100);

  // Levels begin at 80, 90 and 95 percent of `budget_bytes` of resident memory.
  explicit MemoryMonitor(uint64_t budget_bytes);
  virtual ~MemoryMonitor() = default;

  // True when this call measured.
  bool Sample(TimePoint now);

  const MemoryPressureLevel& level() const { return level_; }
  uint64_t budget_bytes() const { return budget_bytes_; }

 private:
  // Resident bytes; 0 when the system does not say. A test replaces it.
  virtual uint64_t Measure() const;

  const uint64_t budget_bytes_;
  const uint64_t page_bytes_;
  UniqueFd statm_;
  std::atomic<int64_t> next_sample_ = 0;  // nanoseconds of the monotonic clock
  std::atomic<int64_t> last_trim_ = 0;    // the same
  MemoryPressureLevel level_ = MemoryPressure::kNone;
};

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_MEMORY_MONITOR_H_
