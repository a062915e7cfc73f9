#include "transport/driver/time_share.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/transport/driver/driver_fixture.h"

namespace weir::driver {
namespace {

using namespace std::chrono_literals;
using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using ::testing::ElementsAre;

constexpr TimePoint kStart = TimePoint(1h);

// ---- the account alone

TEST(TimeShare, ALapIsWhatPassedSinceTheLastOneOrSinceTheTurnBegan) {
  TimeShare share(100us);
  EXPECT_EQ(share.Lap(kStart, kStart + 10us), 10us);
  EXPECT_EQ(share.Lap(kStart, kStart + 15us), 5us);
  EXPECT_EQ(share.Lap(kStart + 1ms, kStart + 1ms + 7us), 7us);
  // A clock that stands still, or a turn that is said to have begun later than now.
  EXPECT_EQ(share.Lap(kStart + 1ms, kStart + 1ms + 7us), 0us);
  EXPECT_EQ(share.Lap(kStart + 3ms, kStart + 2ms), 0us);
}

class TimeShareOfThree : public ::testing::Test {
 protected:
  struct Peer {
    TimeShare::Entry entry;  // of one that has been there for long
  };

  // Returns how long it rests; nothing is zero.
  Duration Serve(Peer& peer, Duration used, TimePoint now, bool is_measured = false) {
    const TimeShare::Service service = {.end = now, .used = used, .is_measured = is_measured};
    if (!share_.Charge(&peer, peer.entry, service)) return Duration::zero();
    return peer.entry.rest_end - now;
  }
  TimePoint RestEnd(const Peer& peer) { return share_.RestEnd(&peer, peer.entry); }

