#include "transport/net/memory_monitor.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace weir::net {
namespace {

using namespace std::chrono_literals;

class FakeMonitor final : public MemoryMonitor {
 public:
  explicit FakeMonitor(uint64_t budget) : MemoryMonitor(budget) {}

  uint64_t used = 0;

 private:
  uint64_t Measure() const override { return used; }
};

TEST(MemoryMonitor, HasALevelForEachPartOfTheBudget) {
  FakeMonitor monitor(1000);
  TimePoint now{1h};
  const auto level_at = [&](uint64_t used) {
    monitor.used = used;
    now += MemoryMonitor::kInterval;
    EXPECT_TRUE(monitor.Sample(now));
    return monitor.level().load();
  };
  EXPECT_EQ(level_at(0), MemoryPressure::kNone);
  EXPECT_EQ(level_at(799), MemoryPressure::kNone);
  EXPECT_EQ(level_at(800), MemoryPressure::kNoGrowth);
  EXPECT_EQ(level_at(899), MemoryPressure::kNoGrowth);
  EXPECT_EQ(level_at(900), MemoryPressure::kNoNewCalls);
  EXPECT_EQ(level_at(949), MemoryPressure::kNoNewCalls);
  EXPECT_EQ(level_at(950), MemoryPressure::kReap);
  EXPECT_EQ(level_at(5000), MemoryPressure::kReap);
  EXPECT_EQ(level_at(799), MemoryPressure::kNone);
}

TEST(MemoryMonitor, LooksOnceInAnInterval) {
  FakeMonitor monitor(1000);
  const TimePoint start{1h};
  EXPECT_TRUE(monitor.Sample(start));
  monitor.used = 1000;
  EXPECT_FALSE(monitor.Sample(start));
  EXPECT_FALSE(monitor.Sample(start + MemoryMonitor::kInterval - 1ns));
  EXPECT_EQ(monitor.level().load(), MemoryPressure::kNone);
  EXPECT_TRUE(monitor.Sample(start + MemoryMonitor::kInterval));
  EXPECT_EQ(monitor.level().load(), MemoryPressure::kReap);
}

TEST(MemoryMonitor, SeesWhatTheProcessUses) {
  MemoryMonitor tight(1);
  ASSERT_TRUE(tight.Sample(TimePoint{1h}));
  EXPECT_EQ(tight.level().load(), MemoryPressure::kReap);
  MemoryMonitor wide(uint64_t{1} << 50);
  ASSERT_TRUE(wide.Sample(TimePoint{1h}));
  EXPECT_EQ(wide.level().load(), MemoryPressure::kNone);
}

}  // namespace
}  // namespace weir::net
