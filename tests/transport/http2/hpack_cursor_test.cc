#include "transport/http2/hpack_cursor.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/testing/frame_builder.h"

namespace weir::http2 {
namespace {

TEST(HpackCursor, ReadsIntegersOfEveryPrefix) {
  for (int prefix_bits = 1; prefix_bits <= 8; ++prefix_bits) {
    for (const uint64_t value : {0ull, 1ull, 14ull, 15ull, 30ull, 31ull, 127ull, 128ull, 254ull,
                                 255ull, 1337ull, 16383ull, 0x7ffffffffull}) {
      const std::string octets = testing::hpack::Integer(0, prefix_bits, value);
      HpackCursor cursor(AsBytes(octets));
      uint64_t read;
      ASSERT_TRUE(cursor.ReadInteger(prefix_bits, &read)) << prefix_bits << ' ' << value;
      EXPECT_EQ(read, value);
      EXPECT_TRUE(cursor.is_at_end());
      HpackCursor cut(AsBytes(octets).first(octets.size() - 1));
      if (octets.size() > 1) {
        EXPECT_FALSE(cut.ReadInteger(prefix_bits, &read));
      }
    }
  }
}

TEST(HpackCursor, IgnoresWhatStandsBesideThePrefix) {
  const std::string octets("\xea");  // RFC 7541 appendix C.1.1: 10 in five bits
  HpackCursor cursor(AsBytes(octets));
  uint64_t read;
  ASSERT_TRUE(cursor.ReadInteger(5, &read));
  EXPECT_EQ(read, 10u);
}

TEST(HpackCursor, ReadsStringsAndTheirForm) {
  const std::string octets(
      "\x03"
      "abc\x82"
      "de\x00",
      8);
  HpackCursor cursor(AsBytes(octets));
  HpackString string;
  ASSERT_TRUE(cursor.ReadString(&string));
  EXPECT_EQ(AsText(string.octets), "abc");
  EXPECT_FALSE(string.is_huffman);
  ASSERT_TRUE(cursor.ReadString(&string));
  EXPECT_EQ(AsText(string.octets), "de");
  EXPECT_TRUE(string.is_huffman);
  ASSERT_TRUE(cursor.ReadString(&string));
  EXPECT_TRUE(string.octets.empty());
  EXPECT_FALSE(string.is_huffman);
  EXPECT_FALSE(cursor.ReadString(&string));
}

TEST(HpackCursor, KnowsEveryFormByItsFirstOctet) {
  for (int first = 0; first < 256; ++first) {
    const HpackForm expected = first >= 0x80   ? HpackForm::kIndexed
                               : first >= 0x40 ? HpackForm::kInsertingLiteral
                               : first >= 0x20 ? HpackForm::kSizeUpdate
                                               : HpackForm::kPlainLiteral;
    EXPECT_EQ(HpackFormOf(static_cast<uint8_t>(first)), expected) << first;
  }
}

}  // namespace
}  // namespace weir::http2
