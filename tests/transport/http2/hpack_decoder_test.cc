#include "transport/http2/hpack_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing/frame_builder.h"
#include "tests/transport/http2/hpack_decoded.h"

namespace weir::http2 {
namespace {

using ::testing::ElementsAre;
namespace hpack = weir::testing::hpack;
using Outcome = HpackDecoder::Outcome;

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

TEST(HpackDecoder, ABlockOfIndexedFieldsAndPlainLiteralsChangesNothing) {
  HpackDecoder decoder;
  ASSERT_EQ(Decode(decoder, hpack::Insert("a", "b")).outcome, Outcome::kDone);
  const uint64_t generation = decoder.generation();
  for (const std::string& block : {std::string(), hpack::Request("/a.B/C"), hpack::Indexed(62),
                                   hpack::Literal("te", "trailers"),
                                   std::string("\x10\x01"
                                               "a\x01"
                                               "b"),
                                   std::string("\x0f\x10\x01"
                                               "b")}) {
    EXPECT_EQ(Decode(decoder, block).outcome, Outcome::kDone);
    EXPECT_EQ(decoder.generation(), generation);
  }
}

TEST(HpackDecoder, InsertionsAndSizeUpdatesMakeAnotherGeneration) {
  HpackDecoder decoder;
  uint64_t generation = decoder.generation();
  for (const std::string& block :
       {hpack::Request("/") + hpack::Insert("a", "b"),
        std::string("\x7e\x01"
                    "b"),
        hpack::TableSize(4096) + hpack::Indexed(2), hpack::Insert("a", std::string(5000, 'x'))}) {
    EXPECT_EQ(Decode(decoder, block).outcome, Outcome::kDone);
    EXPECT_GT(decoder.generation(), generation);
    generation = decoder.generation();
  }
}

TEST(HpackDecoder, RefusesABlockThatEndsTooEarly) {
  const std::string first = hpack::Literal("name", "value");
  const std::string whole = first + hpack::Insert("other", "thing") + hpack::Indexed(62);
  for (size_t size = 1; size < whole.size() - 1; ++size) {
    HpackDecoder decoder;
    EXPECT_EQ(Decode(decoder, whole.substr(0, size)).outcome,
              size == first.size() ? Outcome::kDone : Outcome::kMalformed)
        << size;
  }
}

TEST(HpackDecoder, RefusesStringsLongerThanTheBlock) {
  for (const std::string& block : {std::string("\x00\x7f\x81\xff\x03", 5),  // 65,536
                                   std::string("\x00\xff\x81\xff\x03", 5),  // with Huffman
                                   std::string("\x00\x02"
                                               "a\x00",
                                               4)}) {
    HpackDecoder decoder;
    EXPECT_EQ(Decode(decoder, block).outcome, Outcome::kMalformed);
  }
}

TEST(HpackDecoder, TakesIntegersOfFiveOctetsBehindThePrefixAndNoMore) {
  // The name's length is 1 in both; the other has zeros behind it.
  const std::string legal("\x00\x01\x61\x7f\x82\x80\x80\x80\x00", 9);
  HpackDecoder decoder;
  EXPECT_THAT(Decode(decoder, legal + std::string(129, 'v')).lines,
              ElementsAre("a: " + std::string(129, 'v')));
  const std::string illegal("\x00\x01\x61\x7f\x82\x80\x80\x80\x80\x00", 10);
  EXPECT_EQ(Decode(decoder, illegal + std::string(129, 'v')).outcome, Outcome::kMalformed);
  EXPECT_EQ(Decode(decoder, std::string(20, '\xff')).outcome, Outcome::kMalformed);
}

// RFC 7541 §4.2: the smallest size, then the last one.
TEST(HpackDecoder, TakesTwoSizeUpdatesAtTheStartOfABlock) {
  HpackDecoder decoder;
  ASSERT_EQ(Decode(decoder, hpack::Insert("a", "b")).outcome, Outcome::kDone);
  EXPECT_EQ(Decode(decoder, hpack::TableSize(0) + hpack::TableSize(4096)).outcome, Outcome::kDone);
  EXPECT_EQ(Decode(decoder, hpack::Indexed(62)).outcome, Outcome::kMalformed);
  HpackDecoder other;
  EXPECT_EQ(Decode(other, std::string(3, '\x20') + hpack::Indexed(2)).outcome,
            Outcome::kTooManySizeUpdates);
}

TEST(HpackDecoder, TakesStringsOfAnyLength) {
  HpackDecoder decoder;
  for (const size_t size : {511u, 512u, 513u, 20000u}) {
    const std::string value(size, 'v');
    EXPECT_THAT(Decode(decoder, hpack::Literal("a", value)).lines, ElementsAre("a: " + value));
    // 'a' is 00011.
    std::string coded;
    for (size_t i = 0; i < size; ++i) coded += std::string("\x18\xc6\x31\x8c\x63", 5);
    const std::string block =
        std::string("\x00\x01z", 3) + hpack::Integer(0x80, 7, coded.size()) + coded;
    EXPECT_THAT(Decode(decoder, block).lines, ElementsAre("z: " + std::string(8 * size, 'a')));
  }
}

TEST(HpackDecoder, NamesMayBeOfTheEntryThatMakesRoomForThem) {
  HpackDecoder decoder;
  const std::string name(2000, 'n');
  ASSERT_EQ(Decode(decoder, hpack::Insert(name, std::string(2000, 'v'))).outcome, Outcome::kDone);
  // A literal with the name of entry 62, and a value before which that entry has to go.
  const std::string block =
      hpack::Integer(0x40, 6, 62) + hpack::Integer(0, 7, 2000) + std::string(2000, 'w');
  EXPECT_THAT(Decode(decoder, block).lines, ElementsAre(name + ": " + std::string(2000, 'w')));
  EXPECT_THAT(Decode(decoder, hpack::Indexed(62)).lines,
              ElementsAre(name + ": " + std::string(2000, 'w')));
  EXPECT_EQ(Decode(decoder, hpack::Indexed(63)).outcome, Outcome::kMalformed);
}

}  // namespace
}  // namespace weir::http2
