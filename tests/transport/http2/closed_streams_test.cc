#include "transport/http2/closed_streams.h"

#include <gtest/gtest.h>

namespace weir::http2 {
namespace {

using enum ReceiveState;

TEST(ClosedStreams, RemembersHowEachWasClosed) {
  for (const StreamId id : {StreamId{1}, StreamId{3}, StreamId{255}, kStreamIdMax}) {
    for (const ReceiveState how : {kEnded, kResetByPeer, kResetByUs}) {
      ClosedStreams closed;
      closed.Remember(id, how);
      EXPECT_EQ(closed.StateOf(id), how);
    }
  }
}

TEST(ClosedStreams, AStreamCanBeResetOnceMore) {
  ClosedStreams closed;
  closed.Remember(3, kResetByPeer);
  closed.Remember(3, kResetByUs);
  EXPECT_EQ(closed.StateOf(3), kResetByUs);
}

TEST(ClosedStreams, TellsSkippedIdsFromForgottenOnes) {
  ClosedStreams closed;
  EXPECT_EQ(closed.StateOf(1), kSkipped);
  closed.Remember(5, kEnded);
  EXPECT_EQ(closed.StateOf(1), kSkipped);
  EXPECT_EQ(closed.StateOf(3), kSkipped);
  closed.Remember(5 + 2 * ClosedStreams::kRemembered, kEnded);
  EXPECT_EQ(closed.StateOf(5), kEnded);  // forgotten, but its place is taken by a younger one
  EXPECT_EQ(closed.StateOf(7), kSkipped);
}

// However few are remembered.
TEST(ClosedStreams, TellsSkippedIdsFromOthersThatWouldShareTheirPlace) {
  for (const StreamId later : {19u, 35u, 67u, 131u}) {
    ClosedStreams closed;
    closed.Remember(1, kEnded);
    for (StreamId id = 5; id <= later; id += 2) closed.Remember(id, kEnded);
    EXPECT_EQ(closed.StateOf(3), kSkipped) << later;
    EXPECT_EQ(closed.StateOf(5), kEnded) << later;
    EXPECT_EQ(closed.StateOf(later), kEnded);
  }
}

TEST(ClosedStreams, RemembersTheLastOnes) {
  ClosedStreams closed;
  for (StreamId id = 1; id < 2001; id += 2) {
    closed.Remember(id, id % 3 == 0 ? kResetByPeer : kEnded);
  }
  for (StreamId id = 2001 - 2 * ClosedStreams::kRemembered; id < 2001; id += 2) {
    EXPECT_EQ(closed.StateOf(id), id % 3 == 0 ? kResetByPeer : kEnded) << id;
  }
}

// A stream that lives long and closes late must not make a younger one look as if it had never
// been.
TEST(ClosedStreams, AnOldStreamDoesNotTakeTheYoungersPlace) {
  ClosedStreams closed;
  const StreamId younger = 1 + 2 * ClosedStreams::kRemembered;
  closed.Remember(younger, kResetByUs);
  closed.Remember(1, kEnded);
  EXPECT_EQ(closed.StateOf(younger), kResetByUs);
  EXPECT_EQ(closed.StateOf(1), kEnded);
}

// Frames in flight to a stream that we reset must not end the connection, however many streams were
// closed since.
TEST(ClosedStreams, GivesForgottenStreamsTheBenefitOfTheDoubtUpToTheLastReset) {
  ClosedStreams closed;
  for (StreamId id = 1; id < 2001; id += 2) closed.Remember(id, id <= 401 ? kResetByUs : kEnded);
  EXPECT_EQ(closed.StateOf(401), kResetByUs);
  EXPECT_EQ(closed.StateOf(1), kResetByUs);
  EXPECT_EQ(closed.StateOf(403), kEnded);
}

TEST(ClosedStreams, KeepsTheBenefitOfTheDoubtWhenItsMemoryIsReleased) {
  ClosedStreams closed;
  closed.Remember(1, kEnded);
  closed.Remember(3, kResetByUs);
  closed.Remember(5, kEnded);
  closed.ReleaseIdleMemory();
  EXPECT_EQ(closed.StateOf(1), kResetByUs);
  EXPECT_EQ(closed.StateOf(3), kResetByUs);
  EXPECT_EQ(closed.StateOf(5), kEnded);
  EXPECT_EQ(closed.StateOf(7), kSkipped);
  closed.Remember(9, kResetByPeer);
  EXPECT_EQ(closed.StateOf(9), kResetByPeer);
  EXPECT_EQ(closed.StateOf(7), kSkipped);
  EXPECT_EQ(closed.StateOf(5), kEnded);
}

}  // namespace
}  // namespace weir::http2
