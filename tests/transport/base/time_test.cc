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

}  // namespace
}  // namespace weir
