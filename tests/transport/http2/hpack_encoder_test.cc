#include "transport/http2/hpack_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/testing/frame_builder.h"
#include "tests/transport/http2/hpack_decoded.h"
#include "transport/http2/hpack_decoder.h"

namespace weir::http2 {
namespace {

using ::testing::ElementsAre;
namespace hpack = weir::testing::hpack;
using Outcome = HpackDecoder::Outcome;

// What the encoder says, as our decoder hears it. (The tests of the connection decode with
// nghttp2's.)
class HpackEncoderTest : public ::testing::Test {
 protected:
  std::string Encode(const std::vector<OutputField>& fields) {
    Buffer block;
    changes_table_ = encoder_.Encode(fields, &block);
    return std::string(AsText(block.view()));
  }
  std::vector<std::string> Hear(std::string_view block) {
    const Decoded decoded = Decode(decoder_, block);
    EXPECT_EQ(decoded.outcome, Outcome::kDone);
    return decoded.lines;
  }
  const OutputField status_{.name = "grpc-status", .value = "0", .indexed = true};
  HpackEncoder encoder_;
  HpackDecoder decoder_;
  bool changes_table_ = false;  // the last block
};

TEST_F(HpackEncoderTest, IndexesWhatItIsToldTo) {
  const std::string first = Encode({status_});
  EXPECT_TRUE(changes_table_);
  const std::string second = Encode({status_});
  EXPECT_FALSE(changes_table_);
  EXPECT_EQ(second, hpack::Indexed(62));
  EXPECT_THAT(Hear(first), ElementsAre("grpc-status: 0"));
  EXPECT_THAT(Hear(second), ElementsAre("grpc-status: 0"));
}

TEST_F(HpackEncoderTest, LeavesOtherValuesOutOfTheTable) {
  for (int i = 0; i < 2; ++i) {
    const std::string block = Encode({{.name = "grpc-message", .value = "not found"}});
    EXPECT_FALSE(changes_table_);
    EXPECT_THAT(Hear(block), ElementsAre("grpc-message: not found"));
  }
}

TEST_F(HpackEncoderTest, UsesTheStaticTableForStatusInAnyCase) {
  EXPECT_EQ(Encode({{.name = ":status", .value = "200"}}), hpack::Indexed(8));
  EXPECT_EQ(Encode({{.name = ":status", .value = "404"}}), hpack::Indexed(13));
  const std::string other = Encode({{.name = ":status", .value = "415"}});
  EXPECT_FALSE(changes_table_);
  EXPECT_THAT(Hear(other), ElementsAre(":status: 415"));
}

TEST_F(HpackEncoderTest, EncodesManyFields) {
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("name-" + std::to_string(i));
  std::vector<OutputField> fields;
  for (const std::string& name : names) fields.push_back({.name = name, .value = "v"});
  const std::vector<std::string> heard = Hear(Encode(fields));
  ASSERT_EQ(heard.size(), 100u);
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(heard[i], names[i] + ": v");
}

TEST_F(HpackEncoderTest, AnnouncesTheSmallestTableAndThenTheLast) {
  Hear(Encode({status_}));
  encoder_.SetPeerTableSize(0);
  encoder_.SetPeerTableSize(100);
  const std::string block = Encode({status_});
  EXPECT_TRUE(block.starts_with(hpack::TableSize(0) + hpack::TableSize(100)));
  EXPECT_THAT(Hear(block), ElementsAre("grpc-status: 0"));
}

TEST_F(HpackEncoderTest, AnnouncesSizesThatWereSetBeforeItsFirstBlock) {
  encoder_.SetPeerTableSize(0);
  encoder_.SetPeerTableSize(4096);
  EXPECT_TRUE(Encode({status_}).starts_with(hpack::TableSize(0) + hpack::TableSize(4096)));
}

TEST_F(HpackEncoderTest, SaysNothingAboutWhatDidNotChange) {
  encoder_.SetPeerTableSize(4096);
  EXPECT_NE(HpackFormOf(static_cast<uint8_t>(Encode({status_})[0])), HpackForm::kSizeUpdate);
}

TEST_F(HpackEncoderTest, UsesNoMoreThanFourKilobytesOfAPeersTable) {
  encoder_.SetPeerTableSize(0xffffffff);
  EXPECT_NE(HpackFormOf(static_cast<uint8_t>(Encode({status_})[0])), HpackForm::kSizeUpdate);
}

TEST_F(HpackEncoderTest, AnnouncesASizeOnceAndNoSmallerOneThanThereWas) {
  encoder_.SetPeerTableSize(100);
  EXPECT_TRUE(Encode({status_}).starts_with(hpack::TableSize(100)));
  EXPECT_EQ(Encode({status_}), hpack::Indexed(62));
  encoder_.SetPeerTableSize(4096);
  EXPECT_EQ(Encode({status_}), hpack::TableSize(4096) + hpack::Indexed(62));
  encoder_.SetPeerTableSize(43);  // less than the entry
  encoder_.SetPeerTableSize(4096);
  EXPECT_TRUE(
      Encode({status_}).starts_with(hpack::TableSize(43) + hpack::TableSize(4096) + "\x40"));
  EXPECT_EQ(Encode({}), "");
}

TEST_F(HpackEncoderTest, InsertsNothingIntoATableThatIsTooSmallForIt) {
  encoder_.SetPeerTableSize(40);
  const std::string block = Encode({status_});
  EXPECT_THAT(Hear(block), ElementsAre("grpc-status: 0"));
  EXPECT_THAT(Hear(Encode({status_})), ElementsAre("grpc-status: 0"));
  EXPECT_FALSE(changes_table_);
}

TEST_F(HpackEncoderTest, KeepsTheTableWhenItsMemoryIsReleased) {
  Hear(Encode({status_}));
  encoder_.ReleaseIdleMemory();
  EXPECT_EQ(Encode({status_}), hpack::Indexed(62));
}

// A name that stands in a table is not spelt out.
TEST_F(HpackEncoderTest, RefersToNamesItKnows) {
  EXPECT_EQ(Encode({{.name = "content-type", .value = "\x01"}}),
            hpack::Integer(0x10, 4, 31) + "\x01\x01");
  Hear(Encode({status_}));
  EXPECT_EQ(Encode({{.name = "grpc-status", .value = "\x01"}}),
            hpack::Integer(0x10, 4, 62) + "\x01\x01");
}

// The longest integers and strings, and every octet.
TEST_F(HpackEncoderTest, EncodesStringsOfAnyKind) {
  std::string every;
  for (int c = 1; c < 256; ++c) every += static_cast<char>(c);
  for (const std::string& value :
       {std::string(), std::string(126, '\x01'), std::string(127, '\x01'), std::string(254, '\x01'),
        std::string(255, '\x01'), std::string(20000, '\x01'), std::string(20000, 'e'), every}) {
    EXPECT_THAT(Hear(Encode({{.name = "x", .value = value}})), ElementsAre("x: " + value));
  }
}

TEST_F(HpackEncoderTest, SpeaksWithADecoderAtRandom) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    HpackEncoder encoder;
    HpackDecoder decoder;
    for (int block_number = 0; block_number < 50; ++block_number) {
      if (random() % 8 == 0) encoder.SetPeerTableSize(static_cast<uint32_t>(random() % 5000));
      if (random() % 8 == 0) encoder.ReleaseIdleMemory();
      std::vector<std::string> expected;
      std::vector<std::string> texts;
      std::vector<OutputField> fields;
      texts.reserve(100);
      for (uint32_t i = random() % 40; i > 0; --i) {
        texts.push_back("name-" + std::to_string(random() % 20));
        texts.push_back(std::string(random() % 60, static_cast<char>('a' + random() % 3)));
        const std::string_view name = texts[texts.size() - 2];
        fields.push_back({.name = name, .value = texts.back(), .indexed = random() % 2 == 0});
        expected.push_back(std::string(name) + ": " + texts.back());
      }
      Buffer block;
      const uint64_t generation = decoder.generation();
      const bool changes_table = encoder.Encode(fields, &block);
      const Decoded decoded = Decode(decoder, AsText(block.view()));
      ASSERT_EQ(decoded.outcome, Outcome::kDone);
      ASSERT_EQ(decoded.lines, expected);
      ASSERT_EQ(decoder.generation() != generation, changes_table);
    }
  }
}

}  // namespace
}  // namespace weir::http2
