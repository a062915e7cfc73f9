#include "transport/http2/hpack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/testing/frame_builder.h"
#include "transport/http2/hpack_scan.h"

namespace weir::http2 {
namespace {

using ::testing::ElementsAre;
namespace hpack = weir::testing::hpack;
using Outcome = HpackDecoder::Outcome;

class Lines final : public FieldSink {
 public:
  bool OnField(std::string_view name, std::string_view value) override {
    lines.push_back(std::string(name) + ": " + std::string(value));
    return lines.size() != stop_at;
  }
  std::vector<std::string> lines;
  size_t stop_at = 0;  // 0 for never
};

struct Decoded {
  Outcome outcome;
  std::vector<std::string> lines;
};

Decoded Decode(HpackDecoder& decoder, std::string_view block) {
  Lines sink;
  const Outcome outcome = decoder.Decode(AsBytes(block), sink);
  return {outcome, sink.lines};
}

std::string Hex(std::string_view hex) {
  std::string octets;
  for (size_t i = 0; i < hex.size(); i += 2) {
    octets += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return octets;
}

// RFC 7541 appendix C.3 and C.4: three requests on one connection.
TEST(HpackDecoder, DecodesTheExamplesOfTheRfc) {
  const std::vector<std::vector<std::string>> plain_and_huffman = {
      {"828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865",
       "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565"},
      {"828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf",
       "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"}};
  for (const std::vector<std::string>& blocks : plain_and_huffman) {
    HpackDecoder decoder;
    EXPECT_THAT(
        Decode(decoder, Hex(blocks[0])).lines,
        ElementsAre(":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"));
    EXPECT_THAT(Decode(decoder, Hex(blocks[1])).lines,
                ElementsAre(":method: GET", ":scheme: http", ":path: /",
                            ":authority: www.example.com", "cache-control: no-cache"));
    EXPECT_THAT(Decode(decoder, Hex(blocks[2])).lines,
                ElementsAre(":method: GET", ":scheme: https", ":path: /index.html",
                            ":authority: www.example.com", "custom-key: custom-value"));
  }
}

TEST(HpackDecoder, RefusesWhatTheRfcCallsADecodingError) {
  const std::vector<std::string> malformed = {
      Hex("80"),                                   // index 0 (§6.1)
      Hex("be"),                                   // an index of an empty table (§2.3.3)
      hpack::TableSize(4097) + hpack::Indexed(2),  // more than the limit (§6.3)
      hpack::Indexed(2) + hpack::TableSize(0),     // behind a field (§4.2)
      std::string("\x00\x01"
                  "a\x81\x18",
                  5),  // Huffman padding of zeros (§5.2)
      std::string("\x00\x01"
                  "a\x82\x1f\xff",
                  6),  // more than 7 bits of padding
      std::string("\x00\x01"
                  "a\x84\xff\xff\xff\xff",
                  8),  // the end-of-string symbol
      std::string("\x00\x05"
                  "ab",
                  4),  // a string that is cut
  };
  for (const std::string& block : malformed) {
    HpackDecoder decoder;
    EXPECT_EQ(Decode(decoder, block).outcome, Outcome::kMalformed);
  }
  HpackDecoder decoder;
  EXPECT_THAT(Decode(decoder, std::string("\x00\x01"
                                          "a\x81\x1f",
                                          5))
                  .lines,
              ElementsAre("a: a"));
  EXPECT_EQ(Decode(decoder, hpack::TableSize(4096)).outcome, Outcome::kDone);
}

TEST(HpackDecoder, StopsWhenItsSinkHasEnough) {
  HpackDecoder decoder;
  Lines sink;
  sink.stop_at = 2;
  EXPECT_EQ(decoder.Decode(AsBytes(Hex("82868284")), sink), Outcome::kStopped);
  EXPECT_EQ(sink.lines.size(), 2u);
}

TEST(HpackDecoder, TakesAnEmptyBlock) {
  HpackDecoder decoder;
  EXPECT_EQ(Decode(decoder, "").outcome, Outcome::kDone);
}

// What the encoder says, as our decoder hears it. (The tests of the connection decode with
// nghttp2's own interface.)
class HpackEncoderTest : public ::testing::Test {
 protected:
  std::string Encode(const std::vector<OutputField>& fields) {
    Buffer block;
    encoder_.Encode(fields, &block);
    return std::string(AsText(block.view()));
  }
  std::vector<std::string> Hear(std::string_view block) {
    const Decoded decoded = Decode(decoder_, block);
    EXPECT_EQ(decoded.outcome, Outcome::kDone);
    return decoded.lines;
  }
  static HpackScan Scan(std::string_view block) { return ScanHpack(AsBytes(block)); }

  const OutputField status_{.name = "grpc-status", .value = "0", .indexed = true};
  HpackEncoder encoder_;
  HpackDecoder decoder_;
};

TEST_F(HpackEncoderTest, IndexesWhatItIsToldTo) {
  const std::string first = Encode({status_});
  EXPECT_TRUE(Scan(first).mutates_table);
  const std::string second = Encode({status_});
  EXPECT_EQ(second, hpack::Indexed(62));
  EXPECT_THAT(Hear(first), ElementsAre("grpc-status: 0"));
  EXPECT_THAT(Hear(second), ElementsAre("grpc-status: 0"));
}

TEST_F(HpackEncoderTest, LeavesOtherValuesOutOfTheTable) {
  for (int i = 0; i < 2; ++i) {
    const std::string block = Encode({{.name = "grpc-message", .value = "not found"}});
    EXPECT_FALSE(Scan(block).mutates_table);
    EXPECT_THAT(Hear(block), ElementsAre("grpc-message: not found"));
  }
}

TEST_F(HpackEncoderTest, UsesTheStaticTableForStatusInAnyCase) {
  EXPECT_EQ(Encode({{.name = ":status", .value = "200"}}), hpack::Indexed(8));
  EXPECT_EQ(Encode({{.name = ":status", .value = "404"}}), hpack::Indexed(13));
  const std::string other = Encode({{.name = ":status", .value = "415"}});
  EXPECT_FALSE(Scan(other).mutates_table);
  EXPECT_THAT(Hear(other), ElementsAre(":status: 415"));
}

TEST_F(HpackEncoderTest, EncodesMoreFieldsThanItHandsOverAtOnce) {
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
  EXPECT_EQ(Scan(Encode({status_})).size_updates, 0u);
}

TEST_F(HpackEncoderTest, UsesNoMoreThanFourKilobytesOfAPeersTable) {
  encoder_.SetPeerTableSize(0xffffffff);
  EXPECT_EQ(Scan(Encode({status_})).size_updates, 0u);
}

TEST_F(HpackEncoderTest, StartsAgainWithAnEmptyTableWhenItsMemoryWasReleased) {
  Hear(Encode({status_}));
  encoder_.Release();
  const std::string block = Encode({status_});
  EXPECT_TRUE(block.starts_with(hpack::TableSize(0) + hpack::TableSize(4096)));
  EXPECT_THAT(Hear(block), ElementsAre("grpc-status: 0"));
  EXPECT_EQ(Encode({status_}), hpack::Indexed(62));
}

TEST_F(HpackEncoderTest, SpeaksWithADecoderAtRandom) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    HpackEncoder encoder;
    HpackDecoder decoder;
    for (int block_number = 0; block_number < 50; ++block_number) {
      if (random() % 8 == 0) encoder.SetPeerTableSize(static_cast<uint32_t>(random() % 5000));
      if (random() % 8 == 0) encoder.Release();
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
      encoder.Encode(fields, &block);
      const Decoded decoded = Decode(decoder, AsText(block.view()));
      ASSERT_EQ(decoded.outcome, Outcome::kDone);
      ASSERT_EQ(decoded.lines, expected);
    }
  }
}

}  // namespace
}  // namespace weir::http2
