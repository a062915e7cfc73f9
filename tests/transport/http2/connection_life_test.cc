// Peers that are gone, idle, or old (gRFC A8, A9), and responses that nobody takes.
#include <chrono>
#include <string>

#include "tests/transport/http2/connection_fixture.h"

namespace weir::http2 {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using LifeTest = ConnectionTest;
WEIR_AT_EVERY_SEGMENTATION(LifeTest);

constexpr uint64_t kAlive = 0x616c6976653f3f3f;

std::string PingLine(uint64_t payload) { return "PING " + std::to_string(payload); }

// ---- Keepalive.

TEST_P(LifeTest, ASilentPeerIsAskedForASignOfLifeAndThenLeft) {
  ScriptedPeer peer = Peer();
  peer.Passes(2h - 1ns);
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Passes(1ns);
  EXPECT_THAT(peer.Hears(), ElementsAre(PingLine(kAlive)));
  peer.Passes(20s - 1ns);
  EXPECT_FALSE(peer.connection().has_failed());
  peer.Passes(1ns);
  EXPECT_THAT(peer.Events(), ElementsAre("failed CANCEL keepalive_timeout"));
  EXPECT_THAT(peer.Hears(), IsEmpty());  // nobody is there to be told
  EXPECT_TRUE(peer.connection().IsFinished());
  EXPECT_EQ(peer.counters().limits.hits(Limit::kKeepalive), 1u);
}

TEST_P(LifeTest, AnyOctetIsASignOfLife) {
  options_.keepalive_time = 60s;
  for (const std::string& sign : {PingAck(kAlive), WindowUpdate(0, 1), std::string(1, '\0')}) {
    ScriptedPeer peer = Peer();
    peer.Passes(60s);
    EXPECT_THAT(peer.Hears(), ElementsAre(PingLine(kAlive)));
    peer.Passes(19s);
    peer.Sends(sign);
    peer.Passes(59s);
    EXPECT_THAT(peer.Hears(), IsEmpty());
    EXPECT_FALSE(peer.connection().has_failed());
    peer.Passes(1s);
    EXPECT_THAT(peer.Hears(), ElementsAre(PingLine(kAlive)));
    EXPECT_THAT(peer.Events(), IsEmpty());
  }
}

TEST_P(LifeTest, ABusyPeerIsNotAsked) {
  options_.keepalive_time = 60s;
  ScriptedPeer peer = Peer();
  for (int i = 0; i < 20; ++i) {
    peer.Passes(59s);
    peer.Sends(WindowUpdate(0, 1));
  }
  EXPECT_THAT(peer.Hears(), IsEmpty());
}

TEST_P(LifeTest, WhoNeverAsksWaitsForEver) {
  options_.keepalive_time = kForever;
  ScriptedPeer peer = Peer();
  peer.Passes(10000h);
  EXPECT_THAT(peer.Hears(), IsEmpty());
  EXPECT_FALSE(peer.connection().has_failed());
}

// ---- Connections without calls.

TEST_P(LifeTest, AConnectionWithoutStreamsIsDrained) {
  options_.connection_idle_max = 30s;
  ScriptedPeer peer = Peer();
  peer.Passes(30s - 1ns);
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Passes(1ns);
  EXPECT_THAT(peer.Events(), ElementsAre("drain begun"));
  EXPECT_EQ(peer.Hears().front(), "GOAWAY 2147483647 NO_ERROR 'max_idle'");
  EXPECT_EQ(peer.counters().limits.hits(Limit::kConnectionIdle), 1u);
}

TEST_P(LifeTest, TheTimeWithoutStreamsBeginsWhenTheLastOneEnds) {
  options_.connection_idle_max = 30s;
  ScriptedPeer peer = Peer();
  peer.Passes(20s);
  peer.Sends(Request(1));
  peer.Passes(100s);  // in silence: when the stream ends, the last read is long ago
  EXPECT_THAT(peer.Hears(), IsEmpty());
  Answer(peer, 1);
  peer.Hears();
  peer.Passes(29s);
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Sends(Request(3));
  Answer(peer, 3);
  peer.Hears();
  peer.Passes(29s);
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Passes(1s);
  EXPECT_EQ(peer.Hears().front(), "GOAWAY 2147483647 NO_ERROR 'max_idle'");
}

// ---- Age.

TEST_P(LifeTest, AnOldConnectionIsDrainedAndItsCallsEnd) {
  options_.connection_age_max = 60s;
  ScriptedPeer peer = Peer();
  peer.Passes(50s);
  peer.Sends(Request(1));
  peer.Events();
  peer.Passes(10s);
  EXPECT_THAT(peer.Events(), ElementsAre("drain begun"));
  EXPECT_EQ(peer.Hears().front(), "GOAWAY 2147483647 NO_ERROR 'max_age'");
  peer.Sends(Request(3) + PingAck(0x647261696e212121));
  EXPECT_THAT(peer.Hears(), ElementsAre("GOAWAY 3 NO_ERROR 'max_age'"));
  // Without a limit to that, for as long as they take.
  peer.Passes(1h);
  EXPECT_FALSE(peer.connection().IsFinished());
  Answer(peer, 1);
  Answer(peer, 3);
  peer.Hears();
  EXPECT_TRUE(peer.connection().IsFinished());
}

TEST_P(LifeTest, CallsOfAnOldConnectionHaveTheGraceFromTheFinalGoAwayOn) {
  options_.connection_age_max = 60s;
  options_.connection_age_grace = 7s;
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1));
  peer.Passes(60s);
  peer.Hears();
  peer.Passes(3s);
  peer.Sends(PingAck(0x647261696e212121));
  EXPECT_THAT(peer.Hears(), ElementsAre("GOAWAY 1 NO_ERROR 'max_age'"));
  peer.Passes(7s - 1ns);
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Passes(1ns);
  EXPECT_THAT(peer.Hears(), ElementsAre("GOAWAY 1 NO_ERROR 'max_age'"));
  EXPECT_TRUE(peer.connection().IsFinished());
}

