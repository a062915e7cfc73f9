#include "transport/http2/shutdown.h"

#include <gtest/gtest.h>

namespace weir::http2 {
namespace {

using enum ShutdownState;
using enum ShutdownAction;

// In words: an end, once reached, is not left; closing and failing are possible at any other time;
// a drain begins once, and is confirmed once after it has begun.
ShutdownStep Expected(ShutdownState state, ShutdownInput input) {
  if (state == kClosed || state == kFailed) return {state, kNothing};
  switch (input) {
    case ShutdownInput::kClose:
      return {kClosed, kSayGoodbye};
    case ShutdownInput::kFail:
      return {kFailed, kSayGoodbye};
    case ShutdownInput::kBegin:
      if (state == kRunning) return {kAnnounced, kAnnounce};
      return {state, kNothing};
    case ShutdownInput::kConfirmed:
      if (state == kAnnounced) return {kDraining, ShutdownAction::kSetLimit};
      return {state, kNothing};
  }
  return {state, kNothing};
}

TEST(Shutdown, TableSaysTheSameForEveryStateAndInput) {
  for (size_t i = 0; i < kShutdownStateCount; ++i) {
    for (size_t j = 0; j < kShutdownInputCount; ++j) {
      SCOPED_TRACE(::testing::Message() << "state " << i << " input " << j);
      const auto state = static_cast<ShutdownState>(i);
      const auto input = static_cast<ShutdownInput>(j);
      EXPECT_EQ(StepOf(state, input).next, Expected(state, input).next);
      EXPECT_EQ(StepOf(state, input).action, Expected(state, input).action);
    }
  }
}

TEST(Shutdown, IgnoresStreamsAboveItsLimitAndTheLimitNeverGrows) {
  Shutdown shutdown;
  EXPECT_FALSE(shutdown.Ignores(kStreamIdMax));
  EXPECT_EQ(shutdown.SetLimit(7), 7u);
  EXPECT_FALSE(shutdown.Ignores(7));
  EXPECT_TRUE(shutdown.Ignores(9));
  EXPECT_EQ(shutdown.SetLimit(9), 7u);
  EXPECT_EQ(shutdown.SetLimit(5), 5u);
}

}  // namespace
}  // namespace weir::http2
