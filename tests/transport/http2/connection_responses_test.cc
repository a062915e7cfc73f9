// What the peer hears: field sections, DATA, trailers behind DATA, turns between streams.
#include <sys/uio.h>

#include <array>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "tests/transport/http2/connection_fixture.h"

namespace weir::http2 {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using ResponsesTest = ConnectionTest;
WEIR_AT_EVERY_SEGMENTATION(ResponsesTest);

std::string Text(size_t size) { return std::string(size, 'x'); }

bool Place(ScriptedPeer& peer, StreamId id, std::string_view text) {
  uint8_t* const place = peer.connection().PlaceData(peer.Key(id), text.size());
  if (place == nullptr) return false;
  std::memcpy(place, text.data(), text.size());
  return true;
}

TEST_P(ResponsesTest, AWholeResponse) {
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  EXPECT_TRUE(Place(peer, 1, "hello"));
  EXPECT_TRUE(Place(peer, 1, ""));
  peer.connection().SendData(peer.Key(1), BufferOf("world"));
  peer.connection().SendTrailers(peer.Key(1), kEndTemplate);
  peer.connection().ReleaseStream(peer.Key(1));
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 1 :status=200", "DATA 1 'hello'", "DATA 1 ''",
                                        "DATA 1 'world'", "HEADERS 1 end grpc-status=0"));
  EXPECT_EQ(peer.connection().open_streams(), 0u);
  EXPECT_EQ(peer.connection().buffered_bytes(), 0u);
}

TEST_P(ResponsesTest, AResponseOfOneSection) {
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1));
  peer.connection().SendTrailers(
      peer.Key(1), std::array<OutputField, 2>{{{.name = ":status", .value = "404"},
                                               {.name = "grpc-message", .value = "not here"}}});
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 1 end :status=404 grpc-message=not here"));
}

TEST_P(ResponsesTest, AnEarlyResponseResetsTheRestOfTheRequest) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + Data(1, "x"));
  Answer(peer, 1);
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 1 :status=200", "HEADERS 1 end grpc-status=0",
                                        "RST_STREAM 1 NO_ERROR"));
  peer.Events();
  // What was on its way is dropped, and the stream no longer counts.
  peer.Sends(Data(1, Text(100)) + LastData(1, "x"));
  EXPECT_THAT(peer.Events(), IsEmpty());
  EXPECT_THAT(peer.Hears(), IsEmpty());
  EXPECT_EQ(peer.connection().open_streams(), 0u);
}

TEST_P(ResponsesTest, TemplatesAreEncodedOnceAndThenCopied) {
  ScriptedPeer peer = Peer();
  for (StreamId id = 1; id < 201; id += 2) {
    peer.Sends(Request(id));
    Answer(peer, id);
    const std::string number = std::to_string(id);
    EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS " + number + " :status=200",
                                          "HEADERS " + number + " end grpc-status=0"));
  }
  EXPECT_LE(peer.counters().output_blocks_encoded, 4u);
  EXPECT_GE(peer.counters().output_templates_memoised, 196u);
}

TEST_P(ResponsesTest, TemplatesSurviveChangesOfThePeersTable) {
  ScriptedPeer peer = Peer();
  StreamId id = 1;
  for (const uint32_t size : {4096, 0, 100, 4096, 10, 0, 0xffffff}) {
    peer.Sends(Settings({{1, size}}));
    EXPECT_THAT(peer.Hears(), ElementsAre("SETTINGS ack"));
    for (int i = 0; i < 3; ++i, id += 2) {
      peer.Sends(Request(id));
      Answer(peer, id);
      EXPECT_EQ(peer.Hears().back(), "HEADERS " + std::to_string(id) + " end grpc-status=0");
    }
  }
}

TEST_P(ResponsesTest, ALargeSectionIsSplitAtThePeersFrameSize) {
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1) + Request(3));
  // Nothing to compress: '#' has a long Huffman code.
  const std::string value(40000, '#');
  const std::array<OutputField, 1> fields = {{{.name = "x", .value = value}}};
  peer.connection().SendHeaders(peer.Key(1), fields);
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 1 in 3 frames x=" + value));
  peer.Sends(Settings({{5, 50000}}));
  peer.Hears();
  peer.connection().SendTrailers(peer.Key(3), fields);
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 3 end x=" + value));
}

