// From the handler's commands to the socket: when is written, how much, and what blocks.
#include <errno.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>

#include "tests/transport/driver/driver_fixture.h"

namespace weir::driver {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Ping;
using testing::Request;
using testing::RstStream;
using testing::Settings;
using testing::WindowUpdate;

constexpr uint16_t kInitialWindowSize = 4;

class Output : public DriverTest {};

TEST_F(Output, OfATurnLeavesWithOneWrite) {
  Client& client = ConnectAndStart();
  client.record.on_event = AnswerWith("body");
  client.Sends(Request(1) + Request(3) + Request(5) + Ping(7));
  loop_.RunTurn();
  EXPECT_EQ(client.wire.TakeWriteCount(), 1);
  EXPECT_EQ(client.Hears().size(), 3u * 3 + 1);
}

TEST_F(Output, BeginsWithOurSettingsBeforeAnyInput) {
  Client& client = Connect();
  loop_.RunTurn();
  const std::vector<std::string> heard = client.Hears();
  ASSERT_FALSE(heard.empty());
  EXPECT_EQ(heard[0].substr(0, 9), "SETTINGS ");
}

TEST_F(Output, OfCommandsOutsideOfEventsLeavesAfterMarkDirty) {
  Client& client = ConnectAndStart();
  client.record.driver->connection().Ping(5);
  loop_.RunTurn();
  EXPECT_THAT(client.Hears(), IsEmpty());
  client.record.driver->MarkDirty();
  client.record.driver->MarkDirty();
  loop_.RunTurn();
  EXPECT_THAT(client.Hears(), ElementsAre("PING 5"));
  EXPECT_EQ(client.wire.TakeWriteCount(), 1);
}

TEST_F(Output, ThatTheSocketDoesNotTakeArmsWriteReadiness) {
  Client& client = ConnectAndStart();
  client.record.on_event = AnswerWith("body");
  client.wire.Takes(0);
  client.Sends(Request(1));
  loop_.RunTurn();
  EXPECT_EQ(loop_.InterestOf(client.wire.fd()), (net::Interest{.read = true, .write = true}));
  EXPECT_THAT(client.Hears(), IsEmpty());

  // Further output waits with it: no write is tried in vain.
  client.wire.TakeWriteCount();
  client.Sends(Request(3));
  loop_.RunTurn();
  EXPECT_EQ(client.wire.TakeWriteCount(), 0);

  client.wire.TakesEverything();
  loop_.RunTurn();
  EXPECT_EQ(client.Hears().size(), 6u);
  EXPECT_EQ(loop_.InterestOf(client.wire.fd()), (net::Interest{.read = true, .write = false}));
}

TEST_F(Output, WrittenInPiecesArrivesWhole) {
  Client& client = ConnectAndStart();
  client.record.on_event = AnswerWith(std::string(30'000, 'x'));
  client.wire.TakesAtOnce(7);
  client.Sends(Request(1));
  for (int turn = 0; turn < 10'000 && client.record.driver->buffered_bytes() > 0; ++turn) {
    loop_.RunTurn();
  }
  client.wire.TakesAtOnce(SIZE_MAX);
  Settle();
  EXPECT_EQ(client.Hears().back(), "HEADERS 1 end grpc-status=0");
}

TEST_F(Output, ThatCannotBeWrittenClosesTheConnection) {
  Client& client = ConnectAndStart();
  client.record.driver->connection().Ping(5);
  client.record.driver->MarkDirty();
  client.wire.Breaks(EPIPE);
  // Not seen by reading, as if it happened between two turns.
  loop_.SetReady(client.wire.fd(), false, false);
  loop_.RunTurn();
  EXPECT_TRUE(client.wire.is_closed());
  EXPECT_THAT(client.record.lines, ElementsAre("closed", "destroyed"));
}

TEST_F(Output, OfAHandlerThatAlwaysHasMoreLetsOthersGoFirst) {
  Client& greedy = ConnectAndStart(Settings({{kInitialWindowSize, 0x7fffffff}}));
  Client& other = ConnectAndStart();
  greedy.record.on_event = [](ConnectionDriver& driver, const http2::Event& event) {
    using Kind = http2::Event::Kind;
    http2::Connection& connection = driver.connection();
    if (event.kind == Kind::kStreamEnded) {
      connection.SendHeaders(event.stream, http2::OutputFields(kHeaderFields));
    } else if (event.kind != Kind::kStreamWritable) {
      return;
    }
    connection.SendData(event.stream, Buffer::CopyOf(AsBytes(std::string(200'000, 'x'))));
    driver.MarkDirty();
  };
  other.record.on_event = AnswerWith("body");
  greedy.Sends(Request(1) + WindowUpdate(0, 0x7fff0000));
  other.Sends(Request(1));
  greedy.wire.TakeWriteCount();
  loop_.RunTurn();
  EXPECT_EQ(other.Hears().size(), 3u);
  EXPECT_EQ(greedy.wire.TakeWriteCount(), 2);
  EXPECT_TRUE(loop_.has_work_left());  // it goes on without being asked
  loop_.RunTurn();
  EXPECT_GT(greedy.wire.TakeWriteCount(), 0);
  greedy.Sends(RstStream(1));
  Settle();
}

// And in turns: the others wait for one of them, and small answers for nobody.
TEST_F(Output, OfLargePayloadsLeavesInLargePiecesOneATurn) {
  constexpr size_t kMiB = 1024 * 1024;
  const std::string settings = testing::Settings({{4, 0x7fffffff}});
  std::vector<Client*> large;
  for (int i = 0; i < 3; ++i) {
    Client& client = ConnectAndStart(settings);
    client.record.on_event = AnswerWith(std::string(3 * kMiB, 'x'));
    client.Sends(testing::WindowUpdate(0, 0x70000000));
    Settle();
    large.push_back(&client);
  }
  Client& small = ConnectAndStart();
  small.record.on_event = AnswerWith("small");
  for (Client* client : large) client->Sends(testing::Request(1));
  std::string order;
  std::vector<size_t> written(large.size());
  for (uint32_t turn = 0; turn < 20; ++turn) {
    small.Sends(testing::Request(2 * turn + 1));
    loop_.RunTurn();
    EXPECT_THAT(small.Hears(), ::testing::Contains(::testing::HasSubstr("'small'")));
    for (size_t i = 0; i < large.size(); ++i) {
      const size_t size = large[i]->wire.TakeWritten().size();
      if (size > kMiB / 2) order += static_cast<char>('a' + i);
      EXPECT_LE(size, kMiB + kMiB / 4);
      written[i] += size;
    }
  }
  EXPECT_EQ(order, "abcabcabc");
  for (const size_t size : written) EXPECT_GT(size, 3 * kMiB);
}

// What a connection that waits for its turn has to say besides does not wait.
TEST_F(Output, BesideLargePayloadsIsNotDelayedByThoseOfOthers) {
  constexpr size_t kMiB = 1024 * 1024;
  std::vector<Client*> clients;
  for (int i = 0; i < 4; ++i) {
    Client& client = ConnectAndStart(Settings({{kInitialWindowSize, 0x7fffffff}}));
    client.record.on_event = [](ConnectionDriver& driver, const http2::Event& event) {
      AnswerWith(event.stream_id == 1 ? std::string(4 * kMiB, 'x') : "small")(driver, event);
    };
    client.Sends(WindowUpdate(0, 0x70000000) + Request(1));
    clients.push_back(&client);
  }
  loop_.RunTurn();
  for (Client* client : clients) client->Hears();
  for (Client* client : clients) client->Sends(Ping(7) + Request(3));
  loop_.RunTurn();
  for (Client* client : clients) {
    const std::vector<std::string> heard = client->Hears();
    EXPECT_THAT(heard, Contains("PING ack 7"));
    EXPECT_THAT(heard, Contains(::testing::HasSubstr("'small'")));
  }
  // Nor do those that wait keep the server from ending.
  worker().Abort();
  for (int turn = 0; turn < 3; ++turn) loop_.RunTurn();
  for (Client* client : clients) EXPECT_TRUE(client->wire.is_shut());
  Settle();
}

TEST_F(Output, TellsTheHandlerOfStreamsThatBecameWritable) {
  Client& client = ConnectAndStart(Settings({{kInitialWindowSize, 0x7fffffff}}));
  client.record.on_event = [](ConnectionDriver& driver, const http2::Event& event) {
    if (event.kind != http2::Event::Kind::kStreamEnded) return;
    driver.connection().SendHeaders(event.stream, http2::OutputFields(kHeaderFields));
    driver.connection().SendData(event.stream, Buffer(100'000));
  };
  client.Sends(Request(1) + WindowUpdate(0, 100'000));
  loop_.RunTurn();
  EXPECT_THAT(client.record.lines, Contains("writable 1"));
}

TEST_F(Output, ThatNobodyTakesEndsTheConnection) {
  Client& client = ConnectAndStart();
  client.record.on_event = AnswerWith(std::string(1'000, 'x'));
  client.wire.Takes(0);
  client.Sends(Request(1));
  Settle();
  loop_.Advance(std::chrono::milliseconds(19'990));
  EXPECT_FALSE(client.wire.is_closed());
  // Whatever the client takes gives it more time.
  client.wire.Takes(1);
  Settle();
  loop_.Advance(std::chrono::milliseconds(19'990));
  EXPECT_FALSE(client.wire.is_closed());
  loop_.Advance(std::chrono::milliseconds(20));
  EXPECT_TRUE(client.wire.is_closed());
  EXPECT_EQ(client.record.lines.back(), "destroyed");
}

TEST_F(Output, ThatWasTakenLateDoesNotEndTheConnection) {
  Client& client = ConnectAndStart();
  client.record.on_event = AnswerWith(std::string(1'000, 'x'));
  client.wire.Takes(0);
  client.Sends(Request(1));
  Settle();
  loop_.Advance(std::chrono::seconds(19));
  client.wire.TakesEverything();
  loop_.Advance(std::chrono::seconds(60));
  EXPECT_FALSE(client.wire.is_closed());
}

// The invariants of connection_driver.h, against a socket that does as it likes.
class OutputInvariants : public DriverTest, public ::testing::WithParamInterface<uint32_t> {
 protected:
  void Check(Client& client) {
    if (client.wire.is_closed()) return;
    const auto interest = loop_.InterestOf(client.wire.fd());
    ASSERT_TRUE(interest.has_value());
    http2::Connection& connection = client.record.driver->connection();
    if (connection.HasOutput() && !loop_.has_work_left()) {
      EXPECT_TRUE(interest->write) << "output is pending and nothing will write it";
    }
    EXPECT_EQ(interest->read, connection.WantsInput());
  }
};

INSTANTIATE_TEST_SUITE_P(Seed, OutputInvariants, ::testing::Range(1u, 21u));

TEST_P(OutputInvariants, HoldAfterEveryTurn) {
  std::mt19937 random(GetParam());
  options_.http2.output_pause_bytes = 20'000;
  options_.http2.output_batch_bytes = 10'000;
  options_.read_buffer_bytes = 256;
  Client& client = ConnectAndStart(Settings({{kInitialWindowSize, 0x7fffffff}}));
  client.record.on_event = AnswerWith(std::string(25'000, 'x'));
  client.Sends(WindowUpdate(0, 0x7fff0000));
  uint32_t requests = 0;
  for (int turn = 0; turn < 400; ++turn) {
    if (random() % 3 == 0 && requests < 60) client.Sends(Request(2 * requests++ + 1));
    if (random() % 2 == 0) client.wire.Takes(random() % 30'000);
    client.wire.TakesAtOnce(random() % 9'000 + 1);
    loop_.RunTurn();
    Check(client);
  }
  client.wire.TakesAtOnce(SIZE_MAX);
  client.wire.TakesEverything();
  Settle();
  const std::vector<std::string> heard = client.Hears();
  EXPECT_EQ(std::count_if(heard.begin(), heard.end(),
                          [](const std::string& l) { return l.ends_with("grpc-status=0"); }),
            requests);
  EXPECT_EQ(client.record.driver->buffered_bytes(), 0u);
}

}  // namespace
}  // namespace weir::driver
