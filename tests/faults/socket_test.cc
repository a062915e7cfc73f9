// What a read or a write that fails, stops short or says nothing may do: end the connection it was
// for, or nothing at all. Every session meets every fault at every place.
#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/faults/faulty_socket.h"
#include "tests/faults/server_on_sockets.h"
#include "tests/faults/sessions.h"
#include "tests/server/server_fixture.h"
#include "tests/testing/frame_builder.h"

namespace weir::faults {
namespace {

using net::IoResult;
using ::testing::Contains;

// What must hold of the connection that met with the fault.
enum class Outcome : uint8_t {
  kServed,  // as if nothing had happened
  kLost,    // it ends at once, and its calls with it
  kEither,
};

struct Fault {
  std::string_view name;
  bool of_writes;
  IoResult result;
  Outcome outcome;
};

// A fault of one call; the socket works again afterwards, if it is asked.
constexpr Fault kFaults[] = {
    {"ReadWouldBlock", false, {IoResult::Kind::kWouldBlock, 0, 0}, Outcome::kServed},
    {"ReadEnd", false, {IoResult::Kind::kClosed, 0, 0}, Outcome::kLost},
    {"ReadReset", false, {IoResult::Kind::kError, 0, ECONNRESET}, Outcome::kLost},
    {"ReadTimeout", false, {IoResult::Kind::kError, 0, ETIMEDOUT}, Outcome::kLost},
    {"WriteWouldBlock", true, {IoResult::Kind::kWouldBlock, 0, 0}, Outcome::kServed},
    {"WriteBrokenPipe", true, {IoResult::Kind::kError, 0, EPIPE}, Outcome::kLost},
    {"WriteReset", true, {IoResult::Kind::kError, 0, ECONNRESET}, Outcome::kLost},
    {"WriteNoBuffers", true, {IoResult::Kind::kError, 0, ENOBUFS}, Outcome::kLost},
    {"WriteNoMemory", true, {IoResult::Kind::kError, 0, ENOMEM}, Outcome::kLost},
    {"WriteNothing", true, {IoResult::Kind::kOk, 0, 0}, Outcome::kLost},
};

class SocketFaults : public ::testing::TestWithParam<Session> {
 protected:
  // Runs the session over a socket with this plan, and fills in what has happened to it.
  // `hang_up_after`: the client closes right behind that many steps, without reading on.
  void Run(SocketPlan& plan, Outcome outcome, size_t hang_up_after = SIZE_MAX) {
    const Session& session = GetParam();
    HandlerAccount account;
    ServerOnSockets server;
    InstallHandlers(server, account);
    if (session.prepare) session.prepare(server);
    Bystander bystander(server);
    server.wrap_socket = [&plan](std::unique_ptr<net::Socket> socket) {
      return std::make_unique<FaultySocket>(std::move(socket), plan);
    };
    SocketClient& client = server.Connect(session.with_tls);
    if (session.with_tls || hang_up_after != 0) server.Settle();
    for (size_t i = 0; i < session.steps.size() && i < hang_up_after; ++i) {
      if (i + 1 == session.steps.size() && session.before_last) session.before_last(server);
      if (client.was_hung_up_on()) break;
      client.Sends(session.steps[i]);
      if (i + 1 != hang_up_after) server.Settle();
    }
    if (hang_up_after != SIZE_MAX) client.HangsUp();
    server.Settle();
    // Not more calls than there can be reasons for.
    EXPECT_LE(plan.read_calls, static_cast<int64_t>(plan.bytes_read) + 20);
    EXPECT_LE(plan.write_calls, static_cast<int64_t>(plan.bytes_written) + 20);

    const std::vector<std::string> heard = client.Hears();
    if (outcome == Outcome::kServed && hang_up_after == SIZE_MAX && !session.hears.empty()) {
      EXPECT_THAT(heard, Contains(session.hears));
    }
    if (outcome == Outcome::kLost && WasReached(plan)) {
      EXPECT_TRUE(client.was_hung_up_on());
    }
    if (!session.before_last) bystander.ExpectServed();
    client.HangsUp();
    server.Settle();
    EXPECT_LE(server.worker().load(), 1u) << "a connection is left";
    EXPECT_EQ(account.begun, account.ended + OpenStreams(server)) << "a handler is left";
  }