TEST_P(ResponsesTest, ThePeersHeaderListLimitIsKnownAbove) {
  ScriptedPeer peer = Peer();
  EXPECT_EQ(peer.connection().peer_header_list_size_max(), SIZE_MAX);
  peer.Sends(Settings({{6, 1234}}));
  EXPECT_EQ(peer.connection().peer_header_list_size_max(), 1234u);
}

// HPACK blocks must come in the order of their encoding: the second response is encoded first.
TEST_P(ResponsesTest, TrailersBehindDataAreEncodedWhenTheirTurnComes) {
  ScriptedPeer peer = Peer(Settings({{4, 0}}));
  peer.Sends(Request(1) + Request(3));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendData(peer.Key(1), BufferOf("waits"));
  std::string name = "first";
  peer.connection().SendTrailers(
      peer.Key(1), std::array<OutputField, 1>{{{.name = name, .value = "1", .indexed = true}}});
  name = "xxxxx";  // was copied
  peer.connection().SendTrailers(
      peer.Key(3), std::array<OutputField, 1>{{{.name = "second", .value = "2", .indexed = true}}});
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 1 :status=200", "HEADERS 3 end second=2"));
  peer.Sends(WindowUpdate(1, 5));
  EXPECT_THAT(peer.Hears(), ElementsAre("DATA 1 'waits'", "HEADERS 1 end first=1"));
  peer.Sends(Request(5));
  peer.connection().SendTrailers(
      peer.Key(5), std::array<OutputField, 2>{{{.name = "first", .value = "1", .indexed = true},
                                               {.name = "second", .value = "2", .indexed = true}}});
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 5 end first=1 second=2"));
}

TEST_P(ResponsesTest, AnEarlyResponseThatWaitsIsFollowedByTheResetWhenItIsOut) {
  ScriptedPeer peer = Peer(Settings({{4, 0}}));
  peer.Sends(OpenRequest(1));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendData(peer.Key(1), BufferOf("waits"));
  peer.connection().SendTrailers(peer.Key(1), kEndTemplate);
  peer.connection().ReleaseStream(peer.Key(1));
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 1 :status=200"));
  EXPECT_EQ(peer.connection().open_streams(), 1u);
  peer.Sends(WindowUpdate(1, 5));
  EXPECT_THAT(peer.Hears(), ElementsAre("DATA 1 'waits'", "HEADERS 1 end grpc-status=0",
                                        "RST_STREAM 1 NO_ERROR"));
  EXPECT_EQ(peer.connection().open_streams(), 0u);
}

TEST_P(ResponsesTest, StreamsTakeTurnsOfSixteenKilobytes) {
  ScriptedPeer peer = Peer(Settings({{4, 1 << 20}}));
  peer.Sends(WindowUpdate(0, 1 << 20) + Request(1) + Request(3) + Request(5));
  for (const StreamId id : {1u, 3u, 5u}) peer.connection().SendHeaders(peer.Key(id), kOkTemplate);
  peer.Hears();
  peer.connection().SendData(peer.Key(1), BufferOf(Text(40000)));
  peer.connection().SendData(peer.Key(3), BufferOf(Text(20000)));
  peer.connection().SendData(peer.Key(5), BufferOf("short"));
  for (const StreamId id : {1u, 3u, 5u}) peer.connection().SendTrailers(peer.Key(id), kEndTemplate);
  EXPECT_THAT(peer.Hears(), ElementsAre("DATA 1 [16384]", "DATA 3 [16384]", "DATA 5 'short'",
                                        "HEADERS 5 end grpc-status=0", "DATA 1 [16384]",
                                        "DATA 3 [3616]", "HEADERS 3 end grpc-status=0",
                                        "DATA 1 [7232]", "HEADERS 1 end grpc-status=0"));
}

