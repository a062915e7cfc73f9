// How connections end on our side: drain, abort, lingering, and handlers that take their time.
#include <algorithm>
#include <chrono>
#include <string>

#include "tests/transport/driver/driver_fixture.h"

namespace weir::driver {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::LastData;
using testing::OpenRequest;
using testing::PingAck;
using testing::Request;

// "drain!!!", which is what the engine puts in the PING between two GOAWAYs.
constexpr uint64_t kDrainPing = 0x64'72'61'69'6e'21'21'21;

class Drain : public DriverTest {};

TEST_F(Drain, SaysGoAwayTwiceWithAPingBetween) {
  Client& client = ConnectAndStart();
  client.Sends(OpenRequest(1));
  Settle();
  worker().BeginDrain();
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre("GOAWAY 2147483647 NO_ERROR 'graceful_stop'",
                                          "PING " + std::to_string(kDrainPing)));
  EXPECT_THAT(client.record.lines, ElementsAre("request 1", "drain"));

  // A request that crossed the first GOAWAY is served.
  client.record.on_event = AnswerWith("");
  client.Sends(Request(3) + PingAck(kDrainPing));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre("HEADERS 3 :status=200", "HEADERS 3 end grpc-status=0",
                                          "GOAWAY 3 NO_ERROR 'graceful_stop'"));
  EXPECT_FALSE(client.wire.is_shut());

  client.Sends(LastData(1, "last"));
  Settle();
  EXPECT_THAT(client.Hears(), Contains("HEADERS 1 end grpc-status=0"));
  EXPECT_TRUE(client.wire.is_shut());
  client.wire.EndsSending();
  Settle();
  EXPECT_TRUE(client.wire.is_closed());
  EXPECT_EQ(client.record.lines.back(), "destroyed");
}

TEST_F(Drain, OfAnIdleConnectionDoesNotNeedTheClient) {
  Client& client = ConnectAndStart();
  worker().BeginDrain();
  Settle();
  loop_.Advance(std::chrono::milliseconds(6'100));  // the PING's time, then lingering
  EXPECT_THAT(client.Hears(), Contains("GOAWAY 0 NO_ERROR 'graceful_stop'"));
  EXPECT_TRUE(client.wire.is_closed());
}

TEST_F(Drain, ReachesConnectionsThatComeLater) {
  worker().BeginDrain();
  Client& client = Connect();
  Settle();
  EXPECT_THAT(client.Hears(), Contains("GOAWAY 2147483647 NO_ERROR 'graceful_stop'"));
}

TEST_F(Drain, LeavesAConnectionAloneThatIsClosingAnyway) {
  Client& client = Connect();
  client.wire.Sends("not a preface at all, but long enough");
  Settle();
  client.Hears();
  worker().BeginDrain();
  Settle();
  EXPECT_THAT(client.Hears(), IsEmpty());
  EXPECT_THAT(client.record.lines, ElementsAre("failed", "closed"));
}

class Abort : public DriverTest {};

TEST_F(Abort, CancelsSaysGoAwayAndCloses) {
  Client& client = ConnectAndStart();
  client.Sends(OpenRequest(1));
  Settle();
  worker().Abort();
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre("GOAWAY 1 NO_ERROR 'server stopped'"));
  EXPECT_THAT(client.record.lines, ElementsAre("request 1", "abort", "closed"));
  EXPECT_TRUE(client.wire.is_shut());
  client.wire.EndsSending();
  Settle();
  EXPECT_TRUE(client.wire.is_closed());
}

TEST_F(Abort, SendsWhatTheHandlerSaysToIt) {
  Client& client = ConnectAndStart();
  http2::StreamKey stream;
  client.record.on_event = [&](ConnectionDriver&, const http2::Event& event) {
    stream = event.stream;
  };
  client.record.on_abort = [&] {
    client.record.driver->connection().SendTrailers(stream, http2::OutputFields(kTrailerFields));
  };
  client.Sends(Request(1));
  Settle();
  worker().Abort();
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre("HEADERS 1 end grpc-status=0", "GOAWAY 1 NO_ERROR 'server stopped'"));
}

TEST_F(Abort, DoesNotWaitForASocketThatWasBlocked) {
  Client& client = ConnectAndStart();
  client.record.on_event = AnswerWith("body");
  client.wire.Takes(0);
  client.Sends(Request(1));
  Settle();
  worker().Abort();
  loop_.RunTurn();
  EXPECT_TRUE(client.wire.is_closed());
  EXPECT_EQ(client.record.lines.back(), "destroyed");
}

