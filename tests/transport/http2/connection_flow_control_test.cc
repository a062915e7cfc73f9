// Windows in both directions (RFC 9113 §5.2, §6.9), seen from the other side.
#include <random>
#include <string>

#include "tests/transport/http2/connection_fixture.h"

namespace weir::http2 {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// With windows that keep their size; connection_budget_test.cc has those that grow.
class FlowControlTest : public ConnectionTest {
 protected:
  FlowControlTest() { options_.stream_window_max = 0; }
};
WEIR_AT_EVERY_SEGMENTATION(FlowControlTest);

std::string Text(size_t size) { return std::string(size, 'x'); }

// A request whose response headers are sent.
void Opens(ScriptedPeer& peer, StreamId id) {
  peer.Sends(Request(id));
  peer.connection().SendHeaders(peer.Key(id), kOkTemplate);
  peer.Hears();
  peer.Events();
}

// ---- What we may send.

TEST_P(FlowControlTest, DataWaitsForTheStreamsWindow) {
  ScriptedPeer peer = Peer(Settings({{4, 3}}));
  Opens(peer, 1);
  peer.connection().SendData(peer.Key(1), BufferOf("hello"));
  EXPECT_THAT(peer.Hears(), ElementsAre("DATA 1 'hel'"));
  EXPECT_EQ(peer.connection().QueuedBytes(peer.Key(1)), 2u);
  peer.Sends(WindowUpdate(1, 1));
  EXPECT_THAT(peer.Hears(), ElementsAre("DATA 1 'l'"));
  peer.Sends(WindowUpdate(1, 100));
  EXPECT_THAT(peer.Hears(), ElementsAre("DATA 1 'o'"));
}

TEST_P(FlowControlTest, DataWaitsForTheConnectionsWindow) {
  ScriptedPeer peer = Peer(Settings({{4, 100000}}));
  Opens(peer, 1);
  peer.connection().SendData(peer.Key(1), BufferOf(Text(65540)));
  EXPECT_THAT(peer.Hears(),
              ElementsAre("DATA 1 [16384]", "DATA 1 [16384]", "DATA 1 [16384]", "DATA 1 [16383]"));
  peer.Sends(WindowUpdate(1, 100));
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Sends(WindowUpdate(0, 2));
  EXPECT_THAT(peer.Hears(), ElementsAre("DATA 1 'xx'"));
  peer.Sends(WindowUpdate(0, 1000));
  EXPECT_THAT(peer.Hears(), ElementsAre("DATA 1 'xxx'"));
}

TEST_P(FlowControlTest, ANewInitialWindowMovesOpenStreams) {
  ScriptedPeer peer = Peer(Settings({{4, 0}}));
  Opens(peer, 1);
  peer.connection().SendData(peer.Key(1), BufferOf("hello"));
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Sends(Settings({{4, 1}}));
  EXPECT_THAT(peer.Hears(), ElementsAre("SETTINGS ack", "DATA 1 'h'"));
  // Two values in one frame: the last one counts.
  peer.Sends(Settings({{4, 100}, {4, 2}}));
  EXPECT_THAT(peer.Hears(), ElementsAre("SETTINGS ack", "DATA 1 'e'"));
}

TEST_P(FlowControlTest, AWindowCanBeNegative) {
  ScriptedPeer peer = Peer();
  Opens(peer, 1);
  peer.connection().SendData(peer.Key(1), BufferOf(Text(60000)));
  peer.Hears();
  peer.Sends(Settings({{4, 1000}}));  // the window is -59,000 now
  EXPECT_THAT(peer.Hears(), ElementsAre("SETTINGS ack"));
  peer.connection().SendData(peer.Key(1), BufferOf("more"));
  EXPECT_EQ(peer.connection().PlaceData(peer.Key(1), 0), nullptr);
  peer.Sends(WindowUpdate(1, 59000));
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Sends(WindowUpdate(1, 1));
  EXPECT_THAT(peer.Hears(), ElementsAre("DATA 1 'm'"));
}

TEST_P(FlowControlTest, ASmallerInitialWindowStopsAStreamThatHadItsTurnDue) {
  ScriptedPeer peer = Peer();
  Opens(peer, 1);
  peer.connection().SendData(peer.Key(1), BufferOf("hello"));
  EXPECT_TRUE(peer.connection().HasOutput());
  peer.Sends(Settings({{4, 0}}));
  EXPECT_THAT(peer.Hears(), ElementsAre("SETTINGS ack"));
  EXPECT_FALSE(peer.connection().HasOutput());
  peer.Sends(Settings({{4, 65535}}));
  EXPECT_THAT(peer.Hears(), ElementsAre("SETTINGS ack", "DATA 1 'hello'"));
}

TEST_P(FlowControlTest, TrailersNeedNoWindow) {
  ScriptedPeer peer = Peer(Settings({{4, 0}}));
  Opens(peer, 1);
  peer.connection().SendTrailers(peer.Key(1), kEndTemplate);
  EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 1 end grpc-status=0"));
}

TEST_P(FlowControlTest, AWindowUpdateForAStreamThatIsOverIsLateAndLegal) {
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1));
  Answer(peer, 1);
  peer.Hears();
  peer.Sends(WindowUpdate(1, 0x7fffffff) + WindowUpdate(1, 0x7fffffff) + RstStream(1));
  EXPECT_THAT(peer.Hears(), IsEmpty());
  EXPECT_FALSE(peer.connection().has_failed());
}

