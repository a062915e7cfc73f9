#include "transport/http2/hpack_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing/frame_builder.h"
#include "tests/transport/http2/field_lines.h"

namespace weir::http2 {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
namespace hpack = weir::testing::hpack;

class HpackEncoderTest : public ::testing::Test {
 protected:
  std::string Encode(const std::vector<OutputField>& fields) {
    Buffer block;
    has_changed_table_ = encoder_.Encode(fields, &block);
    return std::string(AsText(block.view()));
  }
  // What a decoder makes of the block; it must agree about the table.
  std::vector<std::string> Hear(std::string_view block) {
    const DecodedBlock decoded = Decode(decoder_, block);
    EXPECT_EQ(decoded.result.outcome, HpackDecoder::Outcome::kDone);
    EXPECT_EQ(decoded.result.has_changed_table, has_changed_table_);
    return decoded.lines;
  }

  const OutputField status_{.name = "grpc-status", .value = "0", .indexed = true};
  HpackEncoder encoder_;
  HpackDecoder decoder_;
  bool has_changed_table_ = false;
};

TEST_F(HpackEncoderTest, IndexesWhatItIsToldTo) {
  const std::string first = Encode({status_});
  EXPECT_EQ(first, hpack::Insert("grpc-status", "0"));
  EXPECT_THAT(Hear(first), ElementsAre("grpc-status: 0"));
  const std::string second = Encode({status_});
  EXPECT_EQ(second, hpack::Indexed(62));
  EXPECT_THAT(Hear(second), ElementsAre("grpc-status: 0"));
}

TEST_F(HpackEncoderTest, LeavesOtherValuesOutOfTheTable) {
  for (int i = 0; i < 2; ++i) {
    const std::string block = Encode({{.name = "grpc-message", .value = "not found"}});
    EXPECT_EQ(block, hpack::Literal("grpc-message", "not found"));
    EXPECT_THAT(Hear(block), ElementsAre("grpc-message: not found"));
  }
}

TEST_F(HpackEncoderTest, UsesEveryEntryOfTheStaticTable) {
  EXPECT_EQ(Encode({{.name = ":status", .value = "200"}}), hpack::Indexed(8));
  EXPECT_EQ(Encode({{.name = ":status", .value = "404", .indexed = true}}), hpack::Indexed(13));
  const std::string other = Encode({{.name = ":status", .value = "415"}});
  EXPECT_EQ(other,
            "\x08\x03"
            "415");
  EXPECT_THAT(Hear(other), ElementsAre(":status: 415"));
  const std::string type =
      Encode({{.name = "content-type", .value = "application/grpc", .indexed = true}});
  EXPECT_EQ(type,
            "\x5f\x10"
            "application/grpc");
  EXPECT_THAT(Hear(type), ElementsAre("content-type: application/grpc"));
}

TEST_F(HpackEncoderTest, UsesNamesOfTheDynamicTable) {
  Hear(Encode({status_}));
  const std::string block = Encode({{.name = "grpc-status", .value = "13"}});
  EXPECT_EQ(block, std::string("\x0f\x2f\x02"
                               "13"));
  EXPECT_THAT(Hear(block), ElementsAre("grpc-status: 13"));
}

TEST_F(HpackEncoderTest, LongValuesHaveLongLengths) {
  const std::string value(100000, 'v');
  EXPECT_THAT(Hear(Encode({{.name = "x", .value = value}})), ElementsAre("x: " + value));
}

TEST_F(HpackEncoderTest, DoesNotInsertWhatWouldTakeMostOfTheTable) {
  const std::string fits(2048 - 33, 'v');
  EXPECT_THAT(Hear(Encode({{.name = "x", .value = fits, .indexed = true}})), SizeIs(1));
  EXPECT_TRUE(has_changed_table_);
  const std::string large = fits + "v";
  EXPECT_THAT(Hear(Encode({{.name = "x", .value = large, .indexed = true}})), SizeIs(1));
  EXPECT_FALSE(has_changed_table_);
}

TEST_F(HpackEncoderTest, AnnouncesTheSmallestTableAndThenTheLast) {
  Hear(Encode({status_}));
  encoder_.SetPeerTableSize(0);
  encoder_.SetPeerTableSize(100);
  const std::string block = Encode({status_});
  EXPECT_EQ(block, hpack::TableSize(0) + hpack::TableSize(100) + hpack::Insert("grpc-status", "0"));
  EXPECT_THAT(Hear(block), ElementsAre("grpc-status: 0"));
  EXPECT_EQ(Encode({status_}), hpack::Indexed(62));
}

TEST_F(HpackEncoderTest, AnnouncesASmallerTableOnce) {
  Hear(Encode({status_}));
  encoder_.SetPeerTableSize(100);
  EXPECT_EQ(Encode({status_}), hpack::TableSize(100) + hpack::Indexed(62));
  EXPECT_EQ(Encode({status_}), hpack::Indexed(62));
}

TEST_F(HpackEncoderTest, AnnouncesSizesThatWereSetBeforeItsFirstBlock) {
  encoder_.SetPeerTableSize(0);
  encoder_.SetPeerTableSize(4096);
  EXPECT_TRUE(Encode({status_}).starts_with(hpack::TableSize(0) + hpack::TableSize(4096)));
}

TEST_F(HpackEncoderTest, SaysNothingAboutWhatDidNotChange) {
  encoder_.SetPeerTableSize(4096);
  EXPECT_EQ(Encode({status_}), hpack::Insert("grpc-status", "0"));
}

TEST_F(HpackEncoderTest, UsesNoMoreThanFourKilobytesOfAPeersTable) {
  encoder_.SetPeerTableSize(0xffffffff);
  EXPECT_EQ(Encode({status_}), hpack::Insert("grpc-status", "0"));
}

TEST_F(HpackEncoderTest, WorksWithoutATable) {
  encoder_.SetPeerTableSize(0);
  EXPECT_THAT(Hear(Encode({status_, status_})), ElementsAre("grpc-status: 0", "grpc-status: 0"));
  EXPECT_EQ(Encode({status_}), hpack::Literal("grpc-status", "0"));
}

}  // namespace
}  // namespace weir::http2
