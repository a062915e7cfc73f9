// What one allocation that fails may cost: the connection it was for, and nothing else.
//
// Each session is run again and again, with the first allocation of the server failing, then the
// second, and so on until none fails any more; once with memory there again at once, and once with
// none until the end of the step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <string_view>

#include "tests/faults/allocation_faults.h"
#include "tests/faults/server_on_sockets.h"
#include "tests/faults/sessions.h"
#include "tests/server/server_fixture.h"
#include "tests/testing/frame_builder.h"

namespace weir::faults {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class FailingAllocation : public ::testing::TestWithParam<Session> {
 protected:
  // The session with the allocation `nth` failing. False when there were not so many.
  bool Run(int64_t nth, bool lasting) {
    const Session& session = GetParam();
    AllocationPlan& plan = AllocationPlan::OfThread();
    HandlerAccount account;
    ServerOnSockets server;
    InstallHandlers(server, account);
    if (session.prepare) session.prepare(server);
    Bystander bystander(server);
    server.around_turn = [](const std::function<void()>& turn) {
      const AllocationWatch watch;
      turn();
    };

    plan.Fail(nth, lasting);
    SocketClient& client = server.Connect(session.with_tls);
    server.Settle();
    for (const std::string& step : session.steps) {
      if (plan.has_failed()) plan.Recover();
      if (&step == &session.steps.back() && session.before_last) {
        const AllocationWatch watch;
        session.before_last(server);
      }
      client.Sends(step);
      server.Settle();
    }
    plan.Recover();
    Judge(server, client, plan.has_failed());
    // After a drain or an abort, the other has had its end, too.
    if (!session.before_last) bystander.ExpectServed();

    client.HangsUp();
    server.Settle();
    EXPECT_LE(server.worker().load(), 1u) << "a connection is left";
    EXPECT_EQ(account.begun, account.ended + OpenStreams(server)) << "a handler is left";
    return plan.has_failed();
  }

 private:
  void Judge(ServerOnSockets& server, SocketClient& client, bool has_failed) {
    const uint64_t lost = server.worker().counters().connections_out_of_memory;
    if (!has_failed) {
      EXPECT_EQ(lost, 0u);
      EXPECT_EQ(server.worker().counters().dormancies != 0,
                server.idle_release_delay == Duration::zero());
      if (GetParam().hears.empty()) return;
      EXPECT_THAT(client.Hears(), Contains(GetParam().hears));
    } else {
      EXPECT_LE(lost, GetParam().before_last ? 2u : 1u) << "others have lost their connections";
      EXPECT_TRUE(lost == 0 || GetParam().before_last || client.was_hung_up_on());
      // OpenSSL takes a lack of memory for a broken transport, and the connection ends for that.
      if (lost != 0 || client.was_hung_up_on() || GetParam().hears.empty()) return;
      EXPECT_THAT(client.Hears(), Contains(AnyOf(GetParam().hears, HasSubstr(" end"),
                                                 StartsWith("RST_STREAM"), StartsWith("GOAWAY"))))
          << "a call has been forgotten";
    }
  }
};

TEST_P(FailingAllocation, CostsAtMostItsConnection) {
  for (const bool lasting : {false, true}) {
    int64_t nth = 1;
    for (bool has_failed = true; has_failed; ++nth) {
      SCOPED_TRACE((lasting ? "from allocation " : "allocation ") + std::to_string(nth));
      const int64_t before = LiveAllocations();
      has_failed = Run(nth, lasting);
      // The first run makes what stays for good.
      EXPECT_TRUE(nth == 1 || LiveAllocations() == before) << "memory leaks";
      EXPECT_EQ(server::live_texts, 0) << "messages leak";
      if (HasFailure()) return;
    }
    EXPECT_GT(nth, 10) << "the session allocates next to nothing";
  }
}

// Handlers of the blocking style, with what fails on their threads (true) or on the worker's.
class FailingAllocationWithPool : public ::testing::TestWithParam<bool> {
 protected:
  bool Run(int64_t nth) {
    const int64_t failed_before = FailedAllocations();
    HandlerAccount account;
    ServerOnSockets server;
    server.blocking_execution = Execution::kPool;
    InstallHandlers(server, account);
    Bystander bystander(server);
    if (GetParam()) {
      FailOnPool(server, nth);
    } else {
      AllocationPlan::OfThread().Fail(nth, /*lasting=*/false);
      server.around_turn = [](const std::function<void()>& turn) {
        const AllocationWatch watch;
        turn();
      };
    }
    SocketClient& client = server.Connect();
    const std::string text(100, 't');
    client.Sends(server::UnaryCall(1, server::kBlockingUnary, text) +
                 server::OpenCall(3, server::kBlockingChat) + server::SendsMessage(3, text) +
                 server::SendsLast(3, text));
    int ends = 0;
    server.RunUntil([&] {
      for (const std::string& line : client.Hears()) {
        if (line.find(" end ") != std::string::npos) ++ends;
      }
      return ends == 2 || client.was_hung_up_on();
    });
    AllocationPlan::OfThread().Recover();
    bystander.ExpectServed();
    client.HangsUp();
    server.RunUntil([&] { return server.worker().load() == 1; });
    EXPECT_EQ(account.begun, account.ended + 1);
    EXPECT_LE(server.worker().counters().connections_out_of_memory, 1u);
    return FailedAllocations() != failed_before;
  }

 private:
  // From the moment a handler has begun, on its thread.
  static void FailOnPool(ServerOnSockets& server, int64_t nth) {
    const auto plan = [nth] {
      static thread_local const AllocationWatch watch;
      AllocationPlan::OfThread().Fail(nth, /*lasting=*/false);
    };
    server.blocking.unary = [plan, inner = server.blocking.unary](ServerContext* context,
                                                                  const server::Text* request,
                                                                  server::Text* response) {
      plan();
      return inner(context, request, response);
    };
    server.blocking.chat = [plan, inner = server.blocking.chat](ServerContext* context,
                                                                server::TextStream stream) {
      plan();
      return inner(context, stream);
    };
  }
};

TEST_P(FailingAllocationWithPool, CostsAtMostItsConnection) {
  int64_t nth = 1;
  for (bool has_failed = true; has_failed; ++nth) {
    SCOPED_TRACE("allocation " + std::to_string(nth));
    const int64_t before = LiveAllocations();
    has_failed = Run(nth);
    EXPECT_TRUE(nth == 1 || LiveAllocations() == before) << "memory leaks";
    EXPECT_EQ(server::live_texts, 0) << "messages leak";
    if (HasFailure()) return;
  }
  EXPECT_GT(nth, 4) << "hardly anything is allocated";
}

INSTANTIATE_TEST_SUITE_P(On, FailingAllocationWithPool, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "ThePool" : "TheWorker"; });

INSTANTIATE_TEST_SUITE_P(Session, FailingAllocation, ::testing::ValuesIn(AllSessions()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace weir::faults
