// Every limit: nothing happens one below and at it, one above it is counted once by its name,
// alone, and does what its row says; and its innocent twin is left in peace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/limits/limit_case.h"

namespace weir::limits {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

struct Param {
  LimitCase limit_case;
  testing::Segmentation segmentation;
};

std::vector<Param> AllParams() {
  std::vector<Param> params;
  for (const LimitCase& limit_case : AllCases()) {
    for (const testing::Segmentation& segmentation : testing::AllSegmentations()) {
      const bool is_whole = segmentation.kind == testing::Segmentation::Kind::kWhole;
      if (is_whole || limit_case.is_split) params.push_back({limit_case, segmentation});
    }
  }
  return params;
}

void PrintTo(const Param& param, std::ostream* out) { *out << NameOf(param.limit_case); }

class Limits : public ::testing::TestWithParam<Param> {
 protected:
  const LimitCase& limit_case() const { return GetParam().limit_case; }

  void ExpectNothing(Step step) const {
    const Outcome outcome = limit_case().goes(step, GetParam().segmentation);
    EXPECT_THAT(outcome.seen, ElementsAreArray(limit_case().within));
    EXPECT_EQ(outcome.counts, AlsoMet(step));
  }
  Counts AlsoMet(Step step) const {
    return limit_case().also == nullptr ? Counts() : limit_case().also(step);
  }
};

INSTANTIATE_TEST_SUITE_P(Of, Limits, ::testing::ValuesIn(AllParams()), [](const auto& test) {
  return NameOf(test.param.limit_case) + "_" + NameOf(test.param.segmentation);
});

TEST_P(Limits, AreNotMetOneBelow) { ExpectNothing(Step::kBelow); }

TEST_P(Limits, AreNotMetByTheMostThatTheyLetThrough) { ExpectNothing(Step::kAt); }

TEST_P(Limits, AreCountedOnceAndReactOneAbove) {
  const Outcome outcome = limit_case().goes(Step::kAbove, GetParam().segmentation);
  EXPECT_THAT(outcome.seen, ElementsAreArray(limit_case().beyond));
  Counts expected = AlsoMet(Step::kAbove);
  expected[std::string(http2::Describe(limit_case().limit).name)] = 1;
  EXPECT_EQ(outcome.counts, expected);
}

TEST_P(Limits, DoNotDisturbTheInnocent) {
  const Outcome outcome = limit_case().innocent(GetParam().segmentation);
  EXPECT_THAT(outcome.seen, ElementsAreArray({"served"}));
  EXPECT_EQ(outcome.counts, limit_case().innocent_counts);
}

// A limit without a case would be a promise that nobody keeps.
TEST(LimitCases, AreThereForEveryLimit) {
  std::set<http2::Limit> with_case;
  for (const LimitCase& limit_case : AllCases()) with_case.insert(limit_case.limit);
  for (size_t i = 1; i < http2::kLimitCount; ++i) {
    const auto limit = static_cast<http2::Limit>(i);
    EXPECT_TRUE(with_case.contains(limit))
        << "tests/limits has no case for " << http2::Describe(limit).name;
  }
}

TEST(LimitCases, HaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const LimitCase& limit_case : AllCases()) {
    EXPECT_TRUE(names.insert(NameOf(limit_case)).second) << NameOf(limit_case);
  }
}

}  // namespace
}  // namespace weir::limits
