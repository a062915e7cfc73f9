// Are names escaped in URIs as RFC 3986 has it?
#include "transport/net/percent_path.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::net {
namespace {

TEST(PercentEncodePath, KeepsWhatAPathMayHold) {
  const std::string kept = "AZaz09-._~!$&'()*+,;=:@/";
  EXPECT_EQ(PercentEncodePath(kept), kept);
}

TEST(PercentEncodePath, EscapesEverythingElse) {
  EXPECT_EQ(PercentEncodePath("[::1]:80"), "%5B::1%5D:80");
  EXPECT_EQ(PercentEncodePath(std::string("a\0%?#\xff", 6)), "a%00%25%3F%23%FF");
}

TEST(PercentDecodePath, UndoesTheEncodingOfEveryOctet) {
  std::string all;
  for (int octet = 0; octet < 256; ++octet) all += static_cast<char>(octet);
  std::string decoded;
  ASSERT_TRUE(PercentDecodePath(PercentEncodePath(all), decoded));
  EXPECT_EQ(decoded, all);
}

TEST(PercentDecodePath, AcceptsDigitsInLowerCase) {
  std::string decoded;
  ASSERT_TRUE(PercentDecodePath("%5b%5D", decoded));
  EXPECT_EQ(decoded, "[]");
}

TEST(PercentDecodePath, RefusesAnIncompleteEscape) {
  std::string decoded;
  for (const char* text : {"%", "a%4", "%zz", "%4z", "%-1", "% 4", "%+4"}) {
    EXPECT_FALSE(PercentDecodePath(text, decoded)) << text;
  }
}

}  // namespace
}  // namespace weir::net
