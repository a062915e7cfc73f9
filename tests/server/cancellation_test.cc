// Calls that end before their handler does: by the client, by the connection, by the server; and
// what wakes up then, how often.
#include <chrono>
#include <coroutine>
#include <functional>
#include <string>
#include <vector>

#include "tests/server/server_fixture.h"

namespace weir::server {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr uint16_t kInitialWindowSize = 4;

// Suspends, and leaves the handle with the test.
struct Stop {
  std::coroutine_handle<>* place;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) { *place = handle; }
  void await_resume() const {}
};

class CancellationTest : public ServerTest {
 protected:
  std::vector<std::string> notes_;
};

TEST_F(CancellationTest, FailsAReadThatWaits) {
  coroutine_.chat = [&](ServerContext& context, CoTextStream stream) -> Task<Status> {
    Text text;
    const ReadResult read = co_await stream.Read(&text);
    notes_.push_back(read.is_failed() ? "failed" : "?");
    notes_.push_back(context.IsCancelled() ? "cancelled" : "?");
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat));
  Settle();
  client.Sends(testing::RstStream(1));
  Settle();
  EXPECT_THAT(notes_, ElementsAre("failed", "cancelled"));
  EXPECT_THAT(client.Hears(), IsEmpty());
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(CancellationTest, FailsAWriteThatWaits) {
  coroutine_.chat = [&](ServerContext&, CoTextStream stream) -> Task<Status> {
    const bool is_written = co_await stream.Write(std::string(100'000, 'x'));
    notes_.push_back(is_written ? "written" : "failed");
    notes_.push_back(co_await stream.Write(std::string("more")) ? "written" : "failed");
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat));
  Settle();
  EXPECT_THAT(notes_, IsEmpty());
  client.Sends(testing::RstStream(1));
  Settle();
  EXPECT_THAT(notes_, ElementsAre("failed", "failed"));
}

TEST_F(CancellationTest, CutsASleepShort) {
  coroutine_.chat = [&](ServerContext& context, CoTextStream) -> Task<Status> {
    notes_.push_back(co_await context.SleepFor(10s) ? "slept" : "cut");
    notes_.push_back(co_await context.SleepFor(10s) ? "slept" : "cut");
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat));
  Settle();
  loop_.Advance(5s);
  client.Sends(testing::RstStream(1));
  Settle();
  EXPECT_THAT(notes_, ElementsAre("cut", "cut"));
}

TEST_F(CancellationTest, LeavesASleepThatIsOverAlone) {
  coroutine_.chat = [&](ServerContext& context, CoTextStream) -> Task<Status> {
    notes_.push_back(co_await context.SleepFor(10ms) ? "slept" : "cut");
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat));
  Settle();
  loop_.Advance(9ms);
  EXPECT_THAT(notes_, IsEmpty());
  loop_.Advance(3ms);
  EXPECT_THAT(notes_, ElementsAre("slept"));
  EXPECT_THAT(client.Hears(), ElementsAre(HeadersLine(1), TrailersLine(1), NoMoreLine(1)));
}

TEST_F(CancellationTest, RunsEachCallbackOnce) {
  coroutine_.chat = [&](ServerContext& context, CoTextStream stream) -> Task<Status> {
    context.OnCancel([&] { notes_.push_back("first"); });
    context.OnCancel([&] { notes_.push_back("second"); });
    Text text;
    co_await stream.Read(&text);
    context.OnCancel([&] { notes_.push_back("at once"); });
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat));
  Settle();
  client.Sends(testing::RstStream(1));
  client.wire.EndsSending();
  Settle();
  EXPECT_THAT(notes_, ElementsAre("first", "second", "at once"));
}

