// Where patience ends with peers that do nothing illegal: one below, at, and one above each limit,
// and the innocent that must not be hurt.
#include <chrono>
#include <string>

#include "tests/transport/http2/connection_fixture.h"

namespace weir::http2 {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using LimitsTest = ConnectionTest;
WEIR_AT_EVERY_SEGMENTATION(LimitsTest);

std::string Repeat(size_t count, const std::string& octets) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += octets;
  return all;
}

TEST_P(LimitsTest, StreamsOneAboveTheMaximumAreRefused) {
  options_.max_concurrent_streams = 2;
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1) + Request(3));
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Sends(Request(5));
  EXPECT_THAT(peer.Hears(), ElementsAre("RST_STREAM 5 REFUSED_STREAM"));
  EXPECT_EQ(peer.counters().streams_refused, 1u);
  Answer(peer, 1);
  peer.Hears();
  peer.Sends(Request(7));
  EXPECT_THAT(peer.Hears(), IsEmpty());
  EXPECT_EQ(peer.counters().streams_opened, 3u);
}

// A client that was not told of the limit yet may open many streams in its first flight, and send
// their bodies before it hears of the refusal.
TEST_P(LimitsTest, AFirstFlightFarAboveTheMaximumCostsRefusalsAndNothingElse) {
  options_.max_concurrent_streams = 10;
  ScriptedPeer peer(GetParam(), options_);
  std::string flight = std::string(kPreface) + Settings();
  for (StreamId id = 1; id < 801; id += 2) flight += OpenRequest(id);
  for (StreamId id = 1; id < 801; id += 2) flight += LastData(id, "body");
  peer.Sends(flight);
  EXPECT_FALSE(peer.connection().has_failed());
  EXPECT_EQ(peer.counters().streams_refused, 390u);
  EXPECT_EQ(peer.counters().streams_opened, 10u);
}

TEST_P(LimitsTest, ReadingStopsAtTheFirstMarkOfRepliesAndEndsAtTheSecond) {
  options_.queued_replies_pause = 10;
  options_.queued_replies_max = 20;
  options_.peer_ping_strikes_max = UINT32_MAX;
  ScriptedPeer peer = Peer();
  peer.Sends(Repeat(9, Ping(1)));
  EXPECT_TRUE(peer.connection().WantsInput());
  EXPECT_EQ(peer.counters().reads_paused, 0u);
  peer.Sends(Ping(1));
  EXPECT_FALSE(peer.connection().WantsInput());
  EXPECT_GE(peer.counters().reads_paused, 1u);
  peer.Hears();
  EXPECT_TRUE(peer.connection().WantsInput());
  peer.Sends(Repeat(19, Settings()));
  EXPECT_FALSE(peer.connection().has_failed());
  EXPECT_FALSE(peer.connection().WantsInput());
  peer.Sends(Settings());
  EXPECT_THAT(peer.Events(), ElementsAre("failed ENHANCE_YOUR_CALM too_many_replies"));
  // It does not read: there is nobody to say goodbye to.
  EXPECT_TRUE(peer.connection().IsFinished());
  EXPECT_FALSE(peer.connection().HasOutput());
}

TEST_P(LimitsTest, RefusalsAreRepliesToo) {
  options_.queued_replies_max = 5;
  options_.max_concurrent_streams = 0;
  ScriptedPeer peer = Peer();
  for (StreamId id = 1; id <= 7; id += 2) peer.Sends(Request(id));
  EXPECT_FALSE(peer.connection().has_failed());
  peer.Sends(Request(9));
  EXPECT_THAT(peer.Events(), ElementsAre("failed ENHANCE_YOUR_CALM too_many_replies"));
}

TEST_P(LimitsTest, AReaderThatKeepsUpMayCauseAnyNumberOfReplies) {
  options_.queued_replies_pause = 3;
  options_.queued_replies_max = 5;
  options_.peer_ping_strikes_max = UINT32_MAX;
  ScriptedPeer peer = Peer();
  for (int i = 0; i < 1000; ++i) {
    peer.Sends(Ping(1) + Ping(2));
    peer.Reads(34);
    ASSERT_TRUE(peer.connection().WantsInput());
  }
  EXPECT_FALSE(peer.connection().has_failed());
}

TEST_P(LimitsTest, ReadingStopsWhileTooMuchOutputWaits) {
  options_.output_pause_bytes = 1000;
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  const size_t headers = peer.connection().buffered_bytes();
  ASSERT_NE(peer.connection().PlaceData(peer.Key(1), 1000 - headers - 9 - 1), nullptr);
  EXPECT_TRUE(peer.connection().WantsInput());
  ASSERT_NE(peer.connection().PlaceData(peer.Key(1), 0), nullptr);
  EXPECT_FALSE(peer.connection().WantsInput());
  peer.Reads(20);
  EXPECT_TRUE(peer.connection().WantsInput());
}

