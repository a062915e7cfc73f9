// What happens when a peer takes too long, and when nothing happens at all.
#include <chrono>
#include <string>

#include "tests/transport/http2/connection_fixture.h"

namespace weir::http2 {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using TimersTest = ConnectionTest;
WEIR_AT_EVERY_SEGMENTATION(TimersTest);

TEST_P(TimersTest, ThePrefaceHasTenSeconds) {
  const std::string preface = std::string(kPreface) + Settings();
  for (const size_t sent : {size_t{0}, size_t{10}, kPreface.size(), preface.size() - 1}) {
    ScriptedPeer peer(GetParam());
    peer.Sends(preface.substr(0, sent));
    peer.Hears();
    peer.Passes(10s - 1ns);
    EXPECT_THAT(peer.Events(), IsEmpty());
    peer.Passes(1ns);
    EXPECT_THAT(peer.Events(), ElementsAre("failed PROTOCOL_ERROR preface_timeout"));
    EXPECT_THAT(peer.Hears(), ElementsAre("GOAWAY 0 PROTOCOL_ERROR 'preface_timeout'"));
    EXPECT_TRUE(peer.connection().IsFinished());
  }
}

TEST_P(TimersTest, OurSettingsAreAcknowledgedInTenSeconds) {
  ScriptedPeer peer(GetParam());
  peer.Sends(std::string(kPreface) + Settings());
  peer.Hears();
  peer.Passes(10s - 1ns);
  EXPECT_THAT(peer.Events(), IsEmpty());
  peer.Passes(1ns);
  EXPECT_THAT(peer.Events(), ElementsAre("failed SETTINGS_TIMEOUT settings_ack_timeout"));
  EXPECT_THAT(peer.Hears(), ElementsAre("GOAWAY 0 SETTINGS_TIMEOUT 'settings_ack_timeout'"));
}

TEST_P(TimersTest, AHeaderBlockHasTenSecondsFromItsFirstOctets) {
  const std::string unfinished = Headers(1).Post("/a.B/C").Unfinished();
  for (const std::string& start : {unfinished, unfinished.substr(0, 9), unfinished.substr(0, 20),
                                   unfinished + Continuation(1, "abc", false).substr(0, 10)}) {
    ScriptedPeer peer = Peer();
    peer.Sends(start);
    peer.Passes(10s - 1ns);
    EXPECT_THAT(peer.Events(), IsEmpty());
    EXPECT_FALSE(peer.connection().has_failed());
    peer.Passes(1ns);
    EXPECT_THAT(peer.Events(), ElementsAre("failed PROTOCOL_ERROR header_block_timeout"));
  }
}

// One octet of CONTINUATION every five seconds does not buy more time.
TEST_P(TimersTest, ADripDoesNotExtendAHeaderBlock) {
  ScriptedPeer peer = Peer();
  const std::string octets =
      std::string(Headers(1).Post("/a.B/C").Unfinished()) + Continuation(1, "abc", false);
  peer.Sends(octets.substr(0, octets.size() - 3));
  peer.Passes(5s);
  peer.Sends(octets.substr(octets.size() - 3, 1));
  peer.Passes(5s);
  EXPECT_THAT(peer.Events(), ElementsAre("failed PROTOCOL_ERROR header_block_timeout"));
}

// Found by simulation: HEADERS and what goes on with them have one time together.
TEST_P(TimersTest, TheSecondFrameOfAHeaderBlockHasNoTimeOfItsOwn) {
  ScriptedPeer peer = Peer();
  const std::string headers = Headers(1).Post("/a.B/C").Unfinished();
  peer.Sends(headers.substr(0, headers.size() - 1));
  peer.Passes(9s);
  peer.Sends(headers.substr(headers.size() - 1));
  peer.Passes(1s);
  EXPECT_THAT(peer.Events(), ElementsAre("failed PROTOCOL_ERROR header_block_timeout"));
}

// Found by simulation: while a slow reader makes us stop reading, what it owes may be there
// already.
TEST_P(TimersTest, WhatMayLieUnreadIsNotLate) {
  options_.output_pause_bytes = 1000;
  ScriptedPeer peer(GetParam(), options_);
  peer.Sends(std::string(kPreface) + Settings() + Request(1));
  peer.Hears();
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  ASSERT_NE(peer.connection().PlaceData(peer.Key(1), 2000), nullptr);
  peer.Events();
  EXPECT_FALSE(peer.connection().WantsInput());
  peer.Passes(15s);
  EXPECT_FALSE(peer.connection().has_failed());
  peer.Hears();  // reads at last
  EXPECT_TRUE(peer.connection().WantsInput());
  peer.Passes(6s);  // past the second time, in which reading began again
  EXPECT_FALSE(peer.connection().has_failed());
  peer.Passes(10s);
  EXPECT_THAT(peer.Events(), ElementsAre("failed SETTINGS_TIMEOUT settings_ack_timeout"));
}

// A busy connection may be inside some header block at the end of every read.
TEST_P(TimersTest, EachHeaderBlockHasItsOwnTime) {
  ScriptedPeer peer = Peer();
  std::string rest;
  for (StreamId id = 1; id < 41; id += 2) {
    const std::string request = Request(id);
    peer.Sends(rest + request.substr(0, 15));
    rest = request.substr(15);
    peer.Passes(5s);
    if (id > 1) Answer(peer, id - 2);
  }
  EXPECT_FALSE(peer.connection().has_failed());
}

TEST_P(TimersTest, ATimelyPeerIsLeftAlone) {
  options_.keepalive_time = kForever;
  ScriptedPeer peer(GetParam(), options_);
  peer.Passes(9s);
  peer.Starts();
  peer.Passes(24h);
  EXPECT_FALSE(peer.connection().has_failed());
  EXPECT_EQ(peer.connection().NextDeadline(), kNever);
}

TEST_P(TimersTest, ABusyConnectionMovesItsTimerOncePerDelay) {
  ScriptedPeer peer = Peer();
  const TimePoint armed = peer.connection().NextDeadline();
  for (StreamId id = 1; id < 21; id += 2) {
    peer.Sends(Request(id));
    Answer(peer, id);
    peer.Hears();
    EXPECT_EQ(peer.connection().NextDeadline(), armed);
  }
}

TEST_P(TimersTest, TheCodersStayInStepAcrossIdleness) {
  ScriptedPeer peer = Peer();
  StreamId id = 1;
  for (int i = 0; i < 5; ++i) {
    for (int j = 0; j < 3; ++j, id += 2) {
      const std::string block =
          i == 0 && j == 0 ? hpack::Insert("user-agent", "tester") : hpack::Indexed(62);
      peer.Sends(Headers(id).Block(hpack::Request("/a.B/C") + block).EndStream());
      EXPECT_EQ(peer.Fields(id).Find("user-agent"), "tester");
      Answer(peer, id);
      EXPECT_EQ(peer.Hears().back(), "HEADERS " + std::to_string(id) + " end grpc-status=0");
    }
    peer.Passes(1min);
  }
  EXPECT_FALSE(peer.connection().has_failed());
}

TEST_P(TimersTest, FramesOfAStreamWeResetAreStillHarmlessAfterIdleness) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1));
  peer.connection().ReleaseStream(peer.Key(1));
  EXPECT_THAT(peer.Hears(), ElementsAre("RST_STREAM 1 CANCEL"));
  peer.Passes(1min);
  peer.Sends(Data(1, "on its way for a minute"));
  EXPECT_FALSE(peer.connection().has_failed());
  EXPECT_THAT(peer.Hears(), IsEmpty());
}

}  // namespace
}  // namespace weir::http2
