#include "transport/http2/violation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

namespace weir::http2 {
namespace {

TEST(Violation, EveryRowHasAUniqueTagInSnakeCase) {
  std::set<std::string_view> tags;
  for (size_t i = 0; i < kViolationCount; ++i) {
    const ViolationRow& row = Describe(static_cast<Violation>(i));
    EXPECT_EQ(static_cast<size_t>(row.violation), i);
    EXPECT_TRUE(tags.insert(row.tag).second) << row.tag;
    EXPECT_TRUE(std::all_of(row.tag.begin(), row.tag.end(), [](unsigned char c) {
      return std::islower(c) || c == '_';
    })) << row.tag;
  }
}

TEST(Violation, EveryRowSaysWhereTheRuleStandsAndWhatItIs) {
  for (size_t i = 1; i < kViolationCount; ++i) {
    const ViolationRow& row = Describe(static_cast<Violation>(i));
    EXPECT_TRUE(row.section.starts_with("RFC ")) << row.tag;
    EXPECT_NE(row.section.find("§"), std::string_view::npos) << row.tag;
    EXPECT_FALSE(row.text.empty()) << row.tag;
    EXPECT_NE(row.code, ErrorCode::kNoError) << row.tag;
  }
}

// What is ours to bear (memory, the size of a window) costs a peer neither its connection nor any
// of what it may do by mistake.
TEST(Violation, OnlyWhatThePeerDidWrongIsCharged) {
  for (size_t i = 1; i < kViolationCount; ++i) {
    const ViolationRow& row = Describe(static_cast<Violation>(i));
    const bool is_ours = row.limit == Limit::kMemoryNewCalls || row.limit == Limit::kMemoryReap ||
                         row.limit == Limit::kStreamStall;
    EXPECT_EQ(row.charge == Charge::kNothing, is_ours) << row.tag;
    EXPECT_TRUE(!is_ours || row.scope == ViolationScope::kStream) << row.tag;
    EXPECT_EQ(row.charge == Charge::kRefusal, row.limit == Limit::kConcurrentStreams) << row.tag;
  }
}

TEST(ErrorCode, NamesAreThoseOfTheRfcAndUnknownValuesHaveOne) {
  EXPECT_EQ(ErrorCodeName(ErrorCode::kNoError), "NO_ERROR");
  EXPECT_EQ(ErrorCodeName(ErrorCode::kHttp11Required), "HTTP_1_1_REQUIRED");
  EXPECT_EQ(ErrorCodeName(static_cast<ErrorCode>(0xe)), "UNKNOWN");
  EXPECT_EQ(ErrorCodeName(static_cast<ErrorCode>(0xffffffff)), "UNKNOWN");
  for (uint32_t code = 0; code <= 0xd; ++code) {
    EXPECT_NE(ErrorCodeName(static_cast<ErrorCode>(code)), "UNKNOWN") << code;
  }
}

}  // namespace
}  // namespace weir::http2