TEST_F(Abort, DoesNotWaitForASocketThatBecomesBlockedByIt) {
  Client& client = ConnectAndStart();
  client.record.on_event = [](ConnectionDriver& driver, const http2::Event& event) {
    if (event.kind != http2::Event::Kind::kStreamEnded) return;
    driver.connection().SendHeaders(event.stream, http2::OutputFields(kHeaderFields));
    uint8_t* place = driver.connection().PlaceData(event.stream, 16'000);
    ASSERT_NE(place, nullptr);
    std::fill_n(place, 16'000, 'x');
  };
  client.Sends(Request(1));
  client.wire.Takes(1'000);  // of the output of this turn
  loop_.PostFunction([this] { worker().Abort(); });
  loop_.RunTurn();
  EXPECT_TRUE(client.wire.is_closed());
}

TEST_F(Abort, ASecondTimeDoesNotWaitForThePeerToClose) {
  Client& client = ConnectAndStart();
  worker().Abort();
  Settle();
  EXPECT_FALSE(client.wire.is_closed());
  worker().Abort();
  Settle();
  EXPECT_TRUE(client.wire.is_closed());
}

TEST_F(Abort, ReachesConnectionsThatComeLater) {
  worker().Abort();
  Client& client = Connect();
  Settle();
  EXPECT_THAT(client.record.lines, ElementsAre("abort", "closed"));
  EXPECT_TRUE(client.wire.is_shut());
}

TEST_F(Abort, EndsADrain) {
  Client& client = ConnectAndStart();
  client.Sends(OpenRequest(1));
  Settle();
  worker().BeginDrain();
  Settle();
  worker().Abort();
  Settle();
  EXPECT_TRUE(client.wire.is_shut());
  EXPECT_THAT(client.record.lines, ElementsAre("request 1", "drain", "abort", "closed"));
}

class HandlerLife : public DriverTest {};

TEST_F(HandlerLife, OutlastsItsConnectionUntilItIsIdle) {
  Client& client = ConnectAndStart();
  client.Sends(OpenRequest(1));
  client.wire.EndsSending();
  client.record.is_idle = false;
  Settle();
  EXPECT_THAT(client.record.lines, ElementsAre("request 1", "closed"));
  ASSERT_NE(client.record.driver, nullptr);
  loop_.Advance(std::chrono::hours(1));
  EXPECT_NE(client.record.driver, nullptr);
  EXPECT_FALSE(worker().is_empty());

  client.record.is_idle = true;
  client.record.driver->HandlerBecameIdle();
  Settle();
  EXPECT_THAT(client.record.lines, ElementsAre("request 1", "closed", "destroyed"));
  EXPECT_TRUE(worker().is_empty());
}

TEST_F(HandlerLife, OutlastsLingeringToo) {
  Client& client = ConnectAndStart();
  client.record.is_idle = false;
  worker().Abort();
  loop_.Advance(std::chrono::seconds(2));
  EXPECT_THAT(client.record.lines, ElementsAre("abort", "closed"));
  client.record.is_idle = true;
  client.record.driver->HandlerBecameIdle();
  Settle();
  EXPECT_TRUE(client.wire.is_closed());
}

TEST_F(HandlerLife, MayGiveCommandsWhileTheConnectionCloses) {
  Client& client = ConnectAndStart();
  http2::StreamKey stream;
  client.record.on_event = [&](ConnectionDriver&, const http2::Event& event) {
    stream = event.stream;
  };
  client.record.on_closed = [&] {
    http2::Connection& connection = client.record.driver->connection();
    connection.SendTrailers(stream, http2::OutputFields(kTrailerFields));
    connection.ReleaseStream(stream);
    client.record.driver->MarkDirty();
  };
  client.Sends(Request(1));
  Settle();
  client.wire.Breaks();
  Settle();
  EXPECT_TRUE(client.wire.is_closed());
  EXPECT_THAT(client.Hears(), IsEmpty());
  EXPECT_EQ(client.record.lines.back(), "destroyed");
}

TEST_F(HandlerLife, HearsNothingAfterTheEnd) {
  Client& client = ConnectAndStart();
  client.record.is_idle = false;
  client.wire.Sends(Request(1) + "rubbish of more than nine octets, which ends the connection");
  client.wire.Sends(Request(3));
  loop_.Advance(std::chrono::seconds(2));
  EXPECT_THAT(client.record.lines, ElementsAre("request 1", "end 1", "failed", "closed"));
}

}  // namespace
}  // namespace weir::driver
