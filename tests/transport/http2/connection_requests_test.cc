// What reaches the layer above when a peer behaves: requests, bodies, trailers, resets.
#include <string>

#include "tests/transport/http2/connection_fixture.h"

namespace weir::http2 {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using RequestsTest = ConnectionTest;
WEIR_AT_EVERY_SEGMENTATION(RequestsTest);

TEST_P(RequestsTest, OurPrefaceComesFirstAndUnasked) {
  ScriptedPeer peer(GetParam());
  EXPECT_THAT(peer.Hears(),
              ElementsAre("SETTINGS 3=100 4=65535 5=16384 6=16384 9=1", "WINDOW_UPDATE 0 +983041"));
  peer.Sends(std::string(kPreface) + Settings({{4, 100}}));
  EXPECT_THAT(peer.Hears(), ElementsAre("SETTINGS ack"));
  EXPECT_THAT(peer.Events(), IsEmpty());
}

TEST_P(RequestsTest, ARequestWithoutABody) {
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1));
  EXPECT_THAT(peer.Events(), ElementsAre("request 1 POST /a.B/C", "end 1"));
  EXPECT_EQ(peer.Fields(1).authority(), "localhost");
  EXPECT_EQ(peer.Fields(1).scheme(), "http");
  EXPECT_EQ(peer.connection().open_streams(), 1u);
  EXPECT_EQ(peer.counters().streams_opened, 1u);
}

TEST_P(RequestsTest, ABodyInSeveralFrames) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + Data(1, "hello ") + Data(1, "world") + LastData(1, ""));
  EXPECT_THAT(peer.Events(), ElementsAre("request 1 POST /a.B/C", "data 1 'hello world'", "end 1"));
}

TEST_P(RequestsTest, BodiesOfSeveralStreamsInterleaved) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + OpenRequest(5) + Data(5, "b") + LastData(1, "a") + LastData(5, "c"));
  EXPECT_THAT(peer.Events(),
              ElementsAre("request 1 POST /a.B/C", "request 5 POST /a.B/C", "data 5 'b'",
                          "data 1 'a'", "end 1", "data 5 'c'", "end 5"));
}

TEST_P(RequestsTest, PaddingIsNotData) {
  ScriptedPeer peer = Peer();
  peer.Sends(std::string(Headers(1).Post("/a.B/C").Padding(9)) + PaddedData(1, "abc", 5, false) +
             PaddedData(1, "", 5, false) + PaddedData(1, "def", 255, true));
  EXPECT_THAT(peer.Events(), ElementsAre("request 1 POST /a.B/C", "data 1 'abcdef'", "end 1"));
}

TEST_P(RequestsTest, TrailersEndTheStream) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + Data(1, "x") +
             std::string(Headers(1).Field("checksum", "7").EndStream()));
  EXPECT_THAT(peer.Events(),
              ElementsAre("request 1 POST /a.B/C", "data 1 'x'", "trailers 1 checksum=7", "end 1"));
}

TEST_P(RequestsTest, AHeaderBlockInSeveralFrames) {
  ScriptedPeer peer = Peer();
  const std::string block = hpack::Request("/a.B/C") + hpack::Literal("x", std::string(100, 'v'));
  peer.Sends(std::string(Headers(1).Block(block.substr(0, 5)).EndStream().Unfinished()) +
             Continuation(1, block.substr(5, 20), false) + Continuation(1, "", false) +
             Continuation(1, block.substr(25), true) + Request(3));
  EXPECT_THAT(peer.Events(),
              ElementsAre("request 1 POST /a.B/C", "end 1", "request 3 POST /a.B/C", "end 3"));
  EXPECT_EQ(peer.Fields(1).Find("x"), std::string(100, 'v'));
  EXPECT_EQ(peer.connection().buffered_bytes(), 0u);
}

TEST_P(RequestsTest, APeersDynamicTableIsFollowed) {
  ScriptedPeer peer = Peer();
  const std::string insert = hpack::Request("/a.B/C") + hpack::Insert("user-agent", "tester");
  peer.Sends(Headers(1).Block(insert).EndStream());
  for (StreamId id = 3; id <= 9; id += 2) {
    peer.Sends(Headers(id).Block(hpack::Request("/a.B/C") + hpack::Indexed(62)).EndStream());
    EXPECT_EQ(peer.Fields(id).Find("user-agent"), "tester");
  }
  EXPECT_EQ(peer.counters().header_blocks_decoded, 2u);
  EXPECT_EQ(peer.counters().header_blocks_memoised, 3u);
}