TEST_P(LifeTest, EachConnectionCanHaveAnAgeOfItsOwn) {
  options_.connection_age_max = 60s;
  ScriptedPeer peer = Peer();
  peer.connection().LimitAge(54s);
  peer.Passes(54s);
  EXPECT_THAT(peer.Events(), ElementsAre("drain begun"));
}

TEST_P(LifeTest, AgeSaysNothingToAConnectionThatDrainsAlready) {
  options_.connection_age_max = 3s;
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1));
  peer.connection().BeginDrain("bye");
  peer.Hears();
  peer.Events();
  peer.Passes(4s);
  EXPECT_THAT(peer.Events(), IsEmpty());
  EXPECT_THAT(peer.Hears(), IsEmpty());
}

// ---- Responses that nobody takes.

// Opens a stream whose response cannot be sent for want of a window.
void Stalls(ScriptedPeer& peer, StreamId id, size_t bytes) {
  peer.Sends(Request(id));
  peer.connection().SendHeaders(peer.Key(id), kOkTemplate);
  peer.connection().SendData(peer.Key(id), BufferOf(std::string(bytes, 'x')));
  peer.Hears();
  peer.Events();
}

TEST_P(LifeTest, AStreamWithoutProgressIsReset) {
  ScriptedPeer peer = Peer(Settings({{4, 0}}));
  Stalls(peer, 1, 10'000);
  peer.Passes(120s - 1ns);
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Passes(1ns);
  EXPECT_THAT(peer.Events(), ElementsAre("reset 1 by us CANCEL stream_stalled"));
  EXPECT_THAT(peer.Hears(), ElementsAre("RST_STREAM 1 CANCEL"));
  EXPECT_EQ(peer.counters().limits.hits(Limit::kStreamStall), 1u);
}

TEST_P(LifeTest, ADribbleIsNoProgressAndAKilobyteIs) {
  for (const uint32_t progress : {1023u, 1024u, 1025u}) {
    ScriptedPeer peer = Peer(Settings({{4, 0}}));
    Stalls(peer, 1, 10'000);
    peer.Passes(60s);
    peer.Sends(WindowUpdate(1, progress));
    peer.Hears();
    peer.Passes(60s);
    EXPECT_EQ(peer.Hears().size(), progress < 1024 ? 1u : 0u) << progress;
  }
}

TEST_P(LifeTest, AStreamThatRanDryInBetweenIsNotStalled) {
  ScriptedPeer peer = Peer(Settings({{4, 0}}));
  Stalls(peer, 1, 10);
  peer.Passes(100s);
  peer.Sends(WindowUpdate(1, 10));
  EXPECT_THAT(peer.Hears(), ElementsAre("DATA 1 'xxxxxxxxxx'"));
  peer.connection().SendData(peer.Key(1), BufferOf("yy"));
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Passes(119s);  // longer than one interval since the first look, shorter since the second
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Passes(121s);
  EXPECT_THAT(peer.Hears(), ElementsAre("RST_STREAM 1 CANCEL"));
}

TEST_P(LifeTest, AClosedWindowOfTheConnectionStallsAllItsStreams) {
  ScriptedPeer peer = Peer();
  Stalls(peer, 1, 65'535);
  Stalls(peer, 3, 2000);
  Stalls(peer, 5, 3000);
  StreamKey largest;
  EXPECT_EQ(peer.connection().LargestStalledStream(&largest), 3000u);
  EXPECT_EQ(largest, peer.Key(5));
  peer.connection().GiveUpStalledStream(largest);
  peer.Sends("");
  EXPECT_THAT(peer.Events(), ElementsAre("reset 5 by us CANCEL stream_reaped"));
  EXPECT_EQ(peer.counters().limits.hits(Limit::kMemoryReap), 1u);
  EXPECT_EQ(peer.counters().limits.hits(Limit::kStreamStall), 0u);
  EXPECT_EQ(peer.connection().LargestStalledStream(nullptr), 2000u);
  peer.Passes(121s);
  EXPECT_THAT(peer.Events(), ElementsAre("reset 3 by us CANCEL stream_stalled"));
  EXPECT_EQ(peer.connection().LargestStalledStream(nullptr), 0u);
}

// What a response that waits costs is ours: many of them at once are neither glitches nor replies
// that the peer has caused.
TEST_P(LifeTest, ResponsesThatAreGivenUpCostThePeerNothing) {
  options_.glitches = {.burst = 1, .per_second = 1};
  options_.queued_replies_pause = 2;
  options_.queued_replies_max = 3;
  for (const bool is_reaped : {false, true}) {
    ScriptedPeer peer = Peer(Settings({{4, 0}}));
    for (StreamId id = 1; id < 21; id += 2) Stalls(peer, id, 1000);
    if (is_reaped) {
      for (StreamId id = 1; id < 21; id += 2) peer.connection().GiveUpStalledStream(peer.Key(id));
      peer.Sends("");
    } else {
      peer.Passes(120s);
    }
    EXPECT_EQ(peer.Events().size(), 10u);
    EXPECT_TRUE(peer.connection().WantsInput());
    EXPECT_EQ(peer.Hears().size(), 10u);
    EXPECT_FALSE(peer.connection().has_failed());
  }
}

// A consumer that stops for a minute, as a garbage collection or a slow disk makes it.
TEST_P(LifeTest, AReaderThatPausesForAMinuteLosesNothing) {
  ScriptedPeer peer = Peer(Settings({{4, 0}}));
  Stalls(peer, 1, 20'000);
  for (int i = 0; i < 9; ++i) {
    peer.Passes(60s);
    peer.Sends(WindowUpdate(1, 2000));
    EXPECT_THAT(peer.Hears(), ElementsAre("DATA 1 [2000]"));
  }
}

}  // namespace
}  // namespace weir::http2
