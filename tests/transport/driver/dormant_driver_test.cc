// Connections that have had nothing to do for a while, and what wakes them up.
#include <chrono>

#include "tests/transport/driver/driver_fixture.h"

namespace weir::driver {
namespace {

using namespace std::chrono_literals;
using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DormantDriver : public DriverTest {
 protected:
  uint64_t dormancies() { return worker().counters().dormancies; }

  Client& Sleeper() {
    Client& client = ConnectAndStart();
    client.record.on_event = AnswerWith("");
    client.Sends(Request(1));
    Settle();
    client.Hears();
    Pass(5s);
    client.record.lines.clear();
    return client;
  }
  void Pass(Duration duration) {
    loop_.Advance(duration);
    Settle();
  }
};

TEST_F(DormantDriver, WakesUpForACall) {
  Client& client = Sleeper();
  EXPECT_EQ(dormancies(), 1u);
  client.Sends(Request(3));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre("HEADERS 3 :status=200", "HEADERS 3 end grpc-status=0"));
  Pass(5s);
  EXPECT_EQ(dormancies(), 2u);
}

TEST_F(DormantDriver, HasNothingOpen) {
  Client& client = Sleeper();
  ConnectionDriver& driver = *client.record.driver;
  EXPECT_EQ(driver.open_streams(), 0u);
  EXPECT_EQ(driver.buffered_bytes(), 0u);
  http2::StreamKey key;
  EXPECT_EQ(driver.LargestStalledStream(&key), 0u);
  driver.GiveUpStalledStream(key);
  EXPECT_FALSE(driver.HasLargeOutput());
  driver.MarkDirty();
  Settle();  // whoever was awake would sleep again
  EXPECT_EQ(dormancies(), 1u);
  EXPECT_THAT(client.Hears(), IsEmpty());
}

TEST_F(DormantDriver, StaysAwakeForAHandlerThatIsNotIdle) {
  Client& client = ConnectAndStart();
  client.record.on_event = AnswerWith("");
  client.record.is_idle = false;
  client.Sends(Request(1));
  Settle();
  Pass(5s);
  EXPECT_EQ(dormancies(), 0u);
  client.record.is_idle = true;
  client.record.driver->HandlerBecameIdle();
  Settle();
  EXPECT_EQ(dormancies(), 1u);
}

// A key of a stream that is over must be of no effect.
TEST_F(DormantDriver, WakesUpForItsHandler) {
  Client& client = Sleeper();
  client.record.driver->connection().ResetStream({}, http2::ErrorCode::kCancel);
  client.record.driver->MarkDirty();
  Settle();
  EXPECT_EQ(dormancies(), 2u);
  EXPECT_THAT(client.Hears(), IsEmpty());
}

TEST_F(DormantDriver, IsAskedForASignOfLife) {
  options_.http2.keepalive_time = 60s;
  options_.http2.keepalive_timeout = 20s;
  Client& client = Sleeper();
  Pass(56s);
  EXPECT_THAT(client.Hears(), Contains(::testing::HasSubstr("PING")));
  Pass(5s);
  EXPECT_EQ(dormancies(), 2u);  // while it waits
  Pass(16s);
  EXPECT_THAT(client.record.lines, ElementsAre("failed", "closed", "destroyed"));
}

TEST_F(DormantDriver, IsDrained) {
  Client& client = Sleeper();
  worker().BeginDrain();
  Settle();
  EXPECT_THAT(client.Hears(), Contains("GOAWAY 2147483647 NO_ERROR 'graceful_stop'"));
  EXPECT_THAT(client.record.lines, Contains("drain"));
  Pass(10s);
  EXPECT_THAT(client.Hears(), ElementsAre("GOAWAY 1 NO_ERROR 'graceful_stop'"));
}

TEST_F(DormantDriver, IsAborted) {
  Client& client = Sleeper();
  worker().Abort();
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre("GOAWAY 1 NO_ERROR 'server stopped'"));
}

TEST_F(DormantDriver, IsClosedByItsClient) {
  Client& client = Sleeper();
  client.wire.EndsSending();
  Settle();
  EXPECT_THAT(client.record.lines, ElementsAre("closed", "destroyed"));
}

TEST_F(DormantDriver, MayBeDestroyed) {
  Sleeper();
  EXPECT_EQ(dormancies(), 1u);
}

}  // namespace
}  // namespace weir::driver