TEST_F(CancellationTest, RunsNoCallbackOfACallThatEndsWell) {
  coroutine_.unary = [&](ServerContext& context, const Text&, Text&) -> Task<Status> {
    context.OnCancel([&] { notes_.push_back("cancelled"); });
    context.OnDrain([&] { notes_.push_back("drained"); });
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, ""));
  Settle();
  worker().BeginDrain();
  client.wire.EndsSending();
  Settle();
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(CancellationTest, RunsNoCallbackAfterTheHandlerThatACallbackEnded) {
  std::coroutine_handle<> handler;
  coroutine_.chat = [&](ServerContext& context, CoTextStream) -> Task<Status> {
    context.OnCancel([&] { handler.resume(); });
    context.OnCancel([&] { notes_.push_back("after the handler"); });
    co_await Stop{&handler};
    notes_.push_back("handler over");
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat));
  Settle();
  client.Sends(testing::RstStream(1));
  Settle();
  EXPECT_THAT(notes_, ElementsAre("handler over"));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(CancellationTest, ContainsWhatCallbacksThrow) {
  coroutine_.chat = [&](ServerContext& context, CoTextStream stream) -> Task<Status> {
    context.OnCancel([] { throw std::runtime_error("on purpose"); });
    context.OnCancel([&] { notes_.push_back("second"); });
    Text text;
    co_await stream.Read(&text);
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat));
  Settle();
  client.Sends(testing::RstStream(1));
  Settle();
  EXPECT_THAT(notes_, ElementsAre("second"));
  EXPECT_THAT(LogLines(), ElementsAre(HasSubstr("a callback that threw an exception: on purpose")));
}

TEST_F(CancellationTest, ReachesEveryCallOfALostConnection) {
  coroutine_.chat = [&](ServerContext& context, CoTextStream stream) -> Task<Status> {
    Text text;
    co_await stream.Read(&text);
    notes_.push_back(context.IsCancelled() ? "cancelled" : "?");
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat) + OpenCall(3, kChat) + OpenCall(5, kChat));
  Settle();
  client.wire.Breaks();
  Settle();
  EXPECT_THAT(notes_, ElementsAre("cancelled", "cancelled", "cancelled"));
  EXPECT_TRUE(client.wire.is_closed());
}

TEST_F(CancellationTest, ReachesEveryCallOfAConnectionThatFailed) {
  coroutine_.chat = [&](ServerContext& context, CoTextStream stream) -> Task<Status> {
    Text text;
    co_await stream.Read(&text);
    notes_.push_back(context.IsCancelled() ? "cancelled" : "?");
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat) + OpenCall(3, kChat));
  client.Sends(testing::RawFrame(testing::frame_type::kPing, 0, 0, "short"));
  Settle();
  EXPECT_THAT(notes_, ElementsAre("cancelled", "cancelled"));
  EXPECT_THAT(client.Hears(), Contains(HasSubstr("GOAWAY 3 FRAME_SIZE_ERROR")));
}

TEST_F(CancellationTest, ReachesEveryCallWhenTheServerAborts) {
  coroutine_.chat = [&](ServerContext& context, CoTextStream stream) -> Task<Status> {
    Text text;
    co_await stream.Read(&text);
    notes_.push_back(context.IsCancelled() ? "cancelled" : "?");
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat) + OpenCall(3, kChat));
  Settle();
  worker().Abort();
  Settle();
  EXPECT_THAT(notes_, ElementsAre("cancelled", "cancelled"));
  const std::string fields = "grpc-status=14 grpc-message=the server is shutting down";
  EXPECT_THAT(client.Hears(),
              ElementsAre(TrailersOnlyLine(1, fields), NoMoreLine(1), TrailersOnlyLine(3, fields),
                          NoMoreLine(3), "GOAWAY 3 NO_ERROR 'server stopped'"));
}

TEST_F(CancellationTest, OfACallWithoutHandlerGivesItsPlaceBack) {
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kUnary) + SendsMessage(1, "half") + testing::RstStream(1));
  Settle();
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(CancellationTest, LeavesAHandlerThatGoesOnItsPlace) {
  std::coroutine_handle<> handler;
  coroutine_.chat = [&](ServerContext&, CoTextStream) -> Task<Status> {
    co_await Stop{&handler};
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat) + testing::RstStream(1));
  Settle();
  EXPECT_EQ(OpenStreams(), 1u);  // it counts as long as it runs
  handler.resume();
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(CancellationTest, KeepsAConnectionUntilItsHandlersAreDone) {
  std::coroutine_handle<> handler;
  coroutine_.chat = [&](ServerContext& context, CoTextStream) -> Task<Status> {
    co_await Stop{&handler};
    EXPECT_EQ(context.method(), kChat);  // the context is as good as ever
    EXPECT_EQ(context.peer(), "");
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat));
  Settle();
  client.wire.Breaks();
  Settle();
  EXPECT_FALSE(worker().is_empty());
  loop_.PostFunction([&] { handler.resume(); });
  Settle();
  EXPECT_TRUE(worker().is_empty());
}

