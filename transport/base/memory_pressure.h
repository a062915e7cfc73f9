// How short of memory is the process, and what does each level forbid?
#ifndef WEIR_TRANSPORT_BASE_MEMORY_PRESSURE_H_
#define WEIR_TRANSPORT_BASE_MEMORY_PRESSURE_H_

#include <atomic>
#include <cstdint>

namespace weir {

// Each level includes the ones before it.
enum class MemoryPressure : uint8_t {
  kNone,
  kNoGrowth,    // no window grows beyond its initial size, but for one message at a time
  kNoNewCalls,  // new streams are refused, so that clients go elsewhere
  kReap,        // the responses that clients leave waiting are given up, the largest first
};

// Written by whoever measures, read by every worker.
using MemoryPressureLevel = std::atomic<MemoryPressure>;

}  // namespace weir

#endif  // WEIR_TRANSPORT_BASE_MEMORY_PRESSURE_H_