  TimeShare share_{50us};
  Peer a_;
  Peer b_;
  Peer c_;
};

TEST_F(TimeShareOfThree, NobodyRestsAlone) {
  EXPECT_EQ(Serve(a_, 40us, kStart), 0us);
  EXPECT_EQ(Serve(a_, 500us, kStart), 0us);
  EXPECT_EQ(Serve(a_, 5ms, kStart, true), 0us);
}

TEST_F(TimeShareOfThree, WhoTakesLongRestsAsLongForWhoTakesLess) {
  Serve(b_, 20us, kStart);
  EXPECT_EQ(Serve(a_, 50us, kStart), 0us);
  EXPECT_EQ(Serve(a_, 51us, kStart), 51us);
  EXPECT_EQ(Serve(a_, 1ms, kStart), 1ms);
}

TEST_F(TimeShareOfThree, WhoTakesVeryLongRestsThreeTimesAsLongWhenThatWasMeasured) {
  Serve(b_, 50us, kStart);
  EXPECT_EQ(Serve(a_, 5ms, kStart), 1ms);  // the thread may have been kept from running
  EXPECT_TRUE(TimeShare::IsWatched(a_.entry, kStart));
  EXPECT_FALSE(TimeShare::IsWatched(a_.entry, kStart + 1s));
  EXPECT_EQ(Serve(a_, 5ms, kStart, true), 15ms);
  EXPECT_EQ(Serve(a_, 1s, kStart, true), 40ms);
}

TEST_F(TimeShareOfThree, CompanyIsWhoCameAMomentAgoAndTookLess) {
  Serve(b_, 20us, kStart);  // a moment is 160 us then
  EXPECT_EQ(Serve(a_, 100us, kStart + 100us), 100us);
  EXPECT_EQ(Serve(a_, 100us, kStart + 400us), 0us);
  Serve(b_, 1us, kStart + 1s);  // and at least 100 us
  EXPECT_EQ(Serve(a_, 60us, kStart + 1s + 150us), 60us);
  EXPECT_EQ(Serve(a_, 60us, kStart + 1s + 250us), 0us);
  // Half as long is less.
  Serve(c_, 200us, kStart + 2s);
  EXPECT_EQ(Serve(a_, 399us, kStart + 2s + 399us), 0us);
  EXPECT_EQ(Serve(a_, 400us, kStart + 2s + 800us), 400us);
  EXPECT_EQ(Serve(a_, 2ms, kStart + 2s + 3ms, true), 6ms);
}

TEST_F(TimeShareOfThree, AMomentStandsStillWhileOthersAreServed) {
  Serve(b_, 40us, kStart);  // 320 us
  EXPECT_EQ(Serve(a_, 900us, kStart + 900us), 900us);
  EXPECT_EQ(RestEnd(a_), kStart + 900us + 320us);
}

// Once somebody has gone, nobody rests for him again and again.
TEST_F(TimeShareOfThree, CompanyIsNotRenewedByRests) {
  Serve(b_, 50us, kStart);
  TimePoint now = kStart;
  Duration rested = Duration::zero();
  for (int i = 0; i < 100; ++i) {
    now += 100us;
    const Duration rest = Serve(a_, 100us, now);
    rested += rest;
    now += rest;
  }
  EXPECT_LE(rested, 500us);
}

TEST_F(TimeShareOfThree, NobodyIsHisOwnCompany) {
  Serve(a_, 40us, kStart);
  EXPECT_EQ(Serve(a_, 100us, kStart + 100us), 0us);
  Serve(b_, 40us, kStart + 100us);
  Serve(a_, 40us, kStart + 140us);
  Serve(a_, 40us, kStart + 180us);
  EXPECT_EQ(Serve(a_, 100us, kStart + 280us), 100us);  // b is remembered
}

TEST_F(TimeShareOfThree, SuspectsAreNoCompany) {
  Serve(b_, 2ms, kStart, true);
  Serve(b_, 10us, kStart + 1ms);  // a piece of the next costly message
  EXPECT_EQ(Serve(a_, 2ms, kStart + 3ms, true), 0us);
  Serve(b_, 10us, kStart + 1s);
  EXPECT_EQ(Serve(a_, 2ms, kStart + 1s + 2ms, true), 6ms);
  Peer new_one{.entry = TimeShare::EntryOfNew(kStart + 2s)};
  Serve(new_one, 10us, kStart + 2s);
  EXPECT_EQ(Serve(a_, 2ms, kStart + 2s + 2ms, true), 0us);
}

// Else whoever is unlucky once, since another thread had the core, is unprotected for a second.
TEST_F(TimeShareOfThree, WhoOnlySeemedToTakeVeryLongIsCompany) {
  Serve(b_, 2ms, kStart);
  EXPECT_TRUE(TimeShare::IsWatched(b_.entry, kStart + 1ms));
  Serve(b_, 10us, kStart + 1ms, true);
  EXPECT_EQ(Serve(a_, 2ms, kStart + 3ms, true), 6ms);
}

// Threads are kept from running all the time, and to measure is dear.
TEST_F(TimeShareOfThree, WhoOnlySeemedToTakeVeryLongIsSoonNotWatchedAnyMore) {
  Serve(a_, 5ms, kStart);
  for (int i = 0; i < 63; ++i) Serve(a_, 20us, kStart + 100ms, true);
  EXPECT_TRUE(TimeShare::IsWatched(a_.entry, kStart + 100ms));
  Serve(a_, 20us, kStart + 100ms, true);
  EXPECT_FALSE(TimeShare::IsWatched(a_.entry, kStart + 100ms));
  // And the next time as long: many services in little time are no excuse.
  Serve(a_, 5ms, kStart + 110ms);
  for (int i = 0; i < 1000; ++i) Serve(a_, 20us, kStart + 209ms, true);
  EXPECT_TRUE(TimeShare::IsWatched(a_.entry, kStart + 209ms));
  Serve(a_, 20us, kStart + 210ms, true);
  EXPECT_FALSE(TimeShare::IsWatched(a_.entry, kStart + 210ms));
}

TEST_F(TimeShareOfThree, ASuspectIsWatchedToTheEnd) {
  Serve(a_, 5ms, kStart);
  Serve(a_, 5ms, kStart, true);
  b_.entry = TimeShare::EntryOfNew(kStart);
  for (int i = 0; i < 1000; ++i) {
    Serve(a_, 20us, kStart + 1ms, true);
    Serve(b_, 20us, kStart + 1ms, true);
  }
  EXPECT_TRUE(TimeShare::IsWatched(a_.entry, kStart + 999ms));
  EXPECT_TRUE(TimeShare::IsWatched(b_.entry, kStart + 99ms));
}

TEST_F(TimeShareOfThree, NobodyCeasesToBeAStrangerByRestingAmongSuspects) {
  Peer new_one{.entry = TimeShare::EntryOfNew(kStart)};
  Serve(b_, 50us, kStart);
  Serve(a_, 2ms, kStart, true);
  ASSERT_TRUE(share_.Postpones(&new_one, new_one.entry, kStart));
  EXPECT_TRUE(TimeShare::IsStranger(new_one.entry, kStart + 200ms));
  EXPECT_FALSE(TimeShare::IsStranger(new_one.entry, kStart + 1s));
  Peer served{.entry = TimeShare::EntryOfNew(kStart)};
  EXPECT_FALSE(TimeShare::IsStranger(served.entry, kStart + 200ms));
}

TEST_F(TimeShareOfThree, WhoTakesMoreHidesNobodyWhoTakesLess) {
  Peer d;
  Serve(a_, 150us, kStart);
  Serve(b_, 400us, kStart + 400us);
  Serve(c_, 400us, kStart + 800us);
  EXPECT_EQ(Serve(d, 400us, kStart + 1200us), 400us);
}

TEST_F(TimeShareOfThree, SuspectsRestForEachOther) {
  Peer new_one{.entry = TimeShare::EntryOfNew(kStart)};
  Serve(b_, 50us, kStart);
  EXPECT_FALSE(share_.Postpones(&new_one, new_one.entry, kStart));
  EXPECT_EQ(Serve(a_, 5ms, kStart + 5ms, true), 15ms);
  ASSERT_TRUE(share_.Postpones(&new_one, new_one.entry, kStart + 5ms));
  EXPECT_EQ(new_one.entry.rest_end, kStart + 20ms);
  EXPECT_EQ(RestEnd(new_one), kStart + 8ms);  // when nobody else comes
  EXPECT_FALSE(share_.Postpones(&b_, b_.entry, kStart + 5ms));
  EXPECT_FALSE(share_.Postpones(&new_one, new_one.entry, kStart + 8ms));
  Serve(b_, 50us, kStart + 21ms);
  EXPECT_FALSE(share_.Postpones(&new_one, new_one.entry, kStart + 21ms));
  // Who took very long once is one for a second.
  Serve(c_, 5ms, kStart + 26ms, true);
  EXPECT_TRUE(share_.Postpones(&a_, a_.entry, kStart + 26ms));
}

// A handshake is what somebody may begin again and again, with one connection after another. What
// takes long later is paid for by who took it: else all connections of a busy client would wait for
// each other until they are a second old.
TEST_F(TimeShareOfThree, SuspectsRestForTheFirstLongServicesOfEach) {
  Peer new_one{.entry = TimeShare::EntryOfNew(kStart)};
  Peer other{.entry = TimeShare::EntryOfNew(kStart)};
  Serve(b_, 50us, kStart);
  // These do not count: what was only disturbed is as long.
  for (int i = 0; i < 10; ++i) Serve(new_one, 100us, kStart, true);
  EXPECT_FALSE(share_.Postpones(&other, other.entry, kStart));
  for (int i = 0; i < 4; ++i) {
    const TimePoint now = kStart + i * 2ms;
    Serve(b_, 50us, now);
    EXPECT_EQ(Serve(new_one, 500us, now, true), 500us);
    EXPECT_TRUE(share_.Postpones(&other, other.entry, now + 999us)) << i;
    EXPECT_FALSE(share_.Postpones(&other, other.entry, now + 1ms)) << i;
  }
  Serve(b_, 50us, kStart + 8ms);
  EXPECT_EQ(Serve(new_one, 500us, kStart + 8ms, true), 500us);
  EXPECT_FALSE(share_.Postpones(&other, other.entry, kStart + 8ms));
}

// However short it is: with a good processor, and a client that has been here before.
TEST_F(TimeShareOfThree, SuspectsRestForHandshakes) {
  Peer new_one{.entry = TimeShare::EntryOfNew(kStart)};
  Peer other{.entry = TimeShare::EntryOfNew(kStart)};
  Serve(b_, 20us, kStart);
  TimeShare::Service service = {.end = kStart, .used = 60us, .is_measured = true};
  share_.Charge(&new_one, new_one.entry, service);
  EXPECT_FALSE(share_.Postpones(&other, other.entry, kStart));
  service.is_handshake = true;
  share_.Charge(&new_one, new_one.entry, service);
  EXPECT_TRUE(share_.Postpones(&other, other.entry, kStart + 119us));
}

TEST_F(TimeShareOfThree, ARestIsNotShortenedByAnother) {
  Serve(b_, 20us, kStart);
  EXPECT_EQ(Serve(a_, 900us, kStart), 900us);
  EXPECT_EQ(Serve(a_, 60us, kStart), 900us);
  EXPECT_EQ(a_.entry.service, 900us);
}

// ---- a worker that keeps it

class Resting : public DriverTest {
 protected:
  // Connections that are new are watched, and suspects; these are not.
  void GrowOld() { loop_.Advance(1s); }