// ---- by the server -----------------------------------------------------------------------------

TEST_F(CancellationTest, ByTheServerEndsTheCall) {
  ServerContext* its_context = nullptr;
  coroutine_.chat = [&](ServerContext& context, CoTextStream stream) -> Task<Status> {
    its_context = &context;
    context.OnCancel([&] { notes_.push_back("callback"); });
    Text text;
    const ReadResult read = co_await stream.Read(&text);
    notes_.push_back(read.is_failed() ? "failed" : "?");
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat));
  Settle();
  its_context->TryCancel();
  its_context->TryCancel();
  Settle();
  EXPECT_THAT(notes_, ElementsAre("callback", "failed"));
  EXPECT_THAT(
      client.Hears(),
      ElementsAre(TrailersOnlyLine(1, "grpc-status=1 grpc-message=the server cancelled the call"),
                  NoMoreLine(1)));
}

TEST_F(CancellationTest, ByAHandlerThatReturnsAtOnceStillHolds) {
  coroutine_.unary = [](ServerContext& context, const Text&, Text&) -> Task<Status> {
    context.TryCancel();
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  // The object of the first call serves the second one before the posted cancellation runs.
  client.Sends(UnaryCall(1, kUnary, ""));
  client.Sends(OpenCall(3, kUnary));
  Settle();
  client.Sends(SendsLast(3, ""));
  coroutine_.unary = [](ServerContext&, const Text&, Text&) -> Task<Status> {
    co_return Status::OK;
  };
  Settle();
  EXPECT_THAT(
      client.Hears(),
      ElementsAre(TrailersOnlyLine(1, "grpc-status=1 grpc-message=the server cancelled the call"),
                  HeadersLine(3), MessageLine(3, ""), TrailersLine(3)));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(CancellationTest, ByTheServerResetsAStreamWhoseDataIsNotTaken) {
  ServerContext* its_context = nullptr;
  coroutine_.chat = [&](ServerContext& context, CoTextStream stream) -> Task<Status> {
    its_context = &context;
    notes_.push_back(co_await stream.Write(std::string(100'000, 'x')) ? "written" : "failed");
    co_return Status::OK;
  };
  RpcClient& client = Connect(testing::Settings({{kInitialWindowSize, 0}}));
  client.Sends(OpenCall(1, kChat));
  Settle();
  client.Hears();
  its_context->TryCancel();
  Settle();
  EXPECT_THAT(notes_, ElementsAre("failed"));
  EXPECT_THAT(client.Hears(), ElementsAre(CancelLine(1)));
}

// ---- drain -------------------------------------------------------------------------------------

TEST_F(CancellationTest, IsNotWhatADrainDoes) {
  coroutine_.chat = [&](ServerContext& context, CoTextStream stream) -> Task<Status> {
    context.OnDrain([&] { notes_.push_back("drain"); });
    EXPECT_FALSE(context.IsDraining());
    Text text;
    const ReadResult read = co_await stream.Read(&text);
    EXPECT_TRUE(context.IsDraining());
    EXPECT_FALSE(context.IsCancelled());
    context.OnDrain([&] { notes_.push_back("at once"); });
    notes_.push_back(read.is_end() ? "end" : "?");
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat));
  Settle();
  worker().BeginDrain();
  Settle();
  client.Sends(SendsEnd(1));
  Settle();
  EXPECT_THAT(notes_, ElementsAre("drain", "at once", "end"));
  EXPECT_THAT(client.Hears(), Contains(TrailersLine(1)));
}

TEST_F(CancellationTest, OfADrainCallbackMayEndTheHandlerAndOthersAreStillTold) {
  std::vector<std::coroutine_handle<>> handlers(2);
  size_t started = 0;
  coroutine_.chat = [&](ServerContext& context, CoTextStream) -> Task<Status> {
    std::coroutine_handle<>& handler = handlers[started++];
    context.OnDrain([&handler] { handler.resume(); });
    context.OnDrain([&] { notes_.push_back("after the handler"); });
    co_await Stop{&handler};
    notes_.push_back("handler over");
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat) + OpenCall(3, kChat));
  Settle();
  worker().BeginDrain();
  Settle();
  EXPECT_THAT(notes_, ElementsAre("handler over", "handler over"));
  EXPECT_EQ(OpenStreams(), 0u);
}

// ---- pairs of ends -----------------------------------------------------------------------------

// Whatever ends a call, and whatever else happens at the same time, in either order and in the same
// turn: the handler ends, callbacks run at most once, and nothing is left.
enum class End { kDeadline, kReset, kDisconnect, kHandler, kDrain, kAbort, kTryCancel };

std::string NameOf(End end) {
  switch (end) {
    case End::kDeadline:
      return "Deadline";
    case End::kReset:
      return "Reset";
    case End::kDisconnect:
      return "Disconnect";
    case End::kHandler:
      return "Handler";
    case End::kDrain:
      return "Drain";
    case End::kAbort:
      return "Abort";
    case End::kTryCancel:
      return "TryCancel";
  }
  return "";
}

constexpr End kEnds[] = {End::kDeadline, End::kReset, End::kDisconnect, End::kHandler,
                         End::kDrain,    End::kAbort, End::kTryCancel};

class EndPairTest : public ServerTest,
                    public ::testing::WithParamInterface<std::tuple<End, End, bool>> {
 protected:
  void Do(End end, RpcClient& client) {
    switch (end) {
      case End::kDeadline:
        loop_.Advance(1002ms);
        break;
      case End::kReset:
        client.wire.Sends(testing::RstStream(1));
        break;
      case End::kDisconnect:
        client.wire.EndsSending();
        break;
      case End::kHandler:
        client.wire.Sends(SendsEnd(1));
        break;
      case End::kDrain:
        loop_.PostFunction([this] { worker().BeginDrain(); });
        break;
      case End::kAbort:
        loop_.PostFunction([this] { worker().Abort(); });
        break;
      case End::kTryCancel:
        if (context_ != nullptr) context_->TryCancel();
        break;
    }
  }

  ServerContext* context_ = nullptr;  // while the handler runs
};

INSTANTIATE_TEST_SUITE_P(Pair, EndPairTest,
                         ::testing::Combine(::testing::ValuesIn(kEnds), ::testing::ValuesIn(kEnds),
                                            ::testing::Bool()),
                         [](const auto& test) {
                           return NameOf(std::get<0>(test.param)) + "Then" +
                                  NameOf(std::get<1>(test.param)) +
                                  (std::get<2>(test.param) ? "InOneTurn" : "Later");
                         });

TEST_P(EndPairTest, EndsTheCallOnce) {
  const auto [first, second, is_same_turn] = GetParam();
  int cancels = 0;
  int drains = 0;
  int ends = 0;
  bool was_cancelled = false;
  coroutine_.chat = [&](ServerContext& context, CoTextStream stream) -> Task<Status> {
    context_ = &context;
    context.OnCancel([&] { ++cancels; });
    context.OnDrain([&] { ++drains; });
    co_await stream.Write(std::string("hello"));
    Text text;
    while (co_await stream.Read(&text)) {
    }
    was_cancelled = context.IsCancelled();
    context_ = nullptr;
    ++ends;
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat, {{"grpc-timeout", "1S"}}));
  Settle();
  ASSERT_NE(context_, nullptr);
  Do(first, client);
  if (!is_same_turn) Settle();
  Do(second, client);
  Settle();
  const bool is_end_due = first != End::kDrain || second != End::kDrain;
  EXPECT_EQ(ends, is_end_due ? 1 : 0);
  EXPECT_EQ(cancels, was_cancelled ? 1 : 0);
  EXPECT_LE(drains, 1);
  if (!is_end_due) client.wire.EndsSending();
  Settle();
  EXPECT_EQ(ends, 1);
  const std::vector<std::string> heard = client.Hears();
  EXPECT_LE(std::count_if(heard.begin(), heard.end(),
                          [](const std::string& l) { return l.starts_with("HEADERS 1 end"); }),
            1);
}

}  // namespace
}  // namespace weir::server
