// From readable to the handler: reading, pausing, and the ways in which input ends.
#include <errno.h>

#include <chrono>
#include <string>

#include "tests/testing/segmenter.h"
#include "tests/transport/driver/driver_fixture.h"

namespace weir::driver {
namespace {

using ::testing::Contains;
using testing::Data;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kPreface;
using testing::LastData;
using ::testing::Not;
using testing::OpenRequest;
using testing::Request;
using testing::Segmentation;
using testing::Segmenter;
using testing::Settings;
using testing::SettingsAck;
using ::testing::StartsWith;

class InputAtEverySplit : public DriverTest, public ::testing::WithParamInterface<Segmentation> {};

INSTANTIATE_TEST_SUITE_P(Split, InputAtEverySplit, ::testing::ValuesIn(testing::AllSegmentations()),
                         [](const auto& test) { return testing::NameOf(test.param); });

TEST_P(InputAtEverySplit, ReachesTheHandler) {
  Client& client = Connect();
  std::string joined;
  client.record.on_event = [&](ConnectionDriver&, const http2::Event& event) {
    if (event.kind == http2::Event::Kind::kDataReceived) joined += AsText(event.data);
  };
  const std::string octets = std::string(kPreface) + Settings() + SettingsAck() + OpenRequest(1) +
                             Data(1, "hello ") + LastData(1, "world") + Request(3);
  Segmenter(GetParam()).Split(octets, [&](ByteView piece) { client.wire.Sends(AsText(piece)); });
  Settle();
  EXPECT_EQ(joined, "hello world");
  std::erase_if(client.record.lines, [](const std::string& l) { return l.starts_with("data"); });
  EXPECT_THAT(client.record.lines, ElementsAre("request 1", "end 1", "request 3", "end 3"));
}

class Input : public DriverTest {};

TEST_F(Input, IsReadOnceATurn) {
  options_.read_buffer_bytes = 4096;
  Client& client = ConnectAndStart();
  client.Sends(OpenRequest(1) + Data(1, std::string(10'000, 'x')));
  loop_.RunTurn();
  EXPECT_EQ(client.wire.TakeReadCount(), 1);
  EXPECT_TRUE(client.wire.has_arriving());
  loop_.RunTurn();
  EXPECT_EQ(client.wire.TakeReadCount(), 1);
}

TEST_F(Input, OfOneConnectionDoesNotKeepAnotherWaiting) {
  options_.read_buffer_bytes = 4096;
  Client& busy = ConnectAndStart();
  Client& other = ConnectAndStart();
  busy.Sends(OpenRequest(1) + Data(1, std::string(16'000, 'x')));
  other.Sends(Request(1));
  loop_.RunTurn();
  EXPECT_THAT(other.record.lines, ElementsAre("request 1", "end 1"));
  EXPECT_TRUE(busy.wire.has_arriving());
}

// Frames of the connection that were handled in the turn.
class InputOfSmallFrames : public DriverTest {
 protected:
  static constexpr size_t kPings = 20'000;

  void SendsPings(Client& client) {
    std::string pings;
    for (size_t i = 0; i < kPings; ++i) pings += testing::Ping(1);
    client.wire.Sends(pings);
  }
  uint64_t FramesOfOneTurn() {
    const uint64_t before = worker().counters().frames_received;
    loop_.RunTurn();
    return worker().counters().frames_received - before;
  }
};

TEST_F(InputOfSmallFrames, IsReadInSmallPieces) {
  options_.http2.peer_ping_strikes_max = UINT32_MAX;
  options_.http2.queued_replies_pause = UINT32_MAX;
  options_.http2.queued_replies_max = UINT32_MAX;
  Client& client = ConnectAndStart();
  SendsPings(client);
  EXPECT_LE(FramesOfOneTurn(), 16 * 1024 / 17 + 1);  // nothing was known yet
  EXPECT_EQ(worker().counters().limits.hits(http2::Limit::kTurnFrames), 1);
  for (int turn = 0; turn < 20; ++turn) {
    const uint64_t frames = FramesOfOneTurn();
    EXPECT_GE(frames, options_.turn_frames_max / 2);
    EXPECT_LE(frames, options_.turn_frames_max + 1);
  }
  Settle();
  EXPECT_EQ(client.Hears().size(), kPings);
}

TEST_F(Input, OfLargeFramesIsReadInEverLargerPieces) {
  options_.read_buffer_bytes = 64 * 1024;
  Client& client = ConnectAndStart();
  client.Sends(OpenRequest(1) + Data(1, std::string(16'000, 'x')) +
               Data(1, std::string(16'000, 'x')) + Data(1, std::string(16'000, 'x')) +
               Data(1, std::string(16'000, 'x')));
  Settle();
  EXPECT_EQ(client.wire.TakeReadCount(), 4);  // of 8, 16, 32 and the rest of 64 KiB
  EXPECT_EQ(worker().counters().limits.hits(http2::Limit::kTurnFrames), 0);
}

TEST_F(Input, StopsWhileTheConnectionWantsNone) {
  options_.http2.output_pause_bytes = 1000;
  options_.http2.output_batch_bytes = 4000;
  Client& client = ConnectAndStart();
  client.record.on_event = AnswerWith(std::string(8'000, 'x'));
  client.wire.Takes(0);
  client.Sends(Request(1));
  Settle();
  ASSERT_EQ(loop_.InterestOf(client.wire.fd()), (net::Interest{.read = false, .write = true}));
  client.Sends(Request(3));
  Settle();
  EXPECT_THAT(client.record.lines, Not(Contains("request 3")));

  client.wire.TakesEverything();
  Settle();
  EXPECT_THAT(client.record.lines, Contains("end 3"));
  EXPECT_EQ(loop_.InterestOf(client.wire.fd()), (net::Interest{.read = true, .write = false}));
}

TEST_F(Input, ThatEndsClosesTheConnectionAndTellsTheHandlerOnce) {
  Client& client = ConnectAndStart();
  client.Sends(OpenRequest(1));
  client.wire.EndsSending();
  Settle();
  EXPECT_THAT(client.record.lines, ElementsAre("request 1", "closed", "destroyed"));
  EXPECT_TRUE(client.wire.is_closed());
  EXPECT_EQ(loop_.watch_count(), 0u);
}

TEST_F(Input, ThatFailsClosesTheConnectionAndTellsTheHandlerOnce) {
  Client& client = ConnectAndStart();
  client.wire.Breaks(ECONNRESET);
  Settle();
  EXPECT_THAT(client.record.lines, ElementsAre("closed", "destroyed"));
  EXPECT_TRUE(client.wire.is_closed());
}

TEST_F(Input, IsNotWaitedForAfterAHangupOfAPausedConnection) {
  options_.http2.output_pause_bytes = 1000;
  Client& client = ConnectAndStart();
  client.record.on_event = AnswerWith(std::string(8'000, 'x'));
  client.wire.Takes(0);
  client.Sends(Request(1));
  Settle();
  ASSERT_FALSE(loop_.InterestOf(client.wire.fd())->read);
  loop_.SetReady(client.wire.fd(), /*readable=*/true, /*writable=*/false, /*hangup=*/true);
  loop_.RunTurn();
  EXPECT_TRUE(client.wire.is_closed());
}

TEST_F(Input, ThatArrivedBeforeAHangupIsStillRead) {
  Client& client = ConnectAndStart();
  client.Sends(Request(1));
  loop_.SetReady(client.wire.fd(), /*readable=*/true, /*writable=*/false, /*hangup=*/true);
  loop_.RunTurn();
  EXPECT_THAT(client.record.lines, ElementsAre("request 1", "end 1"));
}

TEST_F(Input, ThatDoesNotComeIsNoError) {
  Client& client = ConnectAndStart();
  loop_.SetReady(client.wire.fd(), /*readable=*/true, /*writable=*/false);
  loop_.RunTurn();
  EXPECT_FALSE(client.wire.is_closed());
  EXPECT_THAT(client.record.lines, IsEmpty());
}

TEST_F(Input, WithoutThePrefaceGetsGoAwayThenItsTimeToReadIt) {
  Client& client = Connect();
  client.wire.Sends("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  Settle();
  EXPECT_THAT(client.record.lines, ElementsAre("failed", "closed"));
  EXPECT_THAT(client.Hears(), Contains(StartsWith("GOAWAY 0 PROTOCOL_ERROR")));
  EXPECT_TRUE(client.wire.is_shut());
  EXPECT_FALSE(client.wire.is_closed());

  loop_.Advance(std::chrono::milliseconds(999));
  EXPECT_FALSE(client.wire.is_closed());
  loop_.Advance(std::chrono::milliseconds(3));
  EXPECT_TRUE(client.wire.is_closed());
}

TEST_F(Input, OfALingeringConnectionIsThrownAwayUntilThePeerCloses) {
  Client& client = Connect();
  client.wire.Sends("not a preface at all, but long enough");
  Settle();
  ASSERT_TRUE(client.wire.is_shut());
  client.wire.Sends(std::string(1000, 'x'));
  Settle();
  EXPECT_FALSE(client.wire.is_closed());
  EXPECT_FALSE(client.wire.has_arriving());
  client.wire.EndsSending();
  Settle();
  EXPECT_TRUE(client.wire.is_closed());
  EXPECT_THAT(client.record.lines, ElementsAre("failed", "closed", "destroyed"));
}

TEST_F(Input, OfALingeringConnectionIsBounded) {
  options_.linger_bytes_max = 10'000;
  Client& client = Connect();
  client.wire.Sends("not a preface at all, but long enough");
  Settle();
  client.wire.Sends(std::string(9'999, 'x'));
  Settle();
  EXPECT_FALSE(client.wire.is_closed());
  client.wire.Sends("x");
  Settle();
  EXPECT_TRUE(client.wire.is_closed());
}

TEST_F(Input, HasToBeginInTime) {
  Client& client = Connect();
  loop_.Advance(std::chrono::milliseconds(9'990));
  client.Hears();
  EXPECT_THAT(client.record.lines, IsEmpty());
  loop_.Advance(std::chrono::milliseconds(20));
  EXPECT_THAT(client.record.lines, ElementsAre("failed", "closed"));
  EXPECT_THAT(client.Hears(), ElementsAre(StartsWith("GOAWAY 0")));
  EXPECT_TRUE(client.wire.is_shut());
}

TEST_F(Input, LeavesNothingBehindOnAnIdleConnection) {
  Client& client = ConnectAndStart();
  client.record.on_event = AnswerWith("body");
  for (uint32_t id = 1; id < 41; id += 2) client.Sends(Request(id));
  Settle();
  EXPECT_EQ(client.record.driver->buffered_bytes(), 0u);
  // Of a frame that is not complete, something has to be kept.
  client.wire.Sends(Request(41).substr(0, 20));
  Settle();
  EXPECT_GT(client.record.driver->buffered_bytes(), 0u);
}

}  // namespace
}  // namespace weir::driver
