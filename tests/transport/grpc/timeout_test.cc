#include "transport/grpc/timeout.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::grpc {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(ParseTimeout, ReadsEveryUnit) {
  EXPECT_EQ(ParseTimeout("3H"), Duration(hours(3)));
  EXPECT_EQ(ParseTimeout("3M"), Duration(minutes(3)));
  EXPECT_EQ(ParseTimeout("3S"), Duration(seconds(3)));
  EXPECT_EQ(ParseTimeout("3m"), Duration(milliseconds(3)));
  EXPECT_EQ(ParseTimeout("3u"), Duration(microseconds(3)));
  EXPECT_EQ(ParseTimeout("3n"), Duration(nanoseconds(3)));
}

TEST(ParseTimeout, ReadsOneToEightDigits) {
  EXPECT_EQ(ParseTimeout("0n"), Duration::zero());
  EXPECT_EQ(ParseTimeout("0S"), Duration::zero());
  EXPECT_EQ(ParseTimeout("00000000H"), Duration::zero());
  EXPECT_EQ(ParseTimeout("00000001S"), Duration(seconds(1)));
  EXPECT_EQ(ParseTimeout("12345678n"), Duration(nanoseconds(12345678)));
  EXPECT_EQ(ParseTimeout("99999999S"), Duration(seconds(99999999)));
  EXPECT_EQ(ParseTimeout("99999999M"), Duration(minutes(99999999)));
}

TEST(ParseTimeout, ClampsWhatADurationCannotHold) {
  constexpr int64_t kHoursMax = Duration::max() / Duration(hours(1));
  ASSERT_EQ(kHoursMax, 2562047);
  EXPECT_EQ(ParseTimeout("2562047H"), Duration(hours(2562047)));
  EXPECT_EQ(ParseTimeout("2562048H"), Duration::max());
  EXPECT_EQ(ParseTimeout("99999999H"), Duration::max());
}

TEST(ParseTimeout, RefusesWhatTheGrammarDoesNotKnow) {
  for (std::string_view text :
       {"",           "1",    "S",    "SS",  "-1S",       "+1S",       "1.5S",     " 1S",
        "1S ",        "1 S",  "1s",   "1h",  "1U",        "1N",        "1SS",      "1S1",
        "123456789S", "0x1S", "1e3S", "1,S", "\xD9\xA1S", "999999999", "1\xC2\xB5"}) {
    EXPECT_EQ(ParseTimeout(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseTimeout(std::string_view("1\0S", 3)), std::nullopt);
  EXPECT_EQ(ParseTimeout(std::string_view("1\0", 2)), std::nullopt);
}

TEST(ParseTimeout, AcceptsExactlySixUnits) {
  int accepted = 0;
  for (int octet = 0; octet < 256; ++octet) {
    const std::string text = {'7', static_cast<char>(octet)};
    if (ParseTimeout(text)) ++accepted;
  }
  EXPECT_EQ(accepted, 6);
}

}  // namespace
}  // namespace weir::grpc
