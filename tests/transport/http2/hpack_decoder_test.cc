#include "transport/http2/hpack_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing/frame_builder.h"
#include "tests/transport/http2/field_lines.h"

namespace weir::http2 {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
namespace hpack = weir::testing::hpack;
using Outcome = HpackDecoder::Outcome;

std::string Hex(std::string_view hex) {
  std::string octets;
  for (size_t i = 0; i < hex.size(); i += 2) {
    octets += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return octets;
}

Outcome OutcomeOf(std::string_view block) {
  HpackDecoder decoder;
  return Decode(decoder, block).result.outcome;
}

bool ChangesTable(std::string_view block) {
  HpackDecoder decoder;
  const DecodedBlock decoded = Decode(decoder, block);
  EXPECT_EQ(decoded.result.outcome, Outcome::kDone);
  return decoded.result.has_changed_table;
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

TEST(HpackDecoder, SaysWhetherABlockChangesTheTable) {
  EXPECT_FALSE(ChangesTable(""));
  EXPECT_FALSE(ChangesTable(hpack::Request("/a.B/C")));
  EXPECT_FALSE(ChangesTable(hpack::Literal("te", "trailers")));
  EXPECT_FALSE(
      ChangesTable("\x10\x01"
                   "a\x01"
                   "b"));  // never to be indexed
  EXPECT_TRUE(ChangesTable(hpack::Request("/") + hpack::Insert("a", "b")));
  EXPECT_TRUE(ChangesTable(hpack::TableSize(4096) + hpack::Request("/")));
  EXPECT_TRUE(ChangesTable(hpack::Insert("too large", std::string(5000, 'x'))));  // empties it
}

TEST(HpackDecoder, RefusesIndexesThatNameNothing) {
  EXPECT_EQ(OutcomeOf("\x80"), Outcome::kMalformed);
  EXPECT_EQ(OutcomeOf(hpack::Indexed(61)), Outcome::kDone);
  EXPECT_EQ(OutcomeOf(hpack::Indexed(62)), Outcome::kMalformed);
  EXPECT_EQ(OutcomeOf(hpack::Insert("a", "b") + hpack::Indexed(62)), Outcome::kDone);
  EXPECT_EQ(OutcomeOf(hpack::Insert("a", "b") + hpack::Indexed(63)), Outcome::kMalformed);
  EXPECT_EQ(OutcomeOf(hpack::Integer(0x40, 6, 62) + "\x01"
                                                    "x"),
            Outcome::kMalformed);
  EXPECT_EQ(OutcomeOf(hpack::Indexed(0xffffffff)), Outcome::kMalformed);
}

TEST(HpackDecoder, TakesSizeUpdatesOnlyInFrontAndUpToTheLimit) {
  EXPECT_EQ(OutcomeOf(hpack::TableSize(4096) + hpack::Indexed(2)), Outcome::kDone);
  EXPECT_EQ(OutcomeOf(hpack::TableSize(4097) + hpack::Indexed(2)), Outcome::kMalformed);
  EXPECT_EQ(OutcomeOf(hpack::Indexed(2) + hpack::TableSize(0)), Outcome::kMalformed);
  EXPECT_EQ(OutcomeOf(hpack::TableSize(0)), Outcome::kDone);
}

TEST(HpackDecoder, TakesTwoSizeUpdatesAndNoMore) {
  const std::string update = hpack::TableSize(0);
  EXPECT_EQ(OutcomeOf(update + update + hpack::Indexed(2)), Outcome::kDone);
  EXPECT_EQ(OutcomeOf(update + update + update + hpack::Indexed(2)), Outcome::kTooManySizeUpdates);
}

TEST(HpackDecoder, ASizeUpdateDropsEntries) {
  HpackDecoder decoder;
  Decode(decoder, hpack::Insert("a", "1") + hpack::Insert("b", "2"));
  EXPECT_THAT(Decode(decoder, hpack::TableSize(40) + hpack::Indexed(62)).lines,
              ElementsAre("b: 2"));
  EXPECT_EQ(Decode(decoder, hpack::Indexed(63)).result.outcome, Outcome::kMalformed);
}

TEST(HpackDecoder, RefusesABlockThatEndsTooEarly) {
  const std::string first = hpack::Literal("name", "value");
  const std::string whole = first + hpack::Insert("other", "thing");
  ASSERT_EQ(OutcomeOf(whole), Outcome::kDone);
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(OutcomeOf(whole.substr(0, size)),
              size == first.size() ? Outcome::kDone : Outcome::kMalformed)
        << size;
  }
}

TEST(HpackDecoder, RefusesStringsLongerThanTheBlock) {
  EXPECT_EQ(OutcomeOf(std::string("\x00\x7f\x81\xff\x03", 5)), Outcome::kMalformed);
  EXPECT_EQ(OutcomeOf(std::string("\x00\xff\x81\xff\x03", 5)), Outcome::kMalformed);
}

TEST(HpackDecoder, TakesIntegersOfFiveOctetsBehindThePrefixAndNoMore) {
  const std::string two("\xff\x80\x80\x80\x80\x00", 6);  // 127, in more octets than it needs
  EXPECT_EQ(OutcomeOf(hpack::Insert("a", "b") + two), Outcome::kMalformed);  // no such entry
  std::string inserts;
  for (int i = 0; i < 100; ++i) inserts += hpack::Insert("a", "b");
  EXPECT_EQ(OutcomeOf(inserts + two), Outcome::kDone);
  const std::string longer("\xff\x80\x80\x80\x80\x80\x00", 7);
  EXPECT_EQ(OutcomeOf(inserts + longer), Outcome::kMalformed);
  EXPECT_EQ(OutcomeOf("\x7f\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"), Outcome::kMalformed);
}

TEST(HpackDecoder, RefusesWrongHuffmanCoding) {
  EXPECT_EQ(OutcomeOf(std::string("\x00\x01"
                                  "a\x81\x18",
                                  5)),
            Outcome::kMalformed);
  EXPECT_EQ(OutcomeOf(std::string("\x00\x01"
                                  "a\x82\x1f\xff",
                                  6)),
            Outcome::kMalformed);
  EXPECT_EQ(OutcomeOf(std::string("\x00\x81\x18\x01"
                                  "a",
                                  5)),
            Outcome::kMalformed);
  HpackDecoder decoder;
  EXPECT_THAT(Decode(decoder, std::string("\x00\x01"
                                          "a\x81\x1f",
                                          5))
                  .lines,
              ElementsAre("a: a"));
}

TEST(HpackDecoder, DecodesLongHuffmanStrings) {
  // 'a' has the code 00011: eight of them are five octets.
  std::string coded;
  for (int i = 0; i < 1000; ++i) coded += Hex("18c6318c63");
  const std::string block = std::string("\x40", 1) + hpack::Integer(0x80, 7, coded.size()) + coded +
                            "\x01"
                            "v";
  HpackDecoder decoder;
  EXPECT_THAT(Decode(decoder, block).lines, ElementsAre(std::string(8000, 'a') + ": v"));
}

TEST(HpackDecoder, NameAndValueMayBothBeHuffmanCoded) {
  HpackDecoder decoder;
  const std::string block = Hex("408825a849e95ba97d7f8925a849e95bb8e8b4bf");
  EXPECT_THAT(Decode(decoder, block + block).lines,
              ElementsAre("custom-key: custom-value", "custom-key: custom-value"));
  EXPECT_THAT(Decode(decoder, hpack::Indexed(63)).lines, ElementsAre("custom-key: custom-value"));
}

TEST(HpackDecoder, StopsWhenItsSinkHasEnough) {
  HpackDecoder decoder;
  FieldLines sink;
  sink.stop_at = 2;
  EXPECT_EQ(decoder.Decode(AsBytes(Hex("82868284")), sink).outcome, Outcome::kStopped);
  EXPECT_EQ(sink.lines.size(), 2u);
}

TEST(HpackDecoder, TakesAnEmptyBlock) {
  HpackDecoder decoder;
  EXPECT_EQ(Decode(decoder, "").result.outcome, Outcome::kDone);
  EXPECT_THAT(Decode(decoder, "").lines, IsEmpty());
}

}  // namespace
}  // namespace weir::http2