TEST_P(LimitsTest, RapidResetsEndTheConnectionSoonAndStartNoMoreThanTheMaximum) {
  ScriptedPeer peer = Peer();
  peer.on_event = [&](const Event& event) {
    if (event.kind == Event::Kind::kStreamReset) peer.connection().ReleaseStream(event.stream);
    EXPECT_LE(peer.connection().open_streams(), 100u);
  };
  StreamId id = 1;
  for (; !peer.connection().has_failed() && id < 4001; id += 2) {
    peer.Sends(Request(id) + RstStream(id));
    peer.Events();
  }
  EXPECT_EQ(id, 2003u);  // the 1,001st
  EXPECT_THAT(peer.Hears(), ElementsAre("GOAWAY 2001 ENHANCE_YOUR_CALM 'too_many_resets'"));
}

// A deadline of a millisecond, over and over: the layer above knows why the client gives up.
TEST_P(LimitsTest, ResetsThatAreExcusedDoNotCount) {
  ScriptedPeer peer = Peer();
  peer.on_event = [&](const Event& event) {
    if (event.kind != Event::Kind::kStreamReset) return;
    peer.connection().ExcuseReset();
    peer.connection().ExcuseReset();  // once is enough
    peer.connection().ReleaseStream(event.stream);
  };
  for (StreamId id = 1; id < 10'001; id += 2) peer.Sends(Request(id) + RstStream(id));
  EXPECT_FALSE(peer.connection().has_failed());
  peer.on_event = [&](const Event& event) {
    if (event.kind == Event::Kind::kStreamReset) peer.connection().ReleaseStream(event.stream);
  };
  StreamId id = 10'001;
  for (; !peer.connection().has_failed(); id += 2) peer.Sends(Request(id) + RstStream(id));
  EXPECT_EQ(id, 10'001u + 2 * 1001);
}

// CVE-2019-9511: one octet a time of a response that has many.
TEST_P(LimitsTest, AnUpdateTooSmallForWhatWaitsIsAGlitch) {
  options_.glitches = {.burst = 3, .per_second = 1};
  for (const StreamId target : {StreamId{1}, kConnectionStreamId}) {
    ScriptedPeer peer = Peer();
    peer.Sends(Request(1));
    peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
    peer.connection().SendData(peer.Key(1), BufferOf(std::string(65'535 + 2000, 'x')));
    peer.Hears();
    peer.Sends(Repeat(9, WindowUpdate(target, 256)));  // large enough
    EXPECT_FALSE(peer.connection().has_failed());
    ScriptedPeer dribbler = Peer();
    dribbler.Sends(Request(1));
    dribbler.connection().SendHeaders(dribbler.Key(1), kOkTemplate);
    dribbler.connection().SendData(dribbler.Key(1), BufferOf(std::string(65'535 + 2000, 'x')));
    dribbler.Hears();
    dribbler.Sends(Repeat(3, WindowUpdate(target, 255)));
    EXPECT_FALSE(dribbler.connection().has_failed());
    dribbler.Sends(WindowUpdate(target, 255));
    EXPECT_TRUE(dribbler.connection().has_failed());
    EXPECT_EQ(dribbler.counters().limits.hits(Limit::kGlitches), 1u);
  }
}

TEST_P(LimitsTest, AnUpdateForTheLastOctetsIsNone) {
  options_.glitches = {.burst = 1, .per_second = 1};
  ScriptedPeer peer = Peer(Settings({{4, 0}}));
  peer.Sends(Request(1));
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendData(peer.Key(1), BufferOf(std::string(1024, 'x')));
  peer.Sends(Repeat(100, WindowUpdate(1, 1)));
  EXPECT_FALSE(peer.connection().has_failed());
}

TEST_P(LimitsTest, AClientMayCancelAsMuchAsItLetsFinish) {
  ScriptedPeer peer = Peer();
  for (StreamId id = 1; id < 12001; id += 4) {
    peer.Sends(Request(id) + Request(id + 2) + RstStream(id));
    peer.connection().ReleaseStream(peer.Key(id));
    Answer(peer, id + 2);
    peer.Hears();
  }
  EXPECT_FALSE(peer.connection().has_failed());
}

TEST_P(LimitsTest, AResetBehindTheFirstOctetOfAResponseIsNotPremature) {
  options_.premature_resets = {.burst = 1, .per_second = 1};
  ScriptedPeer peer = Peer();
  for (StreamId id = 1; id < 201; id += 2) {
    peer.Sends(Request(id));
    peer.connection().SendHeaders(peer.Key(id), kOkTemplate);
    peer.Sends(RstStream(id));
    peer.connection().ReleaseStream(peer.Key(id));
    peer.Hears();
  }
  EXPECT_FALSE(peer.connection().has_failed());
}

TEST_P(LimitsTest, GlitchesWithinTheirRateGoOnForEver) {
  options_.glitches = {.burst = 10, .per_second = 10};
  ScriptedPeer peer = Peer();
  peer.Sends(Repeat(10, Priority(1, 3)));
  for (int i = 0; i < 200; ++i) {
    peer.Passes(100ms);
    peer.Sends(Priority(1, 3));
  }
  EXPECT_FALSE(peer.connection().has_failed());
  peer.Sends(Priority(1, 3));
  EXPECT_THAT(peer.Events(), ElementsAre("failed ENHANCE_YOUR_CALM too_many_glitches"));
}

// Tiny DATA frames are legal traffic, not an attack (chat, lightwalletd): they cost nothing but
// their octets.
TEST_P(LimitsTest, SmallDataFramesAreNoGlitches) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1));
  for (int i = 0; i < 5000; ++i) peer.Sends(Data(1, "x"));
  EXPECT_THAT(peer.Events(), ElementsAre("request 1 POST /a.B/C", "data 1 [5000]"));
  EXPECT_EQ(peer.connection().buffered_bytes(), 0u);
}

TEST_P(LimitsTest, TooManyPingsHaveTheNameThatClientsKnow) {
  ScriptedPeer peer = Peer();
  peer.Sends(Ping(1) + Ping(2) + Ping(3));
  EXPECT_THAT(peer.Hears(), ElementsAre("PING ack 1", "PING ack 2", "PING ack 3"));
  peer.Sends(Ping(4));
  EXPECT_THAT(peer.Hears(),
              ElementsAre("PING ack 4", "GOAWAY 0 ENHANCE_YOUR_CALM 'too_many_pings'"));
}

TEST_P(LimitsTest, PingsAlongsideResponsesAreWelcome) {
  ScriptedPeer peer = Peer();
  for (StreamId id = 1; id < 101; id += 2) {
    peer.Sends(Request(id) + Ping(id) + Ping(id));
    Answer(peer, id);
  }
  EXPECT_FALSE(peer.connection().has_failed());
}

TEST_P(LimitsTest, KeepaliveAtTheIntervalIsWelcomeWithStreams) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1));
  for (int i = 0; i < 20; ++i) {
    peer.Sends(Ping(1));
    peer.Passes(5min);
  }
  EXPECT_FALSE(peer.connection().has_failed());
}

TEST_P(LimitsTest, AHeaderBlockIsRefusedBeforeItsOctetsAreStored) {
  options_.header_block_bytes_max = 20000;
  ScriptedPeer peer = Peer();
  peer.Sends(std::string(Headers(1).Block(std::string(16000, 'x')).Unfinished()));
  EXPECT_EQ(peer.connection().buffered_bytes(), 16000u);
  peer.Sends(FrameHeaderOnly(4001, frame_type::kContinuation, 4, 1));
  EXPECT_THAT(peer.Events(), ElementsAre("failed ENHANCE_YOUR_CALM header_block_too_large"));
  peer.Hears();
  EXPECT_EQ(peer.connection().buffered_bytes(), 0u);
}

TEST_P(LimitsTest, WhatIsSkippedIsNotStored) {
  ScriptedPeer peer = Peer();
  peer.Sends(FrameHeaderOnly(16384, frame_type::kUnknown, 0, 0) + std::string(16383, 'x'));
  EXPECT_EQ(peer.connection().buffered_bytes(), 0u);
  peer.Sends("x" + GoAway(0, ErrorCode::kNoError, std::string(10000, 'd')).substr(0, 9000));
  EXPECT_EQ(peer.connection().buffered_bytes(), 0u);
  EXPECT_THAT(peer.Events(), ElementsAre("going away NO_ERROR"));
}

// 100 streams and SETTINGS that move all of their windows, many times in each frame: the work for a
// frame does not grow with its entries.
TEST_P(LimitsTest, SettingsThatMoveAllWindowsAreAnsweredOnceForAFrame) {
  ScriptedPeer peer = Peer();
  for (StreamId id = 1; id < 201; id += 2) {
    peer.Sends(Request(id));
    peer.connection().SendHeaders(peer.Key(id), kOkTemplate);
  }
  peer.Hears();
  for (int i = 0; i < 50; ++i) {
    peer.Sends(Settings({{4, 0}, {4, 0x7fffffff}, {4, 0}, {4, 0x7fffffff}, {4, 0}}));
    EXPECT_THAT(peer.Hears(), ElementsAre("SETTINGS ack"));
  }
}

}  // namespace
}  // namespace weir::http2
