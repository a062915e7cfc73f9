#include "transport/http2/hpack_scan.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/testing/frame_builder.h"

namespace weir::http2 {
namespace {

namespace hpack = weir::testing::hpack;

HpackScan Scan(std::string_view block) { return ScanHpack(AsBytes(block)); }

TEST(HpackScan, ABlockOfIndexedFieldsAndPlainLiteralsIsPure) {
  for (const std::string& block :
       {std::string(), hpack::Request("/a.B/C"), hpack::Indexed(62) + hpack::Indexed(190),
        hpack::Literal("te", "trailers"),
        std::string("\x10\x01"
                    "a\x01"
                    "b"),
        std::string("\x0f\x10\x01"
                    "b")}) {
    const HpackScan scan = Scan(block);
    EXPECT_TRUE(scan.is_well_formed);
    EXPECT_FALSE(scan.mutates_table);
    EXPECT_EQ(scan.size_updates, 0u);
  }
}

TEST(HpackScan, InsertionsAndSizeUpdatesChangeTheTable) {
  EXPECT_TRUE(Scan(hpack::Request("/") + hpack::Insert("a", "b")).mutates_table);
  EXPECT_TRUE(Scan(std::string("\x7f\x00\x01"
                               "b",
                               4))
                  .mutates_table);
  const HpackScan scan = Scan(hpack::TableSize(0) + hpack::TableSize(4096) + hpack::Indexed(2));
  EXPECT_TRUE(scan.is_well_formed);
  EXPECT_TRUE(scan.mutates_table);
  EXPECT_EQ(scan.size_updates, 2u);
  EXPECT_EQ(Scan(std::string(50, '\x20') + "\x82").size_updates, 50u);
}

TEST(HpackScan, RefusesABlockThatEndsTooEarly) {
  const std::string first = hpack::Literal("name", "value");
  const std::string whole = first + hpack::Insert("other", "thing");
  ASSERT_TRUE(Scan(whole).is_well_formed);
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(Scan(whole.substr(0, size)).is_well_formed, size == first.size()) << size;
  }
}

TEST(HpackScan, RefusesStringsLongerThanTheBlock) {
  EXPECT_FALSE(Scan(std::string("\x00\x7f\x81\xff\x03", 5)).is_well_formed);  // 65,536
  EXPECT_FALSE(Scan(std::string("\x00\xff\x81\xff\x03", 5)).is_well_formed);  // with Huffman
  EXPECT_FALSE(Scan(std::string("\x00\x02"
                                "a\x00",
                                4))
                   .is_well_formed);
}

TEST(HpackScan, TakesIntegersOfFiveOctetsBehindThePrefixAndNoMore) {
  EXPECT_TRUE(Scan(std::string("\xff\x80\x80\x80\x80\x00", 6)).is_well_formed);
  EXPECT_FALSE(Scan(std::string("\xff\x80\x80\x80\x80\x80\x00", 7)).is_well_formed);
  EXPECT_FALSE(Scan("\x7f\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80").is_well_formed);
}

}  // namespace
}  // namespace weir::http2