TEST_P(RequestsTest, RepeatedRequestsShareOneSectionAndItsAttachment) {
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1) + Request(3));
  EXPECT_EQ(&peer.Fields(1), &peer.Fields(3));
  peer.Sends(Headers(5).Post("/other").EndStream());
  EXPECT_NE(&peer.Fields(1), &peer.Fields(5));
}

TEST_P(RequestsTest, PrioritiesAreIgnored) {
  ScriptedPeer peer = Peer();
  peer.Sends(Priority(3, 1) + std::string(Headers(1).Post("/a.B/C").DependsOn(7).EndStream()) +
             Priority(1, 0) + Priority(2, 1) + Priority(0x7fffffff, 1));
  EXPECT_THAT(peer.Events(), ElementsAre("request 1 POST /a.B/C", "end 1"));
  EXPECT_THAT(peer.Hears(), IsEmpty());
}

TEST_P(RequestsTest, UnknownFramesFlagsSettingsAndReservedBitsAreIgnored) {
  ScriptedPeer peer = Peer();
  peer.Sends(RawFrame(frame_type::kUnknown, 0xff, 0, "???") +
             RawFrame(frame_type::kUnknown, 0, 77, "") +
             RawFrame(frame_type::kPing, 0xfe, 0x80000000, Octets(5, 8)) + Settings({{0xff, 1}}) +
             RawFrame(frame_type::kHeaders, 0x12 | 5, 1, hpack::Request("/a.B/C")));
  EXPECT_THAT(peer.Events(), ElementsAre("request 1 POST /a.B/C", "end 1"));
  EXPECT_THAT(peer.Hears(), ElementsAre("PING ack 5", "SETTINGS ack"));
}

TEST_P(RequestsTest, AContentLengthThatIsRight) {
  ScriptedPeer peer = Peer();
  peer.Sends(std::string(Headers(1).Post("/a.B/C").Field("content-length", "5")) + Data(1, "ab") +
             PaddedData(1, "cde", 10, true) +
             std::string(Headers(3).Post("/a.B/C").Field("content-length", "0").EndStream()) +
             std::string(Headers(5).Post("/a.B/C").Field("content-length", "1")) + Data(5, "x") +
             std::string(Headers(5).Field("t", "").EndStream()));
  EXPECT_THAT(peer.Events(), ElementsAre("request 1 POST /a.B/C", "data 1 'abcde'", "end 1",
                                         "request 3 POST /a.B/C", "end 3", "request 5 POST /a.B/C",
                                         "data 5 'x'", "trailers 5 t=", "end 5"));
}

TEST_P(RequestsTest, AResetByThePeerEndsBothHalves) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + Data(1, "x") + RstStream(1, ErrorCode::kCancel));
  EXPECT_THAT(peer.Events(),
              ElementsAre("request 1 POST /a.B/C", "data 1 'x'", "reset 1 by peer CANCEL"));
  Answer(peer, 1);
  EXPECT_THAT(peer.Hears(), IsEmpty());
  EXPECT_EQ(peer.connection().open_streams(), 0u);
  EXPECT_EQ(peer.counters().streams_reset_by_peer, 1u);
}

TEST_P(RequestsTest, AResetBehindTheEndOfTheRequestCancelsIt) {
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1) + RstStream(1, static_cast<ErrorCode>(0xfffff)));
  EXPECT_THAT(peer.Events(),
              ElementsAre("request 1 POST /a.B/C", "end 1", "reset 1 by peer UNKNOWN"));
}

TEST_P(RequestsTest, AStreamThatWasResetIsCountedUntilItIsReleased) {
  options_.max_concurrent_streams = 1;
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1) + RstStream(1));
  EXPECT_EQ(peer.connection().open_streams(), 1u);
  peer.Sends(Request(3));
  EXPECT_THAT(peer.Hears(), ElementsAre("RST_STREAM 3 REFUSED_STREAM"));
  peer.connection().ReleaseStream(peer.Key(1));
  EXPECT_EQ(peer.connection().open_streams(), 0u);
  peer.Events();
  peer.Sends(Request(5));
  EXPECT_THAT(peer.Events(), ElementsAre("request 5 POST /a.B/C", "end 5"));
}

