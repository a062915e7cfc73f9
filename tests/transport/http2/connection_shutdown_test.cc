// How a connection ends: gracefully in two steps, at once, or by a failure on the way.
#include <chrono>
#include <string>

#include "tests/transport/http2/connection_fixture.h"

namespace weir::http2 {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using ShutdownTest = ConnectionTest;
WEIR_AT_EVERY_SEGMENTATION(ShutdownTest);

// The payload of the PING between the two GOAWAYs; the peer only has to send it back.
uint64_t HearsAnnouncement(ScriptedPeer& peer) {
  const std::vector<std::string> heard = peer.Hears();
  EXPECT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[0], "GOAWAY 2147483647 NO_ERROR 'graceful_stop'");
  EXPECT_TRUE(heard[1].starts_with("PING "));
  return std::stoull(heard[1].substr(5));
}

TEST_P(ShutdownTest, ADrainEndsWhenItsLastStreamDoes) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(5));
  EXPECT_FALSE(peer.connection().is_draining());
  peer.connection().BeginDrain("graceful_stop");
  EXPECT_TRUE(peer.connection().is_draining());
  const uint64_t ping = HearsAnnouncement(peer);
  EXPECT_FALSE(peer.connection().IsFinished());
  peer.Sends(PingAck(ping));
  EXPECT_THAT(peer.Hears(), ElementsAre("GOAWAY 5 NO_ERROR 'graceful_stop'"));
  EXPECT_FALSE(peer.connection().IsFinished());
  peer.Sends(LastData(5, "x"));
  EXPECT_THAT(peer.Events(), ElementsAre("request 5 POST /a.B/C", "data 5 'x'", "end 5"));
  Answer(peer, 5);
  EXPECT_FALSE(peer.connection().IsFinished());  // not before it is written
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 5 :status=200", "HEADERS 5 end grpc-status=0"));
  EXPECT_TRUE(peer.connection().IsFinished());
  EXPECT_FALSE(peer.connection().has_failed());
}

TEST_P(ShutdownTest, StreamsBetweenTheTwoGoAwaysAreAccepted) {
  ScriptedPeer peer = Peer();
  peer.connection().BeginDrain("graceful_stop");
  const uint64_t ping = HearsAnnouncement(peer);
  peer.Sends(Request(7) + PingAck(ping));
  EXPECT_THAT(peer.Events(), ElementsAre("request 7 POST /a.B/C", "end 7"));
  EXPECT_THAT(peer.Hears(), ElementsAre("GOAWAY 7 NO_ERROR 'graceful_stop'"));
}

TEST_P(ShutdownTest, StreamsBehindTheFinalGoAwayAreIgnoredAndTheirStateIsKept) {
  options_.connection_window = 65535;
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1));
  peer.connection().BeginDrain("graceful_stop");
  peer.Sends(PingAck(HearsAnnouncement(peer)));
  peer.Hears();
  peer.Events();
  // Compression goes on, the connection's window is given back, and nothing else happens; not even
  // a malformed request is worth a word.
  peer.Sends(
      std::string(Headers(3).Block(hpack::Request("/") + hpack::Insert("a", "1")).Unfinished()) +
      Continuation(3, hpack::Insert("b", "2"), true) + Data(3, std::string(16384, 'x')) +
      Data(3, std::string(16384, 'x')) + WindowUpdate(3, 5) + RstStream(3) + Data(3, "") +
      std::string(Headers(3).Field("BAD", "")) + std::string(Headers(5).Field("BAD", "")));
  EXPECT_THAT(peer.Events(), IsEmpty());
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 0 +32768"));
  // The stream below the limit still has the table.
  peer.Sends(Headers(1).Block(hpack::Indexed(62) + hpack::Indexed(63)).EndStream());
  EXPECT_THAT(peer.Events(), ElementsAre("trailers 1 b=2 a=1", "end 1"));
}

TEST_P(ShutdownTest, AHeaderBlockThatIsHalfThereAtTheFinalGoAwayIsIgnored) {
  ScriptedPeer peer = Peer();
  peer.connection().BeginDrain("graceful_stop");
  HearsAnnouncement(peer);
  peer.Sends(Headers(1).Post("/a.B/C").EndStream().Unfinished());
  peer.Passes(5s);
  EXPECT_THAT(peer.Hears(), ElementsAre("GOAWAY 0 NO_ERROR 'graceful_stop'"));
  peer.Sends(Continuation(1, "", true));
  EXPECT_THAT(peer.Events(), IsEmpty());
  EXPECT_TRUE(peer.connection().IsFinished());
}

TEST_P(ShutdownTest, WithoutAnAnswerTheFinalGoAwayComesAfterItsTime) {
  ScriptedPeer peer = Peer();
  peer.Passes(1h);  // the connection has not been told of any of it
  peer.connection().BeginDrain("graceful_stop");
  HearsAnnouncement(peer);
  peer.Passes(5s - 1ns);
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Passes(1ns);
  EXPECT_THAT(peer.Hears(), ElementsAre("GOAWAY 0 NO_ERROR 'graceful_stop'"));
  EXPECT_TRUE(peer.connection().IsFinished());
}

