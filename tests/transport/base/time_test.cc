#include "transport/base/time.h"

#include <gtest/gtest.h>

#include <chrono>

namespace weir {
namespace {

using namespace std::chrono_literals;

TEST(Time, AddsUpToNever) {
  constexpr TimePoint kNow{1h};
  EXPECT_EQ(AddSaturated(kNow, 5s), kNow + 5s);
  EXPECT_EQ(AddSaturated(kNow, kNever - kNow - 1ns), kNever - 1ns);
  EXPECT_EQ(AddSaturated(kNow, kNever - kNow), kNever);
  EXPECT_EQ(AddSaturated(kNow, Duration::max()), kNever);
  EXPECT_EQ(AddSaturated(kNever, 0s), kNever);
  EXPECT_EQ(AddSaturated(kNow, -5s), kNow - 5s);
}

TEST(Time, FindsTheEarliest) {
  constexpr TimePoint kNow{1h};
  EXPECT_EQ(Earliest(kNow), kNow);
  EXPECT_EQ(Earliest(kNow, kNever, kNow - 1ns), kNow - 1ns);
  EXPECT_EQ(Earliest(kNever, kNow, kNow + 1ns), kNow);
  EXPECT_EQ(Earliest(kNever, kNever), kNever);
}

}  // namespace
}  // namespace weir
