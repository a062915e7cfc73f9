// Would the bench notice? Its judge, its reader of frames and its writer of header blocks, without
// any server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/hostile/frames.h"
#include "tests/hostile/header_blocks.h"
#include "tests/hostile/inbox.h"
#include "tests/hostile/report.h"
#include "tests/hostile/verdict.h"

namespace hostile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// ---- the judge

Scenario Row() {
  return {.id = "A99",
          .title = "a row",
          .pace = Pace::kFlood,
          .expected = {Survives(), GoesAway(kEnhanceYourCalm, "too_many_pings")},
          .memory_max = 1000};
}

// Whatever this test itself is built with.
constexpr Judging kStrict = {.judges_latency = true, .judges_cost = true};

// A run that passes every gate.
Result GoodResult() {
  Result result;
  result.has_run = true;
  result.outcomes = {{Survives(), 2}};
  result.rounds = 2;
  result.growth_bytes = 1000;
  result.has_recovered = true;
  result.has_victim = true;
  result.before = {.seconds = 1, .calls = 1000, .errors = 0, .p50_us = 500, .p99_us = 1000};
  result.during = {.seconds = 1, .calls = 500, .errors = 0, .p50_us = 900, .p99_us = 5000};
  result.answers_after = true;
  result.files_before = 5;
  result.files_after = 5;
  result.exit_code = 0;
  return result;
}

TEST(Judge, AcceptsWhatStaysInsideEveryGate) {
  EXPECT_THAT(Judge(Row(), GoodResult(), kStrict), IsEmpty());
}

// Each change alone must be noticed, and blamed on its gate.
TEST(Judge, NoticesEachGateAlone) {
  const std::vector<std::pair<const char*, std::function<void(Result&)>>> changes = {
      {"G1", [](Result& result) { result.growth_bytes = 1001; }},
      {"G1", [](Result& result) { result.has_recovered = false; }},
      {"G2", [](Result& result) { result.during.calls = 499; }},
      {"G2", [](Result& result) { result.during.errors = 1; }},
      {"G2", [](Result& result) { result.during.p99_us = 5001; }},
      {"G3",
       [](Result& result) {
         result.outcomes = {{Survives(), 1}, {NoReaction(), 1}};
       }},
      {"G3",
       [](Result& result) {
         result.outcomes = {{GoesAway(kEnhanceYourCalm, "x"), 2}};
       }},
      {"G3",
       [](Result& result) {
         result.outcomes = {{Wrong("nonsense"), 2}};
       }},
      {"G4", [](Result& result) { result.answers_after = false; }},
      {"G4", [](Result& result) { result.files_after = 6; }},
      {"G4", [](Result& result) { result.exit_code = std::nullopt; }},
      {"G4", [](Result& result) { result.exit_code = -11; }},
      {"G4", [](Result& result) { result.server_errors = "ERROR: AddressSanitizer: x"; }},
  };
  for (const auto& [gate, change] : changes) {
    Result result = GoodResult();
    change(result);
    EXPECT_THAT(Judge(Row(), result, kStrict), ElementsAre(HasSubstr(gate)));
  }
}

TEST(Judge, MultipliesTheBoundByTheConnections) {
  Scenario row = Row();
  row.connections = 3;
  Result result = GoodResult();
  result.growth_bytes = 3000;
  EXPECT_THAT(Judge(row, result, kStrict), IsEmpty());
}

TEST(Judge, LeavesLatencyOutOfTheShortForm) {
  Result result = GoodResult();
  result.during.p99_us = 50'000;
  EXPECT_THAT(Judge(Row(), result, {.judges_latency = false, .judges_cost = true}), IsEmpty());
}

TEST(Judge, ExpectsNoThriftOfASanitizer) {
  Result result = GoodResult();
  result.growth_bytes = 1 << 30;
  result.during.calls = 1;
  EXPECT_THAT(Judge(Row(), result, {.judges_cost = false}), IsEmpty());
  result.exit_code = 1;
  EXPECT_THAT(Judge(Row(), result, {.judges_cost = false}), ElementsAre(HasSubstr("G4")));
}

TEST(Judge, LetsASlowServerOutlastAFlood) {
  Scenario row = Row();
  row.expected = {StopsReading()};
  EXPECT_THAT(Judge(row, GoodResult(), {.judges_cost = false}), IsEmpty());
  EXPECT_THAT(Judge(row, GoodResult(), kStrict), ElementsAre(HasSubstr("G3")));
  row.pace = Pace::kOnce;
  EXPECT_THAT(Judge(row, GoodResult(), {.judges_cost = false}), ElementsAre(HasSubstr("G3")));
}

