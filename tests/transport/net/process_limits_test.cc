#include "transport/net/process_limits.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cstdint>
#include <thread>

namespace weir::net {
namespace {

TEST(ProcessLimits, HaveAPlausibleMemory) {
  EXPECT_GT(MemoryLimitOfProcess(), uint64_t{16} << 20);
  EXPECT_LT(MemoryLimitOfProcess(), uint64_t{1} << 50);
}

TEST(ProcessLimits, CountTheProcessorsThatAThreadIsBoundTo) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_GE(ProcessorsOfProcess(), 1u);
  EXPECT_LE(ProcessorsOfProcess(), static_cast<size_t>(CPU_COUNT(&before)));
  // A thread of its own, so that the others stay where they are.
  std::thread([&] {
    int first = 0;
    while (!CPU_ISSET(first, &before)) ++first;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    EXPECT_EQ(ProcessorsOfProcess(), 1u);
  }).join();
}

TEST(ProcessLimits, RoundAQuotaUp) {
  EXPECT_EQ(ProcessorsOfQuota("100000 100000"), 1u);
  EXPECT_EQ(ProcessorsOfQuota("200000 100000"), 2u);
  EXPECT_EQ(ProcessorsOfQuota("200001 100000"), 3u);
  EXPECT_EQ(ProcessorsOfQuota("5000 100000"), 1u);
}

TEST(ProcessLimits, KnowWhenThereIsNoQuota) {
  EXPECT_EQ(ProcessorsOfQuota("max 100000"), 0u);
  EXPECT_EQ(ProcessorsOfQuota(""), 0u);
  EXPECT_EQ(ProcessorsOfQuota("100000"), 0u);
  EXPECT_EQ(ProcessorsOfQuota("100000 0"), 0u);
  EXPECT_EQ(ProcessorsOfQuota("half a processor"), 0u);
}

}  // namespace
}  // namespace weir::net
