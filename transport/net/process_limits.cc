#include "transport/net/process_limits.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>
#include <thread>

namespace weir::net {
namespace {

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// The number that `text` begins with; 0 for "max", or when there is none.
uint64_t ParseNumber(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The folder of this process's control group: version 2 has the one line "0::/path".
std::string GroupFolder() {
  std::ifstream file("/proc/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("0::")) return "/sys/fs/cgroup" + line.substr(3);
  }
  return "/sys/fs/cgroup";
}

// Those that the scheduler may run this process on.
size_t BoundProcessors() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<size_t>(CPU_COUNT(&set));
  return std::thread::hardware_concurrency();  // there are more than the set has room for
}

}  // namespace

uint64_t MemoryLimitOfProcess() {
  const auto pages = static_cast<uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 0L));
  uint64_t limit = pages * static_cast<uint64_t>(std::max(::sysconf(_SC_PAGESIZE), 0L));
  for (const std::string& path :
       {GroupFolder() + "/memory.max", std::string("/sys/fs/cgroup/memory.max"),
        std::string("/sys/fs/cgroup/memory/memory.limit_in_bytes")}) {
    const uint64_t group = ParseNumber(FirstLine(path));
    if (group != 0 && (limit == 0 || group < limit)) limit = group;
  }
  return limit;
}

size_t ProcessorsOfQuota(std::string_view cpu_max) {
  const size_t space = cpu_max.find(' ');
  if (space == std::string_view::npos) return 0;
  const uint64_t quota = ParseNumber(cpu_max.substr(0, space));
  const uint64_t period = ParseNumber(cpu_max.substr(space + 1));
  if (quota == 0 || period == 0) return 0;
  return static_cast<size_t>((quota - 1) / period + 1);
}

size_t ProcessorsOfProcess() {
  size_t count = std::max<size_t>(BoundProcessors(), 1);
  for (const std::string& path :
       {GroupFolder() + "/cpu.max", std::string("/sys/fs/cgroup/cpu.max")}) {
    const size_t quota = ProcessorsOfQuota(FirstLine(path));
    if (quota != 0) count = std::min(count, quota);
  }
  return count;
}

}  // namespace weir::net
