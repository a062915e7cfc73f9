// What a connection still knows when it has slept. (ScriptedPeer lets it fall dormant, and wakes it
// up, whenever that is possible.)
#include <chrono>
#include <string>
#include <string_view>

#include "tests/transport/http2/connection_fixture.h"

namespace weir::http2 {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Dormant : public ConnectionTest {
 protected:
  static void Sleep(ScriptedPeer& peer) {
    const uint64_t before = peer.counters().dormancies;
    peer.Passes(10s);
    EXPECT_EQ(peer.counters().dormancies, before + 1);
    EXPECT_THAT(peer.Hears(), IsEmpty());
    EXPECT_THAT(peer.Events(), IsEmpty());
  }
  static void Call(ScriptedPeer& peer, StreamId id) {
    peer.Sends(Request(id));
    Answer(peer, id);
    peer.Hears();
    peer.Events();
  }
};

TEST_P(Dormant, KnowsTheFieldsThatThePeerHasIndexed) {
  ScriptedPeer peer = Peer();
  peer.Sends(Headers(1)
                 .Block(hpack::Request("/a.B/C") + hpack::Insert("user-agent", "tester"))
                 .EndStream());
  Answer(peer, 1);
  peer.Hears();
  peer.Events();
  Sleep(peer);
  peer.Sends(Headers(3).Block(hpack::Request("/a.B/C") + hpack::Indexed(62)).EndStream());
  EXPECT_THAT(peer.Events(), ElementsAre("request 3 POST /a.B/C", "end 3"));
  EXPECT_EQ(peer.Fields(3).Find("user-agent"), "tester");
}

// The reader of the output has a table of its own, and would see other fields.
TEST_P(Dormant, KnowsTheFieldsThatItHasIndexedItself) {
  ScriptedPeer peer = Peer();
  Call(peer, 1);
  Sleep(peer);
  const size_t heard = peer.heard_octets().size();
  peer.Sends(Request(3));
  Answer(peer, 3);
  EXPECT_THAT(peer.Hears(), Contains("HEADERS 3 end grpc-status=0"));
  // :status 200, and grpc-status by its index: two blocks of one octet.
  EXPECT_EQ(peer.heard_octets().size() - heard, 2u * (9 + 1));
}

TEST_P(Dormant, KnowsTheSizeOfThePeersTable) {
  ScriptedPeer peer = Peer(Settings({{1, 0}}));
  Call(peer, 1);  // which announces the new size
  Sleep(peer);
  const size_t heard = peer.heard_octets().size();
  peer.Sends(Request(3));
  Answer(peer, 3);
  EXPECT_THAT(peer.Hears(), Contains("HEADERS 3 end grpc-status=0"));
  const std::string_view answer = std::string_view(peer.heard_octets()).substr(heard);
  EXPECT_EQ(static_cast<uint8_t>(answer[9]), 0x88) << "no change of the size again";
}

TEST_P(Dormant, KnowsThePeersSettings) {
  ScriptedPeer peer = Peer(Settings({{4, 100}, {6, 5000}}));
  Call(peer, 1);
  Sleep(peer);
  EXPECT_EQ(peer.connection().peer_header_list_size_max(), 5000u);
  peer.Sends(Request(3));
  peer.connection().SendHeaders(peer.Key(3), kOkTemplate);
  peer.connection().SendData(peer.Key(3), BufferOf(std::string(30000, 'x')));
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 3 :status=200", "DATA 3 [100]"));
  peer.Sends(WindowUpdate(3, 30000));
  EXPECT_THAT(peer.Hears(), ElementsAre("DATA 3 [16384]", "DATA 3 [13516]"));
}

TEST_P(Dormant, KnowsItsWindows) {
  options_.connection_window = 65535;
  options_.stream_window = 65535;
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendData(peer.Key(1), BufferOf(std::string(60000, 'x')));
  peer.Sends(LastData(1, std::string(10000, 'y')));  // not enough for a WINDOW_UPDATE
  peer.connection().ReleaseWindow(peer.Key(1), 10000);
  peer.connection().SendTrailers(peer.Key(1), kEndTemplate);
  peer.connection().ReleaseStream(peer.Key(1));
  EXPECT_THAT(peer.Hears(), Contains("HEADERS 1 end grpc-status=0"));
  peer.Events();
  Sleep(peer);
  peer.Sends(OpenRequest(3));
  peer.connection().SendHeaders(peer.Key(3), kOkTemplate);
  peer.connection().SendData(peer.Key(3), BufferOf(std::string(6000, 'x')));
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 3 :status=200", "DATA 3 [5535]"));
  // Half of the window is there again when these come in addition to the earlier ones.
  peer.Sends(Data(3, std::string(11384, 'y')));
  peer.Sends(Data(3, std::string(11382, 'y')));
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Sends(Data(3, "z"));
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 0 +32767"));
}

TEST_P(Dormant, KnowsWhichStreamsThereWere) {
  ScriptedPeer peer = Peer();
  Call(peer, 5);
  const StreamKey old = peer.Key(5);
  Sleep(peer);
  EXPECT_FALSE(peer.connection().IsWritable(old));
  peer.Sends(Request(7));
  EXPECT_NE(peer.Key(7), old);
  EXPECT_FALSE(peer.connection().IsWritable(old));
  EXPECT_TRUE(peer.connection().IsWritable(peer.Key(7)));
}

TEST_P(Dormant, KnowsTheHighestStream) {
  ScriptedPeer peer = Peer();
  Call(peer, 5);
  Sleep(peer);
  peer.Sends(Request(3));
  EXPECT_THAT(peer.Events(), Contains(HasSubstr("failed STREAM_CLOSED")));
  EXPECT_THAT(peer.Hears(), Contains(HasSubstr("GOAWAY 5 STREAM_CLOSED")));
}

// What the peer sent before it knew is harmless for a stream that we have reset.
TEST_P(Dormant, KnowsThatItHasResetAStream) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1));
  peer.connection().ResetStream(peer.Key(1), ErrorCode::kCancel);
  peer.connection().ReleaseStream(peer.Key(1));
  peer.Hears();
  peer.Events();
  Sleep(peer);
  peer.Sends(Data(1, "late"));
  EXPECT_THAT(peer.Events(), IsEmpty());
  EXPECT_FALSE(peer.connection().has_failed());
}

