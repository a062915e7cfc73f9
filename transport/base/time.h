// Points in time and durations, as values.
//
// Only `transport/net` reads clocks: time is read once per loop turn (`net::Loop::Now`) and passed
// down, so the same code runs on sockets, in tests and in a simulation.
#ifndef WEIR_TRANSPORT_BASE_TIME_H_
#define WEIR_TRANSPORT_BASE_TIME_H_

#include <chrono>

namespace weir {

using Duration = std::chrono::nanoseconds;

// Monotonic. `TimePoint::max()` means never.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

inline constexpr TimePoint kNever = TimePoint::max();
inline constexpr Duration kForever = Duration::max();

// `now + delay`, or `kNever` where the sum would overflow.
constexpr TimePoint AddSaturated(TimePoint now, Duration delay) {
  return delay >= kNever - now ? kNever : now + delay;
}

// The earliest of several. (std::min of a list goes through memory.)
template <typename... Others>
constexpr TimePoint Earliest(TimePoint first, Others... others) {
  ((first = others < first ? others : first), ...);
  return first;
}

}  // namespace weir

#endif  // WEIR_TRANSPORT_BASE_TIME_H_
