// Who may send how much beyond an initial window: windows that grow, and large messages that wait
// for each other.
#include <string>

#include "tests/transport/http2/connection_fixture.h"

namespace weir::http2 {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class BudgetTest : public ConnectionTest {
 protected:
  BudgetTest() {
    options_.stream_window = 1000;
    options_.stream_window_max = 0;
    options_.receive_budget_bytes = 10'000;
  }
};
WEIR_AT_EVERY_SEGMENTATION(BudgetTest);

std::string Text(size_t size) { return std::string(size, 'x'); }

// ---- Growth.

TEST_P(BudgetTest, AWindowThatIsUsedDoublesUpToItsMaximum) {
  options_.stream_window_max = 3500;
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + Data(1, Text(500)));
  peer.connection().ReleaseWindow(peer.Key(1), 500);
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 1 +1500"));  // 500 back, 1,000 more
  peer.Sends(Data(1, Text(2000)));
  peer.connection().ReleaseWindow(peer.Key(1), 2000);
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 1 +3500"));  // to the maximum
  peer.Sends(Data(1, Text(3500)));
  peer.connection().ReleaseWindow(peer.Key(1), 3500);
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 1 +3500"));
  peer.Sends(Data(1, Text(3501)));
  EXPECT_THAT(peer.Hears(), ElementsAre("RST_STREAM 1 FLOW_CONTROL_ERROR"));
}

TEST_P(BudgetTest, AWindowThatNobodyEmptiesStaysAsItIs) {
  options_.stream_window_max = 4000;
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + Data(1, Text(1000)));
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Sends(Data(1, "x"));
  EXPECT_THAT(peer.Hears(), ElementsAre("RST_STREAM 1 FLOW_CONTROL_ERROR"));
}

TEST_P(BudgetTest, GrowthTakesHalfOfTheBudgetAndNoMore) {
  options_.stream_window_max = 4000;
  ScriptedPeer peer = Peer();
  const auto use = [&](StreamId id, size_t bytes) {
    peer.Sends(Data(id, Text(bytes)));
    peer.connection().ReleaseWindow(peer.Key(id), bytes);
    return peer.Hears();
  };
  peer.Sends(OpenRequest(1) + OpenRequest(3) + OpenRequest(5));
  EXPECT_THAT(use(1, 1000), ElementsAre("WINDOW_UPDATE 1 +2000"));
  EXPECT_THAT(use(1, 2000), ElementsAre("WINDOW_UPDATE 1 +4000"));  // 3,000 of 5,000
  EXPECT_THAT(use(3, 1000), ElementsAre("WINDOW_UPDATE 3 +2000"));
  EXPECT_THAT(use(3, 2000), ElementsAre("WINDOW_UPDATE 3 +3000"));  // 5,000 of 5,000
  EXPECT_THAT(use(5, 1000), ElementsAre("WINDOW_UPDATE 5 +1000"));
  // What an ended stream had, another may have.
  peer.Sends(LastData(1, "x"));
  EXPECT_THAT(use(5, 1000), ElementsAre("WINDOW_UPDATE 5 +2000"));
}

// ---- Messages.

TEST_P(BudgetTest, AMessageThatDoesNotFitWaitsForAnother) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + OpenRequest(3) + OpenRequest(5));
  peer.connection().ExtendWindow(peer.Key(1), 7000);
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 1 +6000"));
  peer.connection().ExtendWindow(peer.Key(3), 6000);
  EXPECT_THAT(peer.Hears(), IsEmpty());
  EXPECT_EQ(peer.counters().limits.hits(Limit::kReceiveBudget), 1u);
  // First come, first served: the third would fit, and waits.
  peer.connection().ExtendWindow(peer.Key(5), 2000);
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Sends(Data(1, Text(7000)));
  peer.connection().ReleaseWindow(peer.Key(1), 1000);
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 3 +5000"));
  peer.connection().ReleaseWindow(peer.Key(1), 6000);
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 1 +1000", "WINDOW_UPDATE 5 +1000"));
}

TEST_P(BudgetTest, TheEndOfAMessageOrOfItsStreamServesTheNext) {
  for (const bool is_reset : {false, true}) {
    ScriptedPeer peer = Peer();
    peer.Sends(OpenRequest(1) + OpenRequest(3));
    peer.connection().ExtendWindow(peer.Key(1), 11'000);
    peer.connection().ExtendWindow(peer.Key(3), 3000);
    EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 1 +10000"));
    peer.Sends(is_reset ? RstStream(1) : LastData(1, Text(2000)));
    EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 3 +2000"));
  }
}

TEST_P(BudgetTest, AMessageLargerThanTheBudgetComesAlone) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + OpenRequest(3));
  peer.connection().ExtendWindow(peer.Key(1), 2000);
  peer.connection().ExtendWindow(peer.Key(3), 50'000);
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 1 +1000"));
  peer.Sends(LastData(1, Text(2000)));
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 3 +49000"));
}

TEST_P(BudgetTest, AStreamThatEndsWhileItWaitsIsPassedOver) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + OpenRequest(3) + OpenRequest(5) + OpenRequest(7));
  peer.connection().ExtendWindow(peer.Key(1), 11'000);
  for (const StreamId id : {3, 5, 7}) peer.connection().ExtendWindow(peer.Key(id), 2000);
  peer.Hears();
  peer.Sends(RstStream(3) + LastData(5, "x"));
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.Sends(RstStream(1));
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 7 +1000"));
}