  // Each of its requests takes so long.
  Client& ConnectHeavy(Duration time) {
    Client& client = ConnectAndStart();
    client.record.on_event = [this, time, answer = AnswerWith("")](ConnectionDriver& driver,
                                                                   const http2::Event& event) {
      if (event.kind == http2::Event::Kind::kRequestStarted) {
        served_at_.push_back(loop_.Now());
        loop_.Spend(time);
      }
      answer(driver, event);
    };
    return client;
  }
  // Each of its requests does that, and stays open.
  Client& ConnectWith(std::function<void()> work) {
    Client& client = ConnectAndStart();
    client.record.on_event = [work = std::move(work)](ConnectionDriver&,
                                                      const http2::Event& event) {
      if (event.kind == http2::Event::Kind::kRequestStarted) work();
    };
    return client;
  }
  // Takes so long that its moment is a long one.
  Client& ConnectLight() {
    return ConnectWith([this] { loop_.Spend(50us); });
  }
  void Serve(Client& light) {
    light.Sends(OpenRequest(next_request_));
    next_request_ += 2;
    loop_.RunTurn();
  }
  struct Two {
    Client& heavy;
    Client& light;
  };
  // The heavy one's request took so long, just after the light one was there.
  Two ServeLightThenHeavy(Duration time) {
    Client& heavy = ConnectHeavy(time);
    Client& light = ConnectLight();
    GrowOld();
    Serve(light);
    heavy.Sends(Request(1));
    loop_.RunTurn();
    return {heavy, light};
  }
  bool IsRead(const Client& client) { return loop_.InterestOf(client.wire.fd())->read; }
  uint64_t rests() { return worker().counters().limits.hits(http2::Limit::kServiceTime); }