TEST_P(ResponsesTest, PlacesAreGivenOnlyWhereNobodyWaits) {
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1) + Request(3));
  EXPECT_FALSE(Place(peer, 1, "before the headers"));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendHeaders(peer.Key(3), kOkTemplate);
  EXPECT_EQ(peer.connection().PlaceData(peer.Key(1), 16385), nullptr);
  EXPECT_TRUE(Place(peer, 1, Text(16384)));
  peer.connection().SendData(peer.Key(1), BufferOf("queued"));
  EXPECT_FALSE(Place(peer, 1, "overtakes itself"));
  EXPECT_FALSE(Place(peer, 3, "overtakes the other"));
  peer.Hears();
  EXPECT_TRUE(Place(peer, 3, "now"));
  peer.connection().SendTrailers(peer.Key(3), kEndTemplate);
  EXPECT_FALSE(Place(peer, 3, "behind the end"));
}

TEST_P(ResponsesTest, PlacesNeedBothWindows) {
  ScriptedPeer narrow_stream = Peer(Settings({{4, 5}}));
  narrow_stream.Sends(Request(1));
  narrow_stream.connection().SendHeaders(narrow_stream.Key(1), kOkTemplate);
  EXPECT_FALSE(Place(narrow_stream, 1, "sixsix"));
  EXPECT_TRUE(Place(narrow_stream, 1, "fives"));
  EXPECT_FALSE(Place(narrow_stream, 1, "x"));

  ScriptedPeer narrow_connection = Peer(Settings({{4, 100000}}));
  narrow_connection.Sends(Request(1));
  narrow_connection.connection().SendHeaders(narrow_connection.Key(1), kOkTemplate);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Place(narrow_connection, 1, Text(16384)));
  EXPECT_FALSE(Place(narrow_connection, 1, Text(16384)));
  EXPECT_TRUE(Place(narrow_connection, 1, Text(16383)));
}

TEST_P(ResponsesTest, PlacesStopAtTheBatchSize) {
  options_.output_batch_bytes = 1000;
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  EXPECT_TRUE(Place(peer, 1, Text(1000)));
  EXPECT_FALSE(Place(peer, 1, "x"));
  peer.Reads(500);
  EXPECT_TRUE(Place(peer, 1, "x"));
}

TEST_P(ResponsesTest, OutputIsFramedABatchAtATime) {
  options_.output_batch_bytes = 20000;
  ScriptedPeer peer = Peer(Settings({{4, 1 << 20}}));
  peer.Sends(WindowUpdate(0, 1 << 20) + Request(1));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendData(peer.Key(1), BufferOf(Text(100000)));
  std::array<iovec, 16> parts;
  const size_t count = peer.connection().Output(parts);
  size_t size = 0;
  for (size_t i = 0; i < count; ++i) size += parts[i].iov_len;
  EXPECT_GE(size, 20000u);
  EXPECT_LE(size, 20000u + 16384 + 9);
  EXPECT_GT(peer.connection().QueuedBytes(peer.Key(1)), 60000u);
  EXPECT_THAT(peer.Hears(), SizeIs(8));
}

size_t SizeOf(std::span<const iovec> parts) {
  size_t size = 0;
  for (const iovec& part : parts) size += part.iov_len;
  return size;
}

TEST_P(ResponsesTest, MoreThanABatchIsFramedOfWhatIsLent) {
  options_.output_batch_bytes = 20000;
  ScriptedPeer peer = Peer(Settings({{4, 1 << 20}}));
  peer.Sends(WindowUpdate(0, 1 << 20) + Request(1));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  Buffer large = BufferOf(Text(200000));
  const auto* const begin = large.data();
  peer.connection().SendData(peer.Key(1), std::move(large));
  std::array<iovec, 64> parts;
  const size_t count = peer.connection().Output(parts, /*lent_bytes_max=*/100000);
  EXPECT_GE(SizeOf(std::span(parts).first(count)), 100000u);
  EXPECT_LE(SizeOf(std::span(parts).first(count)), 100000u + 16384 + 9);
  EXPECT_EQ(parts[1].iov_base, begin);  // not a copy
  // Not while so much waits, whatever is asked for.
  const size_t size = SizeOf(std::span(parts).first(count));
  EXPECT_EQ(SizeOf(std::span(parts).first(peer.connection().Output(parts, 1 << 20))), size);
  EXPECT_THAT(peer.Hears(), SizeIs(14));  // HEADERS, and 200,000 octets in frames of 16 KiB
}