TEST_P(ShutdownTest, BeginningTwiceAndAnsweringTwiceChangesNothing) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1));
  peer.connection().BeginDrain("graceful_stop");
  peer.connection().BeginDrain("again");
  const uint64_t ping = HearsAnnouncement(peer);
  peer.Sends(PingAck(ping) + PingAck(ping));
  EXPECT_THAT(peer.Hears(), ElementsAre("GOAWAY 1 NO_ERROR 'graceful_stop'"));
  peer.connection().BeginDrain("again");
  peer.Passes(1h);
  EXPECT_THAT(peer.Hears(), IsEmpty());
  EXPECT_THAT(peer.Events(), ElementsAre("request 1 POST /a.B/C"));
}

TEST_P(ShutdownTest, AnotherPingDoesNotConfirmADrain) {
  ScriptedPeer peer = Peer();
  peer.connection().Ping(1);
  peer.connection().BeginDrain("graceful_stop");
  peer.Hears();
  peer.Sends(PingAck(1));
  EXPECT_THAT(peer.Events(), ElementsAre("ping acked 1"));
  EXPECT_THAT(peer.Hears(), IsEmpty());
}

TEST_P(ShutdownTest, AResponseThatWaitsForAWindowHoldsTheConnectionOpen) {
  ScriptedPeer peer = Peer(Settings({{4, 0}}));
  peer.Sends(Request(1));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendData(peer.Key(1), BufferOf("waits"));
  peer.connection().SendTrailers(peer.Key(1), kEndTemplate);
  peer.connection().ReleaseStream(peer.Key(1));
  peer.connection().BeginDrain("graceful_stop");
  peer.Passes(5s);
  peer.Hears();
  EXPECT_FALSE(peer.connection().IsFinished());
  peer.Sends(WindowUpdate(1, 5));
  EXPECT_FALSE(peer.connection().IsFinished());
  EXPECT_THAT(peer.Hears(), ElementsAre("DATA 1 'waits'", "HEADERS 1 end grpc-status=0"));
  EXPECT_TRUE(peer.connection().IsFinished());
}

TEST_P(ShutdownTest, ADrainMayBeginBeforeThePeerHasSaidAnything) {
  ScriptedPeer peer(GetParam());
  peer.connection().BeginDrain("graceful_stop");
  const std::vector<std::string> heard = peer.Hears();
  ASSERT_EQ(heard.size(), 4u);
  EXPECT_TRUE(heard[0].starts_with("SETTINGS "));
  EXPECT_EQ(heard[2], "GOAWAY 2147483647 NO_ERROR 'graceful_stop'");
}

TEST_P(ShutdownTest, ClosingSaysGoodbyeAndNothingElse) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(3));
  peer.connection().SendHeaders(peer.Key(3), kOkTemplate);
  peer.connection().SendData(peer.Key(3), BufferOf("dropped"));
  peer.Events();
  peer.connection().CloseNow(ErrorCode::kCancel, "server stopped");
  peer.connection().CloseNow(ErrorCode::kNoError, "again");
  EXPECT_FALSE(peer.connection().IsFinished());
  EXPECT_FALSE(peer.connection().WantsInput());
  EXPECT_THAT(peer.Hears(),
              ElementsAre("HEADERS 3 :status=200", "GOAWAY 3 CANCEL 'server stopped'"));
  EXPECT_TRUE(peer.connection().IsFinished());
  EXPECT_FALSE(peer.connection().has_failed());
  peer.Sends(Data(3, "x") + Request(5) + "nonsense");
  EXPECT_THAT(peer.Events(), IsEmpty());
  EXPECT_THAT(peer.Hears(), IsEmpty());
  EXPECT_EQ(peer.connection().NextDeadline(), kNever);
}

TEST_P(ShutdownTest, ClosingBetweenTwoEventsOfOneReadStopsTheSecond) {
  ScriptedPeer peer = Peer();
  peer.on_event = [&](const Event&) { peer.connection().CloseNow(ErrorCode::kNoError, ""); };
  peer.Sends(Request(1) + Request(3));
  EXPECT_THAT(peer.Events(), ElementsAre("request 1 POST /a.B/C"));
}

TEST_P(ShutdownTest, ClosingEndsADrain) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1));
  peer.connection().BeginDrain("graceful_stop");
  HearsAnnouncement(peer);
  peer.connection().CloseNow(ErrorCode::kNoError, "grace over");
  EXPECT_THAT(peer.Hears(), ElementsAre("GOAWAY 1 NO_ERROR 'grace over'"));
  EXPECT_TRUE(peer.connection().IsFinished());
}

// The identifier never grows from one GOAWAY to the next, and an error supersedes the calm end
// (CVE-2022-27664).
TEST_P(ShutdownTest, AFailureEndsADrain) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1));
  peer.connection().BeginDrain("graceful_stop");
  peer.Sends(PingAck(HearsAnnouncement(peer)) + Request(3) + Data(0, "x"));
  EXPECT_THAT(peer.Hears(), ElementsAre("GOAWAY 1 NO_ERROR 'graceful_stop'",
                                        "GOAWAY 1 PROTOCOL_ERROR 'data_on_connection'"));
  EXPECT_TRUE(peer.connection().IsFinished());
}

TEST_P(ShutdownTest, GoAwayLeavesBehindABlockedOutput) {
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendData(peer.Key(1), BufferOf("hello"));
  peer.Reads(5);
  peer.connection().CloseNow(ErrorCode::kNoError, "");
  EXPECT_FALSE(peer.connection().IsFinished());
  EXPECT_THAT(peer.Hears(),
              ElementsAre("HEADERS 1 :status=200", "DATA 1 'hello'", "GOAWAY 1 NO_ERROR ''"));
}

}  // namespace
}  // namespace weir::http2
