// The only place where weir reads a clock.
//
// A loop reads the monotonic clock once per turn and hands the value down (`Loop::Now`); everything
// else works on values, or asks the loop, so that a test or a simulation decides what time it is.
#ifndef WEIR_TRANSPORT_NET_CLOCK_H_
#define WEIR_TRANSPORT_NET_CLOCK_H_

#include <chrono>

#include "transport/base/time.h"

namespace weir::net {

// CLOCK_MONOTONIC. Never goes back; unaffected by changes of the wall clock. Thread-safe.
TimePoint MonotonicNow();

// What the calling thread has had of processors since it began: CLOCK_THREAD_CPUTIME_ID. A system
// call, a few times as dear as MonotonicNow.
Duration ThreadTime();

// For what people read (logs, traces). May jump in both directions. Thread-safe.
std::chrono::system_clock::time_point WallNow();

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_CLOCK_H_