// The connection fuzzer found the buffer that is kept for a loan to be counted beside the loan.
TEST_P(ResponsesTest, OctetsThatAreLentCountOnce) {
  ScriptedPeer peer = Peer(Settings({{4, 1 << 20}}));
  peer.Sends(WindowUpdate(0, 1 << 20) + Request(1));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendData(peer.Key(1), BufferOf(Text(20000)));
  const size_t queued = peer.connection().buffered_bytes();
  std::array<iovec, 8> parts;
  peer.connection().Output(parts);
  EXPECT_EQ(peer.connection().QueuedBytes(peer.Key(1)), 0u);
  EXPECT_EQ(peer.connection().buffered_bytes(), queued + 2 * 9);  // two frame headers
}

// What the peer was promised by a frame header must come, though nobody needs the rest.
TEST_P(ResponsesTest, AResetLeavesWhatWasLentToTheEndOfItsFrames) {
  ScriptedPeer peer = Peer(Settings({{4, 1 << 20}}));
  peer.Sends(WindowUpdate(0, 1 << 20) + Request(1) + Request(3));
  for (const StreamId id : {1u, 3u}) {
    peer.connection().SendHeaders(peer.Key(id), kOkTemplate);
    peer.connection().SendData(peer.Key(id), BufferOf(Text(40000)));
  }
  peer.Reads(30000);
  peer.connection().ResetStream(peer.Key(1), ErrorCode::kCancel);
  peer.connection().CloseNow(ErrorCode::kNoError, "bye");
  EXPECT_THAT(peer.Hears(), Contains(HasSubstr("GOAWAY")));  // and parses all before it
  EXPECT_EQ(peer.connection().buffered_bytes(), 0u);
}

TEST_P(ResponsesTest, AFullStreamIsNotWritableUntilItHasDrained) {
  options_.stream_high_mark_bytes = 1000;
  options_.stream_low_mark_bytes = 100;
  ScriptedPeer peer = Peer(Settings({{4, 0}}));
  peer.Sends(Request(1));
  peer.Events();
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  EXPECT_TRUE(peer.connection().IsWritable(peer.Key(1)));
  peer.connection().SendData(peer.Key(1), BufferOf(Text(999)));
  EXPECT_TRUE(peer.connection().IsWritable(peer.Key(1)));
  peer.connection().SendData(peer.Key(1), BufferOf("x"));
  EXPECT_FALSE(peer.connection().IsWritable(peer.Key(1)));
  peer.Sends(WindowUpdate(1, 899));
  peer.Hears();
  EXPECT_FALSE(peer.connection().IsWritable(peer.Key(1)));
  EXPECT_THAT(peer.Events(), IsEmpty());
  peer.Sends(WindowUpdate(1, 1));
  peer.Hears();
  EXPECT_TRUE(peer.connection().IsWritable(peer.Key(1)));
  EXPECT_THAT(peer.Events(), ElementsAre("writable 1"));
}

TEST_P(ResponsesTest, AStreamThatIsEndingIsNeverWritableAgain) {
  options_.stream_high_mark_bytes = 10;
  options_.stream_low_mark_bytes = 5;
  ScriptedPeer peer = Peer(Settings({{4, 0}}));
  peer.Sends(Request(1));
  peer.Events();
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendData(peer.Key(1), BufferOf(Text(20)));
  peer.connection().SendTrailers(peer.Key(1), kEndTemplate);
  EXPECT_FALSE(peer.connection().IsWritable(peer.Key(1)));
  peer.connection().SendData(peer.Key(1), BufferOf("too late"));
  peer.Sends(WindowUpdate(1, 16));
  peer.Hears();
  EXPECT_THAT(peer.Events(), IsEmpty());
  peer.Sends(WindowUpdate(1, 100));
  EXPECT_THAT(peer.Hears(), ElementsAre("DATA 1 'xxxx'", "HEADERS 1 end grpc-status=0"));
}

