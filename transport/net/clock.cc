#include "transport/net/clock.h"

#include <time.h>

namespace weir::net {

Duration ThreadTime() {
  timespec time = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);  // cannot fail for the calling thread
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

TimePoint MonotonicNow() { return std::chrono::steady_clock::now(); }

std::chrono::system_clock::time_point WallNow() { return std::chrono::system_clock::now(); }

}  // namespace weir::net