// The time of a response that waited is not over when the response is.
TEST_P(Dormant, HasNoDeadlineForWhatWasTaken) {
  ScriptedPeer peer = Peer(Settings({{4, 0}}));
  peer.Sends(Request(1));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendData(peer.Key(1), BufferOf("waits"));
  peer.connection().SendTrailers(peer.Key(1), kEndTemplate);
  peer.connection().ReleaseStream(peer.Key(1));
  peer.Hears();
  peer.Passes(5s);
  EXPECT_EQ(peer.counters().dormancies, 0u);
  peer.Sends(WindowUpdate(1, 100));
  EXPECT_THAT(peer.Hears(), Contains("DATA 1 'waits'"));
  peer.Events();
  Sleep(peer);
}

TEST_P(Dormant, IsNobodyWhoKeepsHisBuffers) {
  options_.idle_release_delay = kForever;
  ScriptedPeer peer = Peer();
  Call(peer, 1);
  peer.Passes(1h);
  EXPECT_EQ(peer.counters().dormancies, 0u);
}

TEST_P(Dormant, KnowsTheHighestStreamForItsGoAway) {
  ScriptedPeer peer = Peer();
  Call(peer, 5);
  Sleep(peer);
  peer.connection().CloseNow(ErrorCode::kNoError, "bye");
  EXPECT_THAT(peer.Hears(), ElementsAre("GOAWAY 5 NO_ERROR 'bye'"));
}

TEST_P(Dormant, KnowsWhatThePeerHasDoneTooOften) {
  options_.glitches = {.burst = 30, .per_second = 1};
  ScriptedPeer peer = Peer();
  const auto glitches = [&](int count) {  // answers to PINGs that were not sent
    for (int i = 0; i < count; ++i) peer.Sends(PingAck(9));
  };
  Call(peer, 1);
  glitches(20);
  EXPECT_FALSE(peer.connection().has_failed());
  peer.Events();
  peer.Passes(5s);
  EXPECT_EQ(peer.counters().dormancies, 1u);
  glitches(14);
  EXPECT_FALSE(peer.connection().has_failed());
  glitches(10);
  EXPECT_TRUE(peer.connection().has_failed());
}

TEST_P(Dormant, KnowsThatThePeerIsLeaving) {
  ScriptedPeer peer = Peer();
  peer.Sends(GoAway(0, ErrorCode::kNoError));
  EXPECT_THAT(peer.Events(), ElementsAre("going away NO_ERROR"));
  Sleep(peer);
  peer.Sends(GoAway(0, ErrorCode::kNoError));
  EXPECT_THAT(peer.Events(), IsEmpty());
}

TEST_P(Dormant, KnowsThePingThatItSent) {
  ScriptedPeer peer = Peer();
  peer.connection().Ping(7);
  EXPECT_THAT(peer.Hears(), ElementsAre("PING 7"));
  Sleep(peer);
  peer.Sends(PingAck(7));
  EXPECT_THAT(peer.Events(), ElementsAre("ping acked 7"));
}

TEST_P(Dormant, IsNotWhoHasSomethingToDo) {
  ScriptedPeer peer = Peer();
  Call(peer, 1);
  const std::string request = Request(3);
  peer.Sends(request.substr(0, 5));  // a part of a frame
  peer.Passes(5s);
  EXPECT_EQ(peer.counters().dormancies, 0u);
  peer.Sends(request.substr(5));
  peer.Passes(5s);  // a call
  EXPECT_EQ(peer.counters().dormancies, 0u);
  Answer(peer, 3);  // and octets to write
  peer.Passes(5s);
  EXPECT_EQ(peer.counters().dormancies, 0u);
  peer.Hears();
  peer.Passes(5s);
  EXPECT_EQ(peer.counters().dormancies, 1u);
  peer.connection().BeginDrain("enough");
  peer.Hears();
  peer.Passes(1s);
  EXPECT_EQ(peer.counters().dormancies, 1u);
}

TEST_P(Dormant, IsNotWhoseSettingsWereNotAcknowledged) {
  ScriptedPeer peer(GetParam(), options_);
  peer.Sends(std::string(kPreface) + Settings());
  peer.Hears();
  peer.Passes(5s);
  EXPECT_EQ(peer.counters().dormancies, 0u);
}

WEIR_AT_EVERY_SEGMENTATION(Dormant);

}  // namespace
}  // namespace weir::http2
