#include "transport/base/check.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Check, LetsTruthPass) {
  int evaluations = 0;
  WEIR_CHECK(++evaluations == 1);
  EXPECT_EQ(evaluations, 1);
}

TEST(CheckDeathTest, NamesTheConditionThatFailed) {
  EXPECT_DEATH(WEIR_CHECK(1 + 1 == 3), "check failed at .*check_test.cc:.*: 1 \\+ 1 == 3");
  EXPECT_DEATH(WEIR_UNREACHABLE(), "unreachable");
}

TEST(CheckDeathTest, DebugChecksAreOnUnlessTheyAreCompiledOut) {
  int evaluations = 0;
#ifdef NDEBUG
  WEIR_DCHECK(++evaluations == 2);
  EXPECT_EQ(evaluations, 0);
#else
  EXPECT_DEATH(WEIR_DCHECK(++evaluations == 2), "evaluations == 2");
#endif
}

}  // namespace
}  // namespace weir
