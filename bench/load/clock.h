// What time is it, for measuring and for schedules?
//
// Points and spans of time are nanoseconds in an int64_t: both are made and compared for every
// call.
#ifndef WEIR_BENCH_LOAD_CLOCK_H_
#define WEIR_BENCH_LOAD_CLOCK_H_

#include <cstdint>
#include <ctime>

namespace load {

inline constexpr int64_t kMicrosecond = 1'000;
inline constexpr int64_t kMillisecond = 1'000'000;
inline constexpr int64_t kSecond = 1'000'000'000;

// Of the monotonic clock.
inline int64_t Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

}  // namespace load

#endif  // WEIR_BENCH_LOAD_CLOCK_H_
