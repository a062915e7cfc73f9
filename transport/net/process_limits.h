// What does the system grant this process?
//
// Of control groups those of version 2 count, and for memory version 1 as containers show it.
// Limits of groups between the process's own and the root are not looked for.
#ifndef WEIR_TRANSPORT_NET_PROCESS_LIMITS_H_
#define WEIR_TRANSPORT_NET_PROCESS_LIMITS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::net {

// The bytes of memory it may use: the limit of its control group, or what the machine has. 0 if the
// system does not say.
uint64_t MemoryLimitOfProcess();

// The processors it may use at once, at least 1: those it is bound to, or fewer if its control
// group gets only part of their time.
size_t ProcessorsOfProcess();

// The processors that a quota stands for, rounded up: "200000 100000" is 2, that is 200 of 100 ms.
// 0 for none ("max 100000"), and for what is no quota.
size_t ProcessorsOfQuota(std::string_view cpu_max);

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_PROCESS_LIMITS_H_