// Found by simulation: padding uses up window that a message was granted, and what it then lacks
// must not wait behind those that wait for it.
TEST_P(BudgetTest, AMessageUnderWayIsFinishedFirst) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + OpenRequest(3));
  peer.connection().ExtendWindow(peer.Key(1), 11'000);
  peer.connection().ExtendWindow(peer.Key(3), 2000);
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 1 +10000"));
  peer.Sends(PaddedData(1, Text(1000), 199, false));
  peer.connection().ExtendWindow(peer.Key(1), 10'000);
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 1 +200"));
  peer.Sends(LastData(1, Text(10'000)));
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 3 +1000"));
}

// Found by simulation: the end of all streams serves nobody, since GOAWAY was the last frame.
TEST_P(BudgetTest, NobodyIsServedBehindTheLastGoAway) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + OpenRequest(3));
  peer.connection().ExtendWindow(peer.Key(1), 11'000);
  peer.connection().ExtendWindow(peer.Key(3), 2000);
  peer.Hears();
  peer.connection().CloseNow(ErrorCode::kNoError, "bye");
  EXPECT_THAT(peer.Hears(), ElementsAre("GOAWAY 3 NO_ERROR 'bye'"));
}

// A hundred streams, each with a message but for its last octet: what they hold together is
// bounded.
TEST_P(BudgetTest, HoldsNoMoreThanTheWindowsAndTheBudget) {
  options_.stream_window = 100;
  ScriptedPeer peer = Peer();
  size_t held = 0;
  peer.on_event = [&](const Event& event) {
    if (event.kind != Event::Kind::kDataReceived) return;
    held += event.data.size();
    peer.connection().ExtendWindow(event.stream, 4000 - 1);
  };
  std::string opening;
  for (StreamId id = 1; id < 201; id += 2) opening += OpenRequest(id) + Data(id, "x");
  peer.Sends(opening);
  std::string granted;
  for (const std::string& line : peer.Hears()) {
    StreamId id = 0;
    uint32_t bytes = 0;
    if (std::sscanf(line.c_str(), "WINDOW_UPDATE %u +%u", &id, &bytes) == 2 && id != 0) {
      granted += Data(id, Text(bytes));
    }
  }
  peer.Sends(granted);
  EXPECT_GT(held, 7000u);
  EXPECT_LE(held, 100 * 100 + 10'000u);
  EXPECT_FALSE(peer.connection().has_failed());
}

// ---- Memory pressure.

TEST_P(BudgetTest, UnderPressureOneMessageComesAtATime) {
  MemoryPressureLevel pressure = MemoryPressure::kNoGrowth;
  options_.memory_pressure = &pressure;
  options_.stream_window_max = 4000;
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + OpenRequest(3) + Data(1, Text(1000)));
  peer.connection().ReleaseWindow(peer.Key(1), 1000);
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 1 +1000"));  // does not grow
  peer.connection().ExtendWindow(peer.Key(1), 2000);
  peer.connection().ExtendWindow(peer.Key(3), 2000);
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 1 +1000"));
  peer.Sends(LastData(1, Text(2000)));
  EXPECT_THAT(peer.Hears(), ElementsAre("WINDOW_UPDATE 3 +1000"));
}

TEST_P(BudgetTest, UnderMorePressureNewStreamsAreRefused) {
  MemoryPressureLevel pressure = MemoryPressure::kNoNewCalls;
  options_.memory_pressure = &pressure;
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1));
  EXPECT_THAT(peer.Hears(), ElementsAre("RST_STREAM 1 REFUSED_STREAM"));
  EXPECT_EQ(peer.counters().limits.hits(Limit::kMemoryNewCalls), 1u);
  pressure = MemoryPressure::kNoGrowth;
  peer.Sends(Request(3));
  EXPECT_THAT(peer.Hears(), IsEmpty());
}

// A busy client has not earned that its calls are refused.
TEST_P(BudgetTest, StreamsThatAreRefusedForWantOfMemoryCostThePeerNothing) {
  MemoryPressureLevel pressure = MemoryPressure::kNoNewCalls;
  options_.memory_pressure = &pressure;
  options_.refusals = options_.glitches = {.burst = 1, .per_second = 1};
  ScriptedPeer peer = Peer();
  for (StreamId id = 1; id < 101; id += 2) {
    peer.Sends(Request(id));
    EXPECT_THAT(peer.Hears(), ElementsAre("RST_STREAM " + std::to_string(id) + " REFUSED_STREAM"));
  }
  EXPECT_FALSE(peer.connection().has_failed());
  // They are replies all the same: who does not read them is not read from.
  options_.queued_replies_max = 3;
  ScriptedPeer deaf = Peer();
  deaf.Sends(Request(1) + Request(3));
  EXPECT_FALSE(deaf.connection().has_failed());
  deaf.Sends(Request(5));
  EXPECT_THAT(deaf.Events(), ElementsAre("failed ENHANCE_YOUR_CALM too_many_replies"));
}

}  // namespace
}  // namespace weir::http2