TEST(Judge, DoesNotBlameTheServerForABusyMachine) {
  Result result = GoodResult();
  result.during.calls = 1;
  result.waited = 0.5;
  EXPECT_THAT(Judge(Row(), result, kStrict), IsEmpty());
  result.during.errors = 1;
  EXPECT_THAT(Judge(Row(), result, kStrict), ElementsAre(HasSubstr("failed")));
}

TEST(Judge, HoldsTimersToTheirTime) {
  Scenario row = Row();
  row.pace = Pace::kPatience;
  row.earliest = 9;
  row.latest = 12;
  Result result = GoodResult();
  for (const auto& [seconds, faults] : {std::pair{8.9, 1u}, {10.0, 0u}, {12.1, 1u}}) {
    result.attack_seconds = seconds;
    EXPECT_EQ(Judge(row, result, kStrict).size(), faults) << seconds;
  }
}

TEST(Judge, DoesNotPassARowThatDidNotRun) {
  EXPECT_THAT(Judge(Row(), Result{}, kStrict), ElementsAre(HasSubstr("could not be run")));
}

// ---- the table

TEST(Table, NamesEachRowOnceAndCoversTheCatalogue) {
  std::set<std::string> names;
  std::set<std::string> ids;
  for (const Scenario& row : AllScenarios()) {
    EXPECT_TRUE(names.insert(row.name()).second) << row.name() << " is there twice";
    EXPECT_EQ(row.run == nullptr, !row.not_run.empty()) << row.name();
    EXPECT_TRUE(row.run == nullptr || !row.expected.empty()) << row.name();
    ids.insert(row.id);
  }
  for (int number = 1; number <= 75; ++number) {
    const std::string id = std::string(number < 10 ? "A0" : "A") + std::to_string(number);
    EXPECT_TRUE(ids.contains(id)) << id << " has no row";
  }
}

// ---- reading and writing

TEST(Inbox, ReadsAnAnswerInPiecesOfOneOctet) {
  const std::string bytes =
      Settings() + Headers(1, LiteralBlock({{":status", "200"}}), false) + Data(1, "12345") +
      Frame(FrameType::kHeaders, kEndStream, 1, Literal("grpc-status", "0")) +
      Continuation(1, Literal("x", "y"), true) + GoAway(1, kEnhanceYourCalm, "debug");
  Inbox inbox;
  for (char octet : bytes) inbox.Feed({&octet, 1});
  ASSERT_NE(inbox.Find(1), nullptr);
  EXPECT_EQ(ValueOf(inbox.Find(1)->headers, ":status"), "200");
  EXPECT_EQ(ValueOf(inbox.Find(1)->trailers, "grpc-status"), "0");
  EXPECT_EQ(inbox.Find(1)->data_bytes, 5u);
  EXPECT_TRUE(inbox.Find(1)->has_ended);
  EXPECT_EQ(inbox.statuses().at(0), 1u);
  ASSERT_TRUE(inbox.go_away().has_value());
  EXPECT_EQ(inbox.go_away()->code, kEnhanceYourCalm);
  EXPECT_EQ(inbox.go_away()->debug, "debug");
  EXPECT_EQ(inbox.TakeReplies(), SettingsAck());
}

TEST(Inbox, KeepsCountOfTheWindows) {
  Inbox inbox;
  inbox.Feed(Settings({{kInitialWindowSize, 100}}) + WindowUpdate(0, 5) + WindowUpdate(1, 7));
  inbox.SpendWindow(1, 10);
  EXPECT_EQ(inbox.connection_window, kInitialWindow + 5 - 10);
  EXPECT_EQ(inbox.WindowOf(1), 100 + 7 - 10);
  EXPECT_EQ(inbox.WindowOf(3), 100);
}

TEST(Inbox, SaysSoWhenABlockDoesNotDecode) {
  Inbox inbox;
  inbox.Feed(Headers(1, "\xbe", true));
  EXPECT_TRUE(inbox.is_undecodable());
}

TEST(HeaderBlocks, AreWhatADecoderReads) {
  Inbox inbox;
  inbox.Feed(Headers(1, Request("/S/M", Insert("a", "b") + Indexed(62)), true) +
             Headers(3, HuffmanLiteral("x", 16) + Literal("long", std::string(300, 'l')), true));
  EXPECT_FALSE(inbox.is_undecodable());
  Fields expected = RequestFields("/S/M");
  expected.emplace_back("a", "b");
  expected.emplace_back("a", "b");
  EXPECT_THAT(inbox.Find(1)->headers, ::testing::UnorderedElementsAreArray(expected));
  EXPECT_EQ(ValueOf(inbox.Find(3)->headers, "x"), std::string(16, 'a'));
  EXPECT_EQ(ValueOf(inbox.Find(3)->headers, "long"), std::string(300, 'l'));
}

}  // namespace
}  // namespace hostile