TEST_P(RequestsTest, EventsCarryWhatTheLayerAboveAttached) {
  ScriptedPeer peer = Peer();
  int mine = 0;
  std::vector<void*> users;
  peer.on_event = [&](const Event& event) {
    users.push_back(event.user);
    if (event.kind == Event::Kind::kRequestStarted) {
      peer.connection().SetUser(event.stream, &mine);
    }
  };
  peer.Sends(OpenRequest(1));
  peer.Sends(RstStream(1));
  EXPECT_THAT(users, ElementsAre(nullptr, &mine));
}

TEST_P(RequestsTest, AReleasedStreamTellsNothingMore) {
  ScriptedPeer peer = Peer(Settings({{4, 0}}));
  peer.Sends(OpenRequest(1));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendData(peer.Key(1), BufferOf("waits for a window"));
  peer.connection().SendTrailers(peer.Key(1), kEndTemplate);
  peer.connection().ReleaseStream(peer.Key(1));
  peer.Events();
  peer.Sends(Data(1, "x") + std::string(Headers(1).Field("a", "b").EndStream()));
  EXPECT_THAT(peer.Events(), IsEmpty());
  peer.Sends(WindowUpdate(1, 100));
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 1 :status=200", "DATA 1 'waits for a window'",
                                        "HEADERS 1 end grpc-status=0"));
  EXPECT_EQ(peer.connection().open_streams(), 0u);
}

TEST_P(RequestsTest, AReleaseBetweenTwoEventsSuppressesTheSecond) {
  ScriptedPeer peer = Peer();
  peer.on_event = [&](const Event& event) {
    if (event.kind == Event::Kind::kRequestStarted) Answer(peer, event.stream_id);
  };
  peer.Sends(Request(1) + Request(3));
  EXPECT_THAT(peer.Events(), ElementsAre("request 1 POST /a.B/C", "request 3 POST /a.B/C"));
}

TEST_P(RequestsTest, PingsAreAnsweredAndOursAreReported) {
  ScriptedPeer peer = Peer();
  peer.Sends(Ping(0x0102030405060708));
  EXPECT_THAT(peer.Hears(), ElementsAre("PING ack 72623859790382856"));
  peer.connection().Ping(42);
  EXPECT_THAT(peer.Hears(), ElementsAre("PING 42"));
  peer.Sends(PingAck(42));
  EXPECT_THAT(peer.Events(), ElementsAre("ping acked 42"));
  peer.Sends(PingAck(42));  // unsolicited
  EXPECT_THAT(peer.Events(), IsEmpty());
  EXPECT_THAT(peer.Hears(), IsEmpty());
}

TEST_P(RequestsTest, AGoAwayOfThePeerIsReportedOnceAndStreamsGoOn) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + GoAway(0, static_cast<ErrorCode>(0x77), "bye") +
             GoAway(0, ErrorCode::kNoError) + LastData(1, "x"));
  EXPECT_THAT(peer.Events(),
              ElementsAre("request 1 POST /a.B/C", "going away UNKNOWN", "data 1 'x'", "end 1"));
  Answer(peer, 1);
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 1 :status=200", "HEADERS 1 end grpc-status=0"));
}

TEST_P(RequestsTest, AnOverlargeSectionArrivesMarked) {
  options_.header_list_size_max = 300;
  ScriptedPeer peer = Peer();
  peer.Sends(Headers(1).Post("/a.B/C").Field("x", std::string(200, 'v')).EndStream());
  EXPECT_THAT(peer.Events(), ElementsAre("request 1 POST /a.B/C over limit", "end 1"));
}

TEST_P(RequestsTest, StreamIdentifiersMayBeSkippedAndUsedUpToTheLast) {
  ScriptedPeer peer = Peer();
  peer.Sends(Request(0x7fffffff));
  EXPECT_THAT(peer.Events(), ElementsAre("request 2147483647 POST /a.B/C", "end 2147483647"));
}

// gRPC C++ resets calls that it never began, when their deadline comes before their HEADERS leave.
TEST_P(RequestsTest, AResetOfTheNextStreamDoesNoHarmOnceThereWasOne) {
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1) + RstStream(5) + Request(3) + Request(5) + Request(7));
  EXPECT_FALSE(peer.connection().has_failed());
  EXPECT_EQ(peer.counters().streams_opened, 4u);
  EXPECT_EQ(peer.counters().streams_reset_by_peer, 0u);
}

}  // namespace
}  // namespace weir::http2