TEST_P(FlowControlTest, AStreamsWindowMayReachTheMaximum) {
  ScriptedPeer peer = Peer();
  Opens(peer, 1);
  peer.Sends(WindowUpdate(1, 0x7fffffff - 65535) + WindowUpdate(0, 0x7fffffff - 65535));
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Sends(WindowUpdate(1, 1));
  EXPECT_THAT(peer.Hears(), ElementsAre("RST_STREAM 1 FLOW_CONTROL_ERROR"));
  peer.Sends(WindowUpdate(0, 1));
  EXPECT_THAT(peer.Hears(),
              ElementsAre("GOAWAY 1 FLOW_CONTROL_ERROR 'connection_window_overflow'"));
}

// ---- What the peer may send.

TEST_P(FlowControlTest, TheConnectionsWindowIsGivenBackAsDataArrives) {
  options_.connection_window = 65535;
  options_.stream_window = 1 << 20;
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1));
  // Nobody consumes anything, and yet other streams can go on.
  peer.Sends(Data(1, Text(16384)));
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Sends(Data(1, Text(16384)));
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 0 +32768"));
}

TEST_P(FlowControlTest, TheStreamsWindowIsGivenBackAsDataIsConsumed) {
  options_.stream_window = 1000;
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + Data(1, Text(1000)));
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.connection().ReleaseWindow(peer.Key(1), 499);
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.connection().ReleaseWindow(peer.Key(1), 1);
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 1 +500"));
  peer.Sends(Data(1, Text(500)));
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Sends(Data(1, "x"));
  EXPECT_THAT(peer.Hears(), ElementsAre("RST_STREAM 1 FLOW_CONTROL_ERROR"));
}

TEST_P(FlowControlTest, PaddingIsConsumedAtOnce) {
  options_.stream_window = 100;
  options_.connection_window = 65535;
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1));
  for (int i = 0; i < 500; ++i) {
    peer.Sends(PaddedData(1, "", 99, false));
    EXPECT_THAT(peer.Hears(), Contains("WINDOW_UPDATE 1 +100"));
  }
  peer.Sends(PaddedData(1, "x", 98, false) + PaddedData(1, "", 98, false));
  EXPECT_FALSE(peer.connection().has_failed());
  EXPECT_EQ(peer.Events().back(), "data 1 'x'");
}

TEST_P(FlowControlTest, NothingIsGivenBackBehindTheEndOfTheStream) {
  options_.stream_window = 1000;
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + LastData(1, Text(1000)));
  peer.connection().ReleaseWindow(peer.Key(1), 1000);
  peer.connection().ExtendWindow(peer.Key(1), 100000);
  EXPECT_THAT(peer.Hears(), IsEmpty());
}

TEST_P(FlowControlTest, AWindowIsExtendedForALargeMessage) {
  options_.stream_window = 1000;
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + Data(1, Text(1000)));
  peer.connection().ExtendWindow(peer.Key(1), 5000);
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 1 +5000"));
  peer.Sends(Data(1, Text(5000)));
  EXPECT_FALSE(peer.connection().has_failed());
  peer.connection().ReleaseWindow(peer.Key(1), 6000);
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 1 +1000"));
}

// A leak here would stop the connection sooner or later.
TEST_P(FlowControlTest, DataForNobodyIsGivenBackToTheConnection) {
  options_.connection_window = 65535;
  options_.max_concurrent_streams = 1;
  ScriptedPeer peer = Peer();
  const std::string frame = Text(16384);
  // Refused; reset by us; reset by us with the frame on its way; released by the layer above.
  peer.Sends(OpenRequest(1) + OpenRequest(3));
  for (int i = 0; i < 20; ++i) peer.Sends(Data(3, frame));
  peer.Sends(FrameHeaderOnly(16384, frame_type::kData, 0, 1) + Text(10));
  peer.connection().ResetStream(peer.Key(1), ErrorCode::kCancel);
  peer.connection().ReleaseStream(peer.Key(1));
  peer.Sends(Text(16374));
  for (int i = 0; i < 20; ++i) peer.Sends(Data(1, frame));
  EXPECT_FALSE(peer.connection().has_failed());
  size_t credited = 0;
  for (const std::string& line : peer.Hears()) {
    if (line == "WINDOW_UPDATE 0 +32768") credited += 32768;
  }
  EXPECT_EQ(credited, 41 * 16384 / 32768 * 32768);
}