  static bool WasReached(const SocketPlan& plan) {
    return (plan.reads.call != 0 && plan.read_calls >= plan.reads.call) ||
           (plan.writes.call != 0 && plan.write_calls >= plan.writes.call) ||
           plan.bytes_read >= plan.reads.end_at || plan.reads.damage_at != SIZE_MAX;
  }

  // The session when nothing happens.
  SocketPlan Measure() {
    SocketPlan plan;
    Run(plan, Outcome::kServed);
    return plan;
  }

  // Longer sessions meet with faults at fewer places, which have nothing in common with the sizes
  // of frames and records.
  static size_t StepOver(size_t bytes) {
    if (bytes < 1'000) return 1;
    return bytes < 10'000 ? 37 : 9'973;
  }
  bool IsLarge() const { return GetParam().name.starts_with("Large"); }
};

TEST_P(SocketFaults, OfOneCallAreServedOrEndTheConnection) {
  const SocketPlan whole = Measure();
  for (const Fault& fault : kFaults) {
    const int64_t calls = fault.of_writes ? whole.write_calls : whole.read_calls;
    for (int64_t call = 1; call <= calls && !HasFailure(); ++call) {
      SCOPED_TRACE(std::string(fault.name) + " in call " + std::to_string(call));
      SocketPlan plan;
      Plan& half = fault.of_writes ? plan.writes : plan.reads;
      half = {.call = call, .result = fault.result};
      Run(plan, fault.outcome);
    }
  }
}

TEST_P(SocketFaults, AnEndAtAnyOctetEndsTheConnection) {
  const size_t total = Measure().bytes_read;
  for (size_t at = 0; at < total && !HasFailure(); at += StepOver(total)) {
    SCOPED_TRACE("end at " + std::to_string(at));
    SocketPlan plan;
    plan.reads.end_at = at;
    Run(plan, Outcome::kLost);
  }
}

TEST_P(SocketFaults, AWriteThatStopsAtAnyOctetGoesOnThere) {
  const size_t total = Measure().bytes_written;
  for (size_t at = 0; at < total && !HasFailure(); at += StepOver(total)) {
    SCOPED_TRACE("write cut at " + std::to_string(at));
    SocketPlan plan;
    plan.writes.cut_at = at;
    Run(plan, Outcome::kServed);
  }
}

TEST_P(SocketFaults, OctetByOctetAllIsAsEver) {
  const size_t bytes = IsLarge() ? 1'000 : 1;
  SocketPlan plan;
  plan.reads.bytes_at_most = bytes;
  plan.writes.bytes_at_most = bytes;
  Run(plan, Outcome::kServed);
}

// In each flight of the handshake, and in each record behind it. (Without TLS it would be a
// different session: that is for tests/fuzz.)
TEST_P(SocketFaults, DamageOfAnyOctetOfTlsConcernsThatConnectionAlone) {
  if (!GetParam().with_tls) return;
  const size_t total = Measure().bytes_read;
  for (size_t at = 0; at < total && !HasFailure(); ++at) {
    SCOPED_TRACE("octet " + std::to_string(at));
    SocketPlan plan;
    plan.reads.damage_at = at;
    // What nobody needs may pass (the version in a record's header); the tag of the last record
    // not.
    Run(plan, at + 16 >= total ? Outcome::kLost : Outcome::kEither);
  }
}

// Data and the end arrive together, and what is written meets a closed socket.
TEST_P(SocketFaults, AClientThatHangsUpAfterAnyStepIsForgotten) {
  for (size_t steps = 0; steps <= GetParam().steps.size() && !HasFailure(); ++steps) {
    SCOPED_TRACE("after " + std::to_string(steps) + " steps");
    SocketPlan plan;
    Run(plan, Outcome::kLost, steps);
  }
}

INSTANTIATE_TEST_SUITE_P(Session, SocketFaults, ::testing::ValuesIn(AllSessions()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace weir::faults
