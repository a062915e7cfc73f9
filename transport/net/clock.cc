#include "transport/net/clock.h"

namespace weir::net {

TimePoint MonotonicNow() { return std::chrono::steady_clock::now(); }

std::chrono::system_clock::time_point WallNow() { return std::chrono::system_clock::now(); }

}  // namespace weir::net
