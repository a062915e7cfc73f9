// Limits that concern the connections of a worker together: strangers, ages, and memory.
#include <chrono>
#include <set>
#include <string>

#include "tests/transport/driver/driver_fixture.h"

namespace weir::driver {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Request;

class WorkerLimits : public DriverTest {
 protected:
  uint64_t hits(http2::Limit limit) { return worker().counters().limits.hits(limit); }
};

// ---- Strangers.

TEST_F(WorkerLimits, TheOldestStrangerMakesRoomForOneMore) {
  options_.handshakes_max = 2;
  Client& first = Connect();
  Client& second = Connect();
  Settle();
  EXPECT_FALSE(first.wire.is_closed());
  Client& third = Connect();
  Settle();
  EXPECT_TRUE(first.wire.is_closed());
  EXPECT_FALSE(second.wire.is_closed());
  EXPECT_FALSE(third.wire.is_closed());
  EXPECT_EQ(hits(http2::Limit::kHandshakes), 1u);
}

TEST_F(WorkerLimits, ClientsAreNoStrangers) {
  options_.handshakes_max = 2;
  Client& first = ConnectAndStart();
  Client& second = ConnectAndStart();
  Client& third = ConnectAndStart();
  Connect();
  Connect();
  Settle();
  for (Client* client : {&first, &second, &third}) EXPECT_FALSE(client->wire.is_closed());
  EXPECT_EQ(hits(http2::Limit::kHandshakes), 0u);
}

TEST_F(WorkerLimits, AStrangerThatLeavesFreesItsPlace) {
  options_.handshakes_max = 1;
  Client& first = Connect();
  first.wire.EndsSending();
  Settle();
  Client& second = Connect();
  Settle();
  EXPECT_FALSE(second.wire.is_closed());
  EXPECT_EQ(hits(http2::Limit::kHandshakes), 0u);
}

// ---- Ages.

TEST_F(WorkerLimits, ConnectionsThatBeganTogetherDoNotEndTogether) {
  options_.http2.connection_age_max = 100s;
  worker();
  std::set<Duration> ages;
  for (int i = 0; i < 1000; ++i) {
    const Duration age = worker().DrawConnectionAge();
    EXPECT_GE(age, 90s);
    EXPECT_LE(age, 110s);
    ages.insert(std::chrono::floor<std::chrono::seconds>(age));
  }
  EXPECT_EQ(ages.size(), 20u);  // every second of the range has some
}

TEST_F(WorkerLimits, AnOldConnectionTellsItsHandler) {
  options_.http2.connection_age_max = 100s;
  Client& client = ConnectAndStart();
  client.Sends(Request(1));
  Settle();
  loop_.Advance(89s);
  Settle();
  EXPECT_THAT(client.record.lines, ::testing::Not(Contains("drain")));
  loop_.Advance(21s);
  Settle();
  EXPECT_THAT(client.record.lines, Contains("drain"));
  EXPECT_THAT(client.Hears(), Contains(HasSubstr("'max_age'")));
}

// ---- Memory.

class FullMemory final : public net::MemoryMonitor {
 public:
  FullMemory() : MemoryMonitor(1000) {}
  uint64_t used = 0;

 private:
  uint64_t Measure() const override { return used; }
};

TEST_F(WorkerLimits, WithoutMemoryTheLargestResponseThatWaitsIsGivenUp) {
  FullMemory memory;
  options_.memory_monitor = &memory;
  options_.http2.memory_pressure = &memory.level();
  const auto stall = [this](size_t bytes) -> Client& {
    Client& client = ConnectAndStart(testing::Settings({{4, 0}}));
    client.record.on_event = [bytes](ConnectionDriver& driver, const http2::Event& event) {
      if (event.kind != http2::Event::Kind::kRequestStarted) return;
      driver.connection().SendHeaders(event.stream, http2::OutputFields{});
      driver.connection().SendData(event.stream, Buffer::CopyOf(AsBytes(std::string(bytes, 'x'))));
    };
    client.Sends(Request(1));
    Settle();
    client.Hears();
    return client;
  };
  Client& small = stall(1000);
  Client& large = stall(5000);
  memory.used = 940;
  loop_.Advance(1s);
  Settle();
  EXPECT_THAT(large.Hears(), IsEmpty());
  memory.used = 960;
  loop_.Advance(1s);
  small.Sends(testing::WindowUpdate(0, 1));
  Settle();
  EXPECT_THAT(large.Hears(), Contains("RST_STREAM 1 CANCEL"));
  EXPECT_THAT(large.record.lines, Contains("reset 1"));
  EXPECT_THAT(small.Hears(), IsEmpty());
  EXPECT_EQ(hits(http2::Limit::kMemoryReap), 1u);
}

TEST_F(WorkerLimits, ManyConnectionsThatFallSilentAreToldOf) {
  int told = 0;
  options_.on_connections_idle = [&] { ++told; };
  for (int i = 0; i < 255; ++i) ConnectAndStart();
  loop_.Advance(2s);
  Settle();
  EXPECT_EQ(told, 0);
  ConnectAndStart();
  loop_.Advance(2s);
  Settle();
  EXPECT_EQ(told, 1);
  loop_.Advance(10s);
  Settle();
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace weir::driver
