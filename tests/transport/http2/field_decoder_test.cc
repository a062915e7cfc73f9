#include "transport/http2/field_decoder.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/testing/frame_builder.h"

namespace weir::http2 {
namespace {

namespace hpack = weir::testing::hpack;

class FieldDecoderTest : public ::testing::Test {
 protected:
  Violation Request(std::string_view block) {
    section_.reset();
    return decoder_.DecodeRequest(AsBytes(block), &section_);
  }

  ConnectionOptions options_;
  ConnectionCounters counters_;
  FieldDecoder decoder_{options_, counters_};
  FieldSectionPtr section_;
};

TEST_F(FieldDecoderTest, ARepeatedPureBlockIsTheSameSection) {
  const std::string block = hpack::Request("/a.B/C");
  ASSERT_EQ(Request(block), Violation::kNone);
  const FieldSection* const first = section_.get();
  ASSERT_EQ(Request(block), Violation::kNone);
  EXPECT_EQ(section_.get(), first);
  EXPECT_EQ(counters_.header_blocks_decoded, 1u);
  EXPECT_EQ(counters_.header_blocks_memoised, 1u);
}

TEST_F(FieldDecoderTest, TheSectionOutlivesTheOctetsItCameFrom) {
  std::string block = hpack::Request("/a.B/C");
  ASSERT_EQ(Request(block), Violation::kNone);
  block.assign(block.size(), 'x');
  EXPECT_EQ(section_->path(), "/a.B/C");
}

TEST_F(FieldDecoderTest, EqualOctetsUnderAnotherTableAreAnotherSection) {
  ASSERT_EQ(Request(hpack::Request("/") + hpack::Insert("name", "first")), Violation::kNone);
  const std::string block = hpack::Request("/") + hpack::Indexed(62);
  ASSERT_EQ(Request(block), Violation::kNone);
  EXPECT_EQ(section_->Find("name"), "first");
  ASSERT_EQ(Request(hpack::Request("/") + hpack::Insert("name", "second")), Violation::kNone);
  ASSERT_EQ(Request(block), Violation::kNone);
  EXPECT_EQ(section_->Find("name"), "second");
  ASSERT_EQ(Request(block), Violation::kNone);
  EXPECT_EQ(section_->Find("name"), "second");
  EXPECT_EQ(counters_.header_blocks_memoised, 1u);
}

TEST_F(FieldDecoderTest, ASizeUpdateAloneMakesAnotherTable) {
  ASSERT_EQ(Request(hpack::Request("/") + hpack::Insert("name", "value")), Violation::kNone);
  const std::string block = hpack::Request("/") + hpack::Indexed(62);
  ASSERT_EQ(Request(block), Violation::kNone);
  ASSERT_EQ(Request(hpack::TableSize(0) + hpack::Request("/")), Violation::kNone);
  EXPECT_EQ(Request(block), Violation::kCompression);  // the entry is gone
}

TEST_F(FieldDecoderTest, TrailersThatChangeTheTableEndTheMemoToo) {
  const std::string block = hpack::Request("/");
  ASSERT_EQ(Request(block), Violation::kNone);
  ASSERT_EQ(decoder_.DecodeTrailers(AsBytes(hpack::Insert("a", "b")), &section_), Violation::kNone);
  ASSERT_EQ(Request(block), Violation::kNone);
  ASSERT_EQ(decoder_.Discard(AsBytes(hpack::Insert("a", "b"))), Violation::kNone);
  ASSERT_EQ(Request(block), Violation::kNone);
  EXPECT_EQ(counters_.header_blocks_memoised, 0u);
}

TEST_F(FieldDecoderTest, ABlockThatChangesTheTableIsDecodedEachTime) {
  const std::string block = hpack::Request("/") + hpack::Insert("a", "b");
  ASSERT_EQ(Request(block), Violation::kNone);
  ASSERT_EQ(Request(block), Violation::kNone);
  ASSERT_EQ(Request(hpack::Request("/") + hpack::Indexed(63)), Violation::kNone);
  EXPECT_EQ(section_->Find("a"), "b");
  EXPECT_EQ(counters_.header_blocks_memoised, 0u);
}

TEST_F(FieldDecoderTest, RemembersTheLastFourBlocks) {
  const auto path = [](int i) { return hpack::Request("/" + std::to_string(i)); };
  for (int i = 0; i < 4; ++i) ASSERT_EQ(Request(path(i)), Violation::kNone);
  for (int i = 0; i < 4; ++i) ASSERT_EQ(Request(path(i)), Violation::kNone);
  EXPECT_EQ(counters_.header_blocks_memoised, 4u);
  ASSERT_EQ(Request(path(4)), Violation::kNone);
  ASSERT_EQ(Request(path(0)), Violation::kNone);  // was the oldest
  EXPECT_EQ(counters_.header_blocks_memoised, 4u);
  EXPECT_EQ(section_->path(), "/0");
}

TEST_F(FieldDecoderTest, RemembersBlocksUpToOneKilobyte) {
  const std::string start = hpack::Request("/") + hpack::Literal("x", "");
  for (const size_t size : {1024u, 1025u}) {
    // The length of a long literal takes two octets more.
    const std::string block =
        hpack::Request("/") + hpack::Literal("x", std::string(size - start.size() - 2, 'v'));
    ASSERT_EQ(block.size(), size);
    counters_ = {};
    ASSERT_EQ(Request(block), Violation::kNone);
    ASSERT_EQ(Request(block), Violation::kNone);
    EXPECT_EQ(counters_.header_blocks_memoised, size == 1024 ? 1u : 0u);
  }
}

TEST_F(FieldDecoderTest, DoesNotRememberWhatExpandsToMuch) {
  ASSERT_EQ(Request(hpack::Request("/") + hpack::Insert("x", std::string(3000, 'v'))),
            Violation::kNone);
  const std::string block = hpack::Request("/") + hpack::Indexed(62) + hpack::Indexed(62);
  ASSERT_EQ(Request(block), Violation::kNone);
  ASSERT_EQ(Request(block), Violation::kNone);
  EXPECT_EQ(counters_.header_blocks_memoised, 0u);
}

TEST_F(FieldDecoderTest, AMalformedBlockIsMalformedEachTime) {
  const std::string block = hpack::Request("/") + hpack::Literal("te", "gzip");
  EXPECT_EQ(Request(block), Violation::kTe);
  EXPECT_EQ(Request(block), Violation::kTe);
}

// A refused section leaves the table as the peer believes it to be, wherever the fault stands
// (CVE-2023-32731).
TEST_F(FieldDecoderTest, KeepsTheTableRightWhereverABlockIsMalformed) {
  for (int fault = 0; fault <= 8; ++fault) {
    FieldDecoder decoder(options_, counters_);
    std::string block = hpack::Request("/");
    for (int i = 0; i < 8; ++i) {
      if (i == fault) block += hpack::Literal("UPPER", "x");
      block += hpack::Insert("i" + std::to_string(i), "v");
    }
    if (fault == 8) block += hpack::Literal("UPPER", "x");
    FieldSectionPtr section;
    ASSERT_EQ(decoder.DecodeRequest(AsBytes(block), &section), Violation::kFieldName);
    std::string indexed = hpack::Request("/");
    for (uint64_t i = 0; i < 8; ++i) indexed += hpack::Indexed(62 + i);
    ASSERT_EQ(decoder.DecodeRequest(AsBytes(indexed), &section), Violation::kNone);
    for (size_t i = 0; i < 8; ++i) {
      EXPECT_EQ(section->lines()[i].name, "i" + std::to_string(7 - i));
    }
  }
}

TEST_F(FieldDecoderTest, KeepsTheTableRightOverTheLimit) {
  options_.header_fields_max = 5;
  std::string block = hpack::Request("/");
  for (int i = 0; i < 10; ++i) block += hpack::Insert("i" + std::to_string(i), "v");
  ASSERT_EQ(Request(block), Violation::kNone);
  EXPECT_TRUE(section_->is_over_limit());
  EXPECT_EQ(section_->lines().size(), 1u);
  ASSERT_EQ(Request(hpack::Request("/") + hpack::Indexed(62)), Violation::kNone);
  EXPECT_EQ(section_->Find("i9"), "v");
}

TEST_F(FieldDecoderTest, RefusesTheThirdSizeUpdate) {
  const std::string update = hpack::TableSize(0);
  EXPECT_EQ(Request(update + update + hpack::Request("/")), Violation::kNone);
  EXPECT_EQ(Request(update + update + update + hpack::Request("/")), Violation::kTableSizeUpdates);
}

TEST_F(FieldDecoderTest, RefusesWhatCannotBeDecoded) {
  EXPECT_EQ(Request(hpack::Request("/") + "\x80"), Violation::kCompression);
  EXPECT_EQ(decoder_.Discard(AsBytes("\xbe")), Violation::kCompression);
}

TEST_F(FieldDecoderTest, StopsAtABombOfIndexedFields) {
  ASSERT_EQ(Request(hpack::Request("/") + hpack::Insert("a", "")), Violation::kNone);
  EXPECT_EQ(Request(hpack::Request("/") + std::string(4 * 128 - 4, '\xbe')), Violation::kNone);
  EXPECT_TRUE(section_->is_over_limit());
  EXPECT_EQ(Request(hpack::Request("/") + std::string(4 * 128 - 3, '\xbe')),
            Violation::kTooManyFields);
}

TEST_F(FieldDecoderTest, StopsAtABombOfFatFields) {
  const std::string fat(4000, 'x');
  ASSERT_EQ(Request(hpack::Request("/") + hpack::Insert("b", fat)), Violation::kNone);
  EXPECT_EQ(decoder_.Discard(AsBytes(std::string(16, '\xbe'))), Violation::kNone);
  EXPECT_EQ(decoder_.Discard(AsBytes(std::string(17, '\xbe'))), Violation::kHeaderListTooLarge);
}

TEST_F(FieldDecoderTest, ForgetsItsBlocksWhenIdleAndNotTheTable) {
  ASSERT_EQ(Request(hpack::Request("/") + hpack::Insert("a", "b")), Violation::kNone);
  const std::string block = hpack::Request("/") + hpack::Indexed(62);
  ASSERT_EQ(Request(block), Violation::kNone);
  decoder_.ReleaseIdleMemory();
  ASSERT_EQ(Request(block), Violation::kNone);
  EXPECT_EQ(section_->Find("a"), "b");
  EXPECT_EQ(counters_.header_blocks_memoised, 0u);
}

}  // namespace
}  // namespace weir::http2
