// Which processor does what, and who had to wait for it?
//
// The server has one core, attacker and victim share another: what the victim loses, it loses in
// the server.
#ifndef WEIR_TESTS_HOSTILE_CORES_H_
#define WEIR_TESTS_HOSTILE_CORES_H_

#include <cstdint>
#include <string>

namespace hostile {

struct Cores {
  int server = -1;  // -1: not pinned, because there is only one
  int clients = -1;
};

// The first two cores that this process may use.
Cores ChooseCores();

// No-op for -1.
void PinThisThread(int core);
// Lets the other threads of the core go first: an attacker takes what they leave.
void YieldToOthers();

// What a thread has had of processors since it began.
struct ThreadTimes {
  uint64_t run_ns = 0;   // used
  uint64_t wait_ns = 0;  // wanted, and not got, because others ran
};
// Of a directory such as /proc/PID/task/TID; zeros when the thread is gone.
ThreadTimes ReadThreadTimes(const std::string& directory);
// Of a thread of this process.
ThreadTimes ReadOwnThreadTimes(int thread);

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_CORES_H_
