// What if time does not pass as it should? Timers that fire late, pauses of the whole process, and
// a machine that has been up for years.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/server/server_fixture.h"
#include "tests/testing/frame_builder.h"

namespace weir::faults {
namespace {

using server::Text;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Task<Status> Echo(server::CoTextStream stream) {
  for (Text text; co_await stream.Read(&text);) {
    if (!co_await stream.Write(text)) break;
  }
  co_return Status::OK;
}

class TimeFaults : public server::ServerTest {
 protected:
  TimeFaults() {
    coroutine_.chat = [](ServerContext&, server::CoTextStream stream) { return Echo(stream); };
    coroutine_.unary = [this](ServerContext& context, const Text&, Text&) -> Task<Status> {
      context.OnCancel([this] { ++cancelled_; });
      return Wait(&context);
    };
  }

  static Task<Status> Wait(ServerContext* context) {
    co_await context->SleepFor(hours(10'000));
    co_return Status::OK;
  }

  void ExpectServed(server::RpcClient& client, uint32_t id) {
    client.Sends(server::OpenCall(id, server::kChat) + server::SendsLast(id, "hello"));
    Settle();
    EXPECT_THAT(client.Hears(),
                ElementsAre(server::HeadersLine(id), server::MessageLine(id, "hello"),
                            server::TrailersLine(id)));
  }

  int cancelled_ = 0;
};

TEST_F(TimeFaults, ADeadlineThatIsNoticedLateEndsItsCallOnce) {
  server::RpcClient& client = Connect();
  client.Sends(server::OpenCall(1, server::kChat) + server::SendsMessage(1, "hello"));
  client.Sends(server::UnaryCall(3, server::kUnary, "x", {{"grpc-timeout", "1S"}}));
  Settle();
  client.Hears();
  loop_.Oversleep(seconds(6));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(HasSubstr("grpc-status=4")));
  EXPECT_EQ(cancelled_, 1);
  client.Sends(server::SendsLast(1, "still there"));
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre(server::MessageLine(1, "still there"), server::TrailersLine(1)));
}

TEST_F(TimeFaults, AnAnswerThatComesInTheTurnOfItsDeadlineIsTheOnlyEnd) {
  server::RpcClient& client = Connect();
  client.Sends(server::OpenCall(1, server::kChat, {{"grpc-timeout", "1S"}}));
  Settle();
  client.Sends(server::SendsLast(1, "hello"));  // lies in the socket while the server does not run
  loop_.Oversleep(seconds(6));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(server::HeadersLine(1), server::MessageLine(1, "hello"),
                                          server::TrailersLine(1)));
}

TEST_F(TimeFaults, AServerThatStoodStillForgivesThoseWhoWaitedForIt) {
  server::RpcClient& client = Connect();
  client.Sends(server::OpenCall(1, server::kChat) + server::SendsMessage(1, "hello"));
  loop_.Oversleep(minutes(1));
  Settle();
  EXPECT_THAT(client.Hears(), Contains(server::MessageLine(1, "hello")));
  EXPECT_FALSE(client.wire.is_closed());
}

TEST_F(TimeFaults, APauseEndsAStrangerThatHasNothingToSay) {
  server::RpcClient& known = Connect();
  server::RpcClient stranger(loop_, 7);
  worker().PromiseConnection();
  worker().Adopt(stranger.wire.MakeSocket(), nullptr);
  loop_.RunTurn();
  loop_.Oversleep(minutes(1));
  EXPECT_THAT(stranger.Hears(), Contains(HasSubstr("GOAWAY")));
  loop_.Oversleep(minutes(1));  // for it to read that
  Settle();
  EXPECT_TRUE(stranger.wire.is_closed());
  EXPECT_EQ(worker().load(), 1u);
  ExpectServed(known, 1);
}

TEST_F(TimeFaults, AMachineThatIsUpForAHundredYearsServesAsEver) {
  uint32_t id = 1;
  // Beyond 2^32 milliseconds, beyond 2^53 nanoseconds, and far from the end of the clock (292
  // years).
  for (const Duration uptime :
       {Duration(hours(24) * 50), Duration(hours(24) * 150), Duration(hours(24) * 365 * 100)}) {
    loop_.Oversleep(uptime);
    server::RpcClient& client = Connect();
    ExpectServed(client, id);
    client.Sends(server::UnaryCall(id + 2, server::kUnary, "x", {{"grpc-timeout", "1S"}}));
    Settle();
    loop_.Advance(std::chrono::milliseconds(999));
    EXPECT_THAT(client.Hears(), IsEmpty());
    loop_.Advance(std::chrono::milliseconds(5));
    EXPECT_THAT(client.Hears(), ElementsAre(HasSubstr("grpc-status=4")));
    client.wire.EndsSending();
    Settle();
    EXPECT_TRUE(client.wire.is_closed());
  }
}

}  // namespace
}  // namespace weir::faults
