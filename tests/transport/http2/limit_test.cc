#include "transport/http2/limit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

#include "transport/http2/violation.h"

namespace weir::http2 {
namespace {

TEST(Limit, EveryRowHasAUniqueNameAndSaysWhatItDoesAndWhy) {
  std::set<std::string_view> names;
  for (size_t i = 1; i < kLimitCount; ++i) {
    const LimitRow& row = Describe(static_cast<Limit>(i));
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(std::all_of(row.name.begin(), row.name.end(), [](unsigned char c) {
      return std::islower(c) || c == '_';
    })) << row.name;
    EXPECT_FALSE(row.option.empty()) << row.name;
    EXPECT_FALSE(row.unit.empty()) << row.name;
    EXPECT_FALSE(row.reaction.empty()) << row.name;
    EXPECT_FALSE(row.reason.empty()) << row.name;
  }
}

TEST(Limit, BehaviourThatNoSectionForbidsMeetsALimit) {
  for (size_t i = 1; i < kViolationCount; ++i) {
    const ViolationRow& row = Describe(static_cast<Violation>(i));
    if (row.code == ErrorCode::kEnhanceYourCalm || row.code == ErrorCode::kRefusedStream) {
      EXPECT_NE(row.limit, Limit::kNone) << row.tag;
    }
  }
}

TEST(LimitCounters, CountEachLimitByItself) {
  LimitCounters counters;
  counters.Hit(Limit::kPings);
  counters.Hit(Limit::kPings);
  counters.Hit(Limit::kMemoryReap);
  EXPECT_EQ(counters.hits(Limit::kPings), 2u);
  EXPECT_EQ(counters.hits(Limit::kMemoryReap), 1u);
  EXPECT_EQ(counters.hits(Limit::kGlitches), 0u);
}

}  // namespace
}  // namespace weir::http2
