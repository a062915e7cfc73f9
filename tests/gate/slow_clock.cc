// A clock that goes slowly, to be preloaded into a server that is run by valgrind or strace.
//
// Those make everything many times slower, and weir goes by time: it would read in small pieces
// what seems to take long. What is counted is to be what happens at full speed.
#include <dlfcn.h>
#include <time.h>

#include <cstdint>

namespace {

constexpr int64_t kSlowness = 500;
constexpr int64_t kSecond = 1'000'000'000;

using ReadClock = int (*)(clockid_t, timespec*);

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static const auto read = reinterpret_cast<ReadClock>(dlsym(RTLD_NEXT, "clock_gettime"));
  const int result = read(clock, time);
  if (result != 0 || clock == CLOCK_REALTIME) return result;
  const int64_t now = (time->tv_sec * kSecond + time->tv_nsec) / kSlowness;
  *time = {.tv_sec = now / kSecond, .tv_nsec = now % kSecond};
  return 0;
}