  std::vector<TimePoint> served_at_;
  uint32_t next_request_ = 1;
};

TEST_F(Resting, LastsAsLongAsOthersComeBack) {
  Client& heavy = ServeLightThenHeavy(300us).heavy;
  EXPECT_FALSE(IsRead(heavy));
  EXPECT_EQ(rests(), 1u);
  heavy.Sends(Request(3));
  const TimePoint rest_end = loop_.ReadClock() + 300us;
  EXPECT_EQ(loop_.next_turn_at(), rest_end);
  loop_.Advance(299us);
  EXPECT_FALSE(IsRead(heavy));
  loop_.Advance(1us);
  EXPECT_TRUE(IsRead(heavy));
  Settle();
  EXPECT_EQ(served_at_.size(), 2u);
}

TEST_F(Resting, EndsWhenNobodyComesBack) {
  const auto [heavy, light] = ServeLightThenHeavy(900us);  // a moment of 400 us
  EXPECT_FALSE(IsRead(heavy));
  EXPECT_EQ(loop_.next_turn_at(), loop_.ReadClock() + 400us);
  Serve(light);
  EXPECT_EQ(loop_.next_turn_at(), loop_.ReadClock() + 400us);
  loop_.Advance(400us);
  EXPECT_TRUE(IsRead(heavy));
}

TEST_F(Resting, AloneOrAmongOthersThatTakeLongIsNeverAsked) {
  Client& heavy = ConnectHeavy(300us);
  Client& other = ConnectHeavy(300us);
  GrowOld();
  for (uint32_t id = 1; id < 20; id += 2) {
    heavy.Sends(Request(id));
    other.Sends(Request(id));
    loop_.RunTurn();
    EXPECT_TRUE(IsRead(heavy));
    EXPECT_TRUE(IsRead(other));
  }
  EXPECT_EQ(rests(), 0u);
}

TEST_F(Resting, IsNotForWhomTheThreadWasStopped) {
  Client& unlucky = ConnectWith([this] { loop_.Stall(30ms); });
  Client& light = ConnectLight();
  GrowOld();
  Serve(light);
  unlucky.Sends(OpenRequest(1));
  loop_.RunTurn();
  loop_.Advance(1ms);  // once it is taken to be long, since nobody measured
  EXPECT_TRUE(IsRead(unlucky));
  Serve(light);
  unlucky.Sends(OpenRequest(3));
  loop_.RunTurn();
  EXPECT_TRUE(IsRead(unlucky));
}

// A system call for each would cost a new client more than what it asks for.
TEST_F(Resting, IsMeasuredByOneReadingForManyShortServices) {
  Client& light = ConnectLight();
  GrowOld();
  std::vector<Client*> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(&ConnectHeavy(9us));
    clients.back()->Sends(OpenRequest(1));
  }
  Serve(light);
  ASSERT_EQ(served_at_.size(), 20u);
  const int before = loop_.thread_time_reads();
  for (Client* client : clients) client->Sends(OpenRequest(3));
  Serve(light);
  EXPECT_EQ(served_at_.size(), 40u);
  EXPECT_LE(loop_.thread_time_reads() - before, 3);
}

// One reading for both: what ran before the second is not the second's.
TEST_F(Resting, IsMeasuredBehindAnotherOfTheSameTurn) {
  Client& light = ConnectAndStart();
  GrowOld();
  Client& first = ConnectHeavy(40us);
  Client& second = ConnectWith([this] {
    served_at_.push_back(loop_.Now());
    loop_.Spend(20us);
    loop_.Stall(50us);
  });
  loop_.Advance(1ms);
  Serve(light);
  first.Sends(OpenRequest(1));
  second.Sends(OpenRequest(1));
  const int before = loop_.thread_time_reads();
  loop_.RunTurn();
  EXPECT_EQ(served_at_.size(), 2u);
  EXPECT_EQ(loop_.thread_time_reads() - before, 2);  // once for both, and behind the second
  EXPECT_EQ(rests(), 0u);
}

// Where one of them is stopped and another takes long, they are told apart.
TEST_F(Resting, IsMeasuredBesideAnotherThatWasStopped) {
  Client& light = ConnectLight();
  GrowOld();
  Client& unlucky = ConnectWith([this] { loop_.Stall(2ms); });
  Client& heavy = ConnectHeavy(5ms);
  Serve(light);
  unlucky.Sends(OpenRequest(1));
  loop_.RunTurn();
  EXPECT_TRUE(IsRead(unlucky));
  Serve(light);
  unlucky.Sends(OpenRequest(3));
  heavy.Sends(OpenRequest(1));
  loop_.RunTurn();
  EXPECT_TRUE(IsRead(unlucky));
  EXPECT_FALSE(IsRead(heavy));
  EXPECT_EQ(rests(), 1u);
}

TEST_F(Resting, IsNotForWhatATaskTookBeforeTheOutput) {
  Client& writer = ConnectAndStart();
  ConnectionDriver* driver = nullptr;
  http2::StreamKey stream;
  writer.record.on_event = [&](ConnectionDriver& its_driver, const http2::Event& event) {
    driver = &its_driver;
    stream = event.stream;
  };
  Client& light = ConnectLight();
  GrowOld();
  writer.Sends(Request(1));
  Settle();
  ASSERT_NE(driver, nullptr);
  Serve(light);
  loop_.PostFunction([&] {
    loop_.Spend(300us);
    driver->connection().SendHeaders(stream, http2::OutputFields(kHeaderFields));
    driver->connection().SendData(stream, Buffer(8'000));
    driver->MarkDirty();
  });
  writer.Hears();
  loop_.RunTurn();
  EXPECT_FALSE(writer.Hears().empty());
  EXPECT_EQ(rests(), 0u);
}

TEST_F(Resting, KnowsWhatLargeOutputTookButNotShortAnswers) {
  Client& client = ConnectAndStart();
  const auto clock_reads = [&](uint32_t request, const std::string& answer) {
    client.record.on_event = AnswerWith(answer);
    client.Sends(Request(request));
    const int before = loop_.clock_reads();
    loop_.RunTurn();
    return loop_.clock_reads() - before;
  };
  const int for_short = clock_reads(1, "");
  EXPECT_EQ(clock_reads(3, std::string(8'000, 'x')), for_short + 2);
}

// Writing the answer takes long, too, but less.
TEST_F(Resting, IsNotShortenedByTheOutputBehindIt) {
  Client& light = ConnectWith([this] { loop_.Spend(20us); });
  Client& heavy = ConnectAndStart();
  heavy.record.on_event = [this](ConnectionDriver& driver, const http2::Event& event) {
    if (event.kind == http2::Event::Kind::kRequestStarted) loop_.Spend(900us);
    if (event.kind == http2::Event::Kind::kStreamWritable) loop_.Spend(60us);
    if (event.kind != http2::Event::Kind::kStreamEnded) return;
    driver.connection().SendHeaders(event.stream, http2::OutputFields(kHeaderFields));
    driver.connection().SendData(event.stream, Buffer(70'000));
  };
  GrowOld();
  heavy.Sends(testing::WindowUpdate(0, 1'000'000));
  Settle();
  heavy.Sends(Request(1) + testing::WindowUpdate(1, 1'000'000));
  Serve(light);
  EXPECT_THAT(heavy.record.lines, ElementsAre("request 1", "end 1", "writable 1"));
  EXPECT_EQ(rests(), 1u);
  EXPECT_EQ(loop_.next_turn_at(), loop_.ReadClock() + 160us);  // the light one's moment
}

TEST_F(Resting, KeepsNewConnectionsFromBringingCostlyMessagesInTurns) {
  Client& light = ConnectLight();
  GrowOld();
  Client& first = ConnectHeavy(5ms);
  Client& second = ConnectHeavy(5ms);
  Serve(light);
  first.Sends(Request(1));
  second.Sends(Request(1));
  loop_.RunTurn();
  EXPECT_EQ(served_at_.size(), 1u);
  EXPECT_FALSE(IsRead(first));
  EXPECT_FALSE(IsRead(second));
  // While the light one comes back, the others wait.
  const TimePoint begin = loop_.ReadClock();
  while (loop_.ReadClock() < begin + 14ms) {
    Serve(light);
    loop_.Advance(400us);
    EXPECT_EQ(served_at_.size(), 1u);
  }
  loop_.Advance(2ms);
  Settle();
  EXPECT_EQ(served_at_.size(), 2u);
}

TEST_F(Resting, IsNoReasonToServeAPeerThatIsGone) {
  Client& heavy = ServeLightThenHeavy(300us).heavy;
  ASSERT_FALSE(IsRead(heavy));
  heavy.Sends(Request(3));
  loop_.SetReady(heavy.wire.fd(), true, true, true);  // hung up
  loop_.RunTurn();
  EXPECT_TRUE(heavy.wire.is_closed());
  EXPECT_EQ(served_at_.size(), 1u);
}

// Nobody's turn never comes.
TEST_F(Resting, EndsInTurnForSuspects) {
  Client& light = ConnectLight();
  GrowOld();
  std::vector<Client*> heavy;
  std::map<const ConnectionDriver*, int> served;
  for (int i = 0; i < 3; ++i) {
    heavy.push_back(&ConnectAndStart());
    heavy.back()->record.on_event = [&](ConnectionDriver& driver, const http2::Event& event) {
      if (event.kind != http2::Event::Kind::kRequestStarted) return;
      ++served[&driver];
      loop_.Spend(2ms);
    };
  }
  for (uint32_t id = 1; id < 60; id += 2) {
    for (Client* client : heavy) client->Sends(OpenRequest(id));
  }
  for (int turn = 0; turn < 90; ++turn) {  // 58 ms, in which seven services of 2 ms have room
    Serve(light);
    loop_.Advance(500us);
  }
  ASSERT_EQ(served.size(), 3u);
  for (const auto& [_, count] : served) EXPECT_GE(count, 2);
}

// Those who waited for one who took long are let in by ones, twos, fours, and so on, behind him.
TEST_F(Resting, IsOverSoonForTheInnocent) {
  Client& light = ConnectLight();
  GrowOld();
  Client& heavy = ConnectHeavy(5ms);
  std::vector<Client*> innocent;
  for (int i = 0; i < 31; ++i) innocent.push_back(&ConnectAndStart());
  Serve(light);
  heavy.Sends(OpenRequest(1));
  for (Client* client : innocent) client->Sends(OpenRequest(1));
  const auto served = [&] {
    return std::ranges::count_if(innocent, [](Client* client) {
      return std::ranges::find(client->record.lines, "request 1") != client->record.lines.end();
    });
  };
  loop_.RunTurn();
  ASSERT_EQ(served_at_.size(), 1u);
  ASSERT_EQ(served(), 0);
  loop_.Advance(20ms);
  for (const int count : {2, 2 + 4, 2 + 4 + 8, 2 + 4 + 8 + 16, 31}) {
    loop_.RunTurn();
    EXPECT_EQ(served(), count);
  }
}

TEST_F(Resting, DoesNotDelayADrain) {
  Client& heavy = ServeLightThenHeavy(300us).heavy;
  ASSERT_FALSE(IsRead(heavy));
  heavy.Hears();
  worker().BeginDrain();
  loop_.RunTurn();
  EXPECT_FALSE(heavy.Hears().empty());
  worker().Abort();
  loop_.Advance(2s);  // it lingers for one
  EXPECT_TRUE(heavy.wire.is_closed());
}

TEST_F(Resting, CountsWhatIsDoneWhileOutputIsWritten) {
  Client& heavy = ConnectAndStart();
  heavy.record.on_event = [this](ConnectionDriver& driver, const http2::Event& event) {
    if (event.kind == http2::Event::Kind::kStreamWritable) loop_.Spend(300us);
    if (event.kind != http2::Event::Kind::kStreamEnded) return;
    driver.connection().SendHeaders(event.stream, http2::OutputFields(kHeaderFields));
    driver.connection().SendData(event.stream, Buffer(200'000));
  };
  Client& light = ConnectLight();
  GrowOld();
  heavy.Sends(Request(1));
  Settle();
  EXPECT_THAT(heavy.record.lines, ElementsAre("request 1", "end 1"));
  Serve(light);
  heavy.Sends(testing::WindowUpdate(0, 1'000'000) + testing::WindowUpdate(1, 1'000'000));
  Settle();
  EXPECT_THAT(heavy.record.lines, ElementsAre("request 1", "end 1", "writable 1"));
  EXPECT_EQ(rests(), 1u);
}

TEST_F(Resting, CostlyRequestsAreReadInEverSmallerPieces) {
  Client& heavy = ConnectHeavy(10us);
  std::string requests;
  for (uint32_t id = 1; id < 200; id += 2) requests += Request(id);
  heavy.Sends(requests);
  loop_.RunTurn();
  EXPECT_EQ(heavy.record.lines.size(), 200u);  // nothing was known yet
  heavy.record.lines.clear();
  requests.clear();
  for (uint32_t id = 201; id < 301; id += 2) requests += Request(id);
  heavy.Sends(requests);
  loop_.RunTurn();
  EXPECT_LE(heavy.record.lines.size(), 20u);  // 10 requests, of 100 us
  EXPECT_TRUE(heavy.wire.has_arriving());
  Settle();
  EXPECT_EQ(heavy.record.lines.size(), 100u);
}

}  // namespace
}  // namespace weir::driver