// Until the peer knows our smaller window it may use the initial one (RFC 9113 §6.9.3).
TEST_P(FlowControlTest, ASmallWindowHoldsFromItsAcknowledgementOn) {
  options_.stream_window = 10;
  ScriptedPeer peer(GetParam(), options_);
  peer.Sends(std::string(kPreface) + Settings() + OpenRequest(1) + Data(1, Text(100)));
  EXPECT_THAT(peer.Events(), ElementsAre("request 1 POST /a.B/C", "data 1 [100]"));
  peer.Hears();
  peer.Sends(SettingsAck() + OpenRequest(3) + Data(3, Text(11)));
  EXPECT_THAT(peer.Hears(), ElementsAre("RST_STREAM 3 FLOW_CONTROL_ERROR"));
  peer.connection().ReleaseWindow(peer.Key(1), 95);
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 1 +95"));  // from -90 to 5
  peer.Sends(Data(1, Text(5)) + Data(1, "x"));
  EXPECT_THAT(peer.Hears(), ElementsAre("RST_STREAM 1 FLOW_CONTROL_ERROR"));
}

// Found by simulation: what happened under the provisional window must not leave the stream stuck
// under the smaller one.
TEST_P(FlowControlTest, AStreamGoesOnUnderASmallerWindowThatIsAcknowledgedLate) {
  options_.stream_window = 10;
  for (const bool is_consumed : {false, true}) {
    ScriptedPeer peer(GetParam(), options_);
    peer.Sends(std::string(kPreface) + Settings() + OpenRequest(1) + Data(1, Text(100)));
    if (is_consumed) {
      peer.connection().ReleaseWindow(peer.Key(1), 100);
    } else {
      peer.connection().ExtendWindow(peer.Key(1), 50);  // for the rest of a message
    }
    peer.Hears();
    peer.Sends(SettingsAck());
    EXPECT_THAT(peer.Hears(),
                ElementsAre(is_consumed ? "WINDOW_UPDATE 1 +100" : "WINDOW_UPDATE 1 +140"));
    peer.Sends(Data(1, Text(is_consumed ? 10 : 50)));
    EXPECT_FALSE(peer.connection().has_failed());
  }
}

// ... and what a message was promised ends with the message: the budget is for those that need it.
TEST_P(FlowControlTest, APromiseIsForgottenWithItsMessageUnderASmallerWindow) {
  options_.stream_window = 10;
  ScriptedPeer peer(GetParam(), options_);
  peer.Sends(std::string(kPreface) + Settings() + OpenRequest(1) + Data(1, Text(100)));
  peer.connection().ExtendWindow(peer.Key(1), 40000);
  for (int i = 0; i < 4; ++i) peer.Sends(Data(1, Text(10000)));
  peer.connection().ReleaseWindow(peer.Key(1), 40100);
  EXPECT_THAT(peer.Hears(), Contains("WINDOW_UPDATE 1 +40100"));
  peer.Sends(SettingsAck());
  EXPECT_THAT(peer.Hears(), IsEmpty());
}

// ---- At random: the reader in the peer checks every frame against its own windows.

TEST_P(FlowControlTest, NoWindowIsExceededAndNothingIsLostAtRandom) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    ScriptedPeer peer = Peer();
    constexpr StreamId kStreams = 8;
    size_t queued = 0;
    for (StreamId i = 0; i < kStreams; ++i) Opens(peer, 2 * i + 1);
    const size_t before = peer.heard_octets().size();
    for (int step = 0; step < 200; ++step) {
      const StreamId id = 2 * (random() % kStreams) + 1;
      switch (random() % 5) {
        case 0: {
          const size_t size = random() % 40000;
          peer.connection().SendData(peer.Key(id), BufferOf(Text(size)));
          queued += size;
          break;
        }
        case 1:
          peer.Sends(WindowUpdate(id, random() % 50000 + 1));
          break;
        case 2:
          peer.Sends(WindowUpdate(0, random() % 100000 + 1));
          break;
        case 3:
          peer.Sends(Settings({{4, random() % 70000}}));
          break;
        case 4:
          peer.Hears();
          break;
      }
    }
    peer.Sends(WindowUpdate(0, 0x3fffffff) + Settings({{4, 0x3fffffff}}));
    peer.Hears();
    size_t left = 0;
    for (StreamId i = 0; i < kStreams; ++i)
      left += peer.connection().QueuedBytes(peer.Key(2 * i + 1));
    EXPECT_EQ(left, 0u);
    EXPECT_GE(peer.heard_octets().size() - before, queued);
    EXPECT_FALSE(peer.connection().has_failed());
    EXPECT_EQ(peer.connection().buffered_bytes(), 0u);
  }
}

}  // namespace
}  // namespace weir::http2
