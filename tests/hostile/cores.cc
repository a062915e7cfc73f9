#include "tests/hostile/cores.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace hostile {

Cores ChooseCores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof allowed, &allowed);
  Cores cores;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(static_cast<size_t>(core), &allowed)) continue;
    if (cores.server < 0) {
      cores.server = core;
    } else {
      cores.clients = core;
      return cores;
    }
  }
  return {};
}

void PinThisThread(int core) {
  if (core < 0) return;
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<size_t>(core), &cores);
  sched_setaffinity(0, sizeof cores, &cores);
}

void YieldToOthers() {
  // A low priority would not do: once it runs, a thread keeps its core for a slice of time, and the
  // latency of the victim would be that of its own scheduler.
  const sched_param none = {};
  sched_setscheduler(0, SCHED_IDLE, &none);
}

ThreadTimes ReadThreadTimes(const std::string& directory) {
  ThreadTimes times;
  std::ifstream(directory + "/schedstat") >> times.run_ns >> times.wait_ns;
  return times;
}

ThreadTimes ReadOwnThreadTimes(int thread) {
  return ReadThreadTimes("/proc/self/task/" + std::to_string(thread));
}

}  // namespace hostile