TEST_P(ResponsesTest, AResetDropsWhatIsQueued) {
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1) + Request(3));
  for (const StreamId id : {1u, 3u}) {
    peer.connection().SendHeaders(peer.Key(id), kOkTemplate);
    peer.connection().SendData(peer.Key(id), BufferOf("hello"));
    peer.connection().SendTrailers(peer.Key(id), kEndTemplate);
  }
  peer.Events();
  peer.connection().ResetStream(peer.Key(1), ErrorCode::kInternalError);
  EXPECT_THAT(peer.Events(), IsEmpty());
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 1 :status=200", "HEADERS 3 :status=200",
                                        "RST_STREAM 1 INTERNAL_ERROR", "DATA 3 'hello'",
                                        "HEADERS 3 end grpc-status=0"));
  EXPECT_EQ(peer.connection().buffered_bytes(), 0u);
  EXPECT_EQ(peer.counters().streams_reset_by_us, 1u);
  peer.connection().ResetStream(peer.Key(1), ErrorCode::kCancel);  // over already
  EXPECT_THAT(peer.Hears(), IsEmpty());
}

TEST_P(ResponsesTest, AResetOfThePeerDropsWhatIsQueued) {
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendData(peer.Key(1), BufferOf("hello"));
  peer.connection().SendTrailers(peer.Key(1), kEndTemplate);
  peer.Sends(RstStream(1));
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 1 :status=200"));
  EXPECT_EQ(peer.connection().QueuedBytes(peer.Key(1)), 0u);
  EXPECT_EQ(peer.connection().buffered_bytes(), 0u);
}

TEST_P(ResponsesTest, AStreamThatIsReleasedWithoutAnEndIsReset) {
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendData(peer.Key(1), BufferOf("half a message"));
  peer.connection().ReleaseStream(peer.Key(1));
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 1 :status=200", "RST_STREAM 1 CANCEL"));
  EXPECT_EQ(peer.connection().open_streams(), 0u);
}

TEST_P(ResponsesTest, CommandsOnAStaleKeyDoNothing) {
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1));
  const StreamKey stale = peer.Key(1);
  Answer(peer, 1);
  peer.Hears();
  peer.Sends(Request(3));  // in the same slot
  EXPECT_NE(peer.Key(3), stale);
  EXPECT_EQ(peer.Key(3).index, stale.index);
  Connection& connection = peer.connection();
  connection.SendHeaders(stale, kOkTemplate);
  connection.SendHeaders(stale, kOkFields);
  connection.SendData(stale, BufferOf("x"));
  connection.SendTrailers(stale, kEndTemplate);
  connection.SendTrailers(stale, kEndFields);
  connection.ResetStream(stale, ErrorCode::kCancel);
  connection.ReleaseWindow(stale, 1000000);
  connection.ExtendWindow(stale, 1000000);
  connection.SetUser(stale, &connection);
  connection.ReleaseStream(stale);
  EXPECT_EQ(connection.PlaceData(stale, 1), nullptr);
  EXPECT_EQ(connection.QueuedBytes(stale), 0u);
  EXPECT_FALSE(connection.IsWritable(stale));
  EXPECT_FALSE(connection.IsWritable(StreamKey{}));
  EXPECT_THAT(peer.Hears(), IsEmpty());
  EXPECT_EQ(connection.open_streams(), 1u);
}

TEST_P(ResponsesTest, HeadersAreSentOnceAndTrailersOnce) {
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendTrailers(peer.Key(1), kEndTemplate);
  peer.connection().SendTrailers(peer.Key(1), kEndTemplate);
  peer.connection().SendData(peer.Key(1), BufferOf("x"));
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 1 :status=200", "HEADERS 1 end grpc-status=0"));
}

TEST_P(ResponsesTest, ASlowReaderHearsTheSame) {
  for (const size_t step : {1u, 7u, 1000u}) {
    ScriptedPeer peer = Peer();
    peer.Sends(Request(1));
    peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
    peer.connection().SendData(peer.Key(1), BufferOf(Text(20000)));
    for (int i = 0; i < 100; ++i) peer.Reads(step);
    peer.connection().SendTrailers(peer.Key(1), kEndTemplate);
    EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 1 :status=200", "DATA 1 [16384]",
                                          "DATA 1 [3616]", "HEADERS 1 end grpc-status=0"));
  }
}

}  // namespace
}  // namespace weir::http2
