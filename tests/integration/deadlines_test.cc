// Do handlers know their deadline, and does it end them?
#include <algorithm>

#include "tests/integration/test_server.h"

namespace integration {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

// What a handler knows of its time.
struct Times {
  system_clock::time_point deadline;
  std::chrono::nanoseconds remaining{0};
  std::optional<std::chrono::nanoseconds> timeout;
};

Times TimesOf(const weir::ServerContext& context) {
  return {context.deadline(), context.time_remaining(), context.requested_timeout()};
}

class ShortContext final : public grpc::ClientContext {
 public:
  explicit ShortContext(milliseconds timeout) { set_deadline(system_clock::now() + timeout); }
};

class Deadlines : public EveryStyleTest {
 protected:
  void InUnary(std::function<void(weir::ServerContext&)> body) {
    blocking_.unary = [body](weir::ServerContext* context, const EchoRequest*, EchoReply*) {
      body(*context);
      return weir::Status::OK;
    };
    coroutine_.unary = [body](weir::ServerContext& context, const EchoRequest&,
                              EchoReply&) -> weir::Task<weir::Status> {
      body(context);
      co_return weir::Status::OK;
    };
  }
};
INSTANTIATE_FOR_EVERY_STYLE(Deadlines);

TEST_P(Deadlines, AreVisibleToTheHandler) {
  Shared<Times> seen;
  InUnary([&](weir::ServerContext& context) { seen.Set(TimesOf(context)); });
  StartServer();
  const system_clock::time_point before = system_clock::now();
  ShortContext context(milliseconds(20'000));
  EchoReply reply;
  EXPECT_TRUE(stub().Unary(&context, EchoRequest(), &reply).ok());
  const system_clock::time_point after = system_clock::now();

  const auto [deadline, remaining, timeout] = seen.Get();
  // gRPC's clients round timeouts up, by a percent or so.
  const milliseconds slack(1000);
  ASSERT_TRUE(timeout.has_value());
  EXPECT_LE(*timeout, milliseconds(20'000) + slack);
  EXPECT_GT(*timeout, milliseconds(20'000) - (after - before) - slack);
  EXPECT_LE(remaining, *timeout);
  EXPECT_GT(remaining, *timeout - (after - before) - slack);
  EXPECT_GE(deadline, before + *timeout - slack);
  EXPECT_LE(deadline, after + *timeout + slack);
}

TEST_P(Deadlines, MayBeAbsent) {
  Shared<Times> seen;
  InUnary([&](weir::ServerContext& context) { seen.Set(TimesOf(context)); });
  StartServer();
  grpc::ClientContext context;
  EchoReply reply;
  EXPECT_TRUE(stub().Unary(&context, EchoRequest(), &reply).ok());
  const auto [deadline, remaining, timeout] = seen.Get();
  EXPECT_FALSE(timeout.has_value());
  EXPECT_EQ(deadline, system_clock::time_point::max());
  EXPECT_EQ(remaining, std::chrono::nanoseconds::max());
}

TEST_P(Deadlines, ThatAreMetChangeNothing) {
  std::atomic<bool> was_cancelled = false;
  InUnary([&](weir::ServerContext& context) { was_cancelled = context.IsCancelled(); });
  StartServer();
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(CallUnary(stub(), "").ok());
    EXPECT_FALSE(was_cancelled);
  }
}

// The client's own timer ends the call at the client; this is about the handler.
TEST_P(Deadlines, ThatPassCancelTheHandler) {
  Notification cancelled;
  Counter callbacks;
  blocking_.chat = [&](weir::ServerContext* context, auto* stream) {
    context->OnCancel([&] { callbacks.Increment(); });
    EchoRequest request;
    EXPECT_TRUE(stream->Read(&request).is_failed());
    EXPECT_TRUE(context->IsCancelled());
    cancelled.Notify();
    return weir::Status::OK;
  };
  coroutine_.chat = [&](weir::ServerContext& context, auto& stream) -> weir::Task<weir::Status> {
    context.OnCancel([&] { callbacks.Increment(); });
    EchoRequest request;
    const weir::ReadResult read = co_await stream.Read(&request);
    EXPECT_TRUE(read.is_failed());
    EXPECT_TRUE(context.IsCancelled());
    cancelled.Notify();
    co_return weir::Status::OK;
  };
  StartServer();
  ASSERT_TRUE(CallUnary(stub(), "").ok());  // the deadline is not for making a connection
  ShortContext context(milliseconds(200));
  auto stream = stub().Chat(&context);
  EchoReply reply;
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(cancelled.Wait());
  EXPECT_TRUE(callbacks.WaitFor(1));
  EXPECT_TRUE(CallUnary(stub(), "").ok());
  EXPECT_EQ(callbacks.value(), 1);
}

TEST(CoroutineDeadlines, EndASleep) {
  Notification woken;
  CoroutineEcho echo;
  echo.unary = [&](weir::ServerContext& context, auto&, auto&) -> weir::Task<weir::Status> {
    const bool slept = co_await context.SleepFor(kPatience);
    EXPECT_FALSE(slept);
    EXPECT_TRUE(context.IsCancelled());
    woken.Notify();
    co_return weir::Status::OK;
  };
  TestServer server(&echo);
  const std::shared_ptr<grpc::Channel> channel = server.NewChannel();
  // The deadline is not for making a connection.
  ASSERT_TRUE(channel->WaitForConnected(system_clock::now() + kPatience));
  ShortContext context(milliseconds(200));
  EchoReply reply;
  const grpc::Status status = upstream::Echo::NewStub(channel)->Unary(&context, {}, &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(woken.Wait());
}

TEST(CoroutineDeadlines, DoNotDisturbShorterSleeps) {
  CoroutineEcho echo;
  Shared<std::chrono::steady_clock::duration> slept;
  echo.unary = [&](weir::ServerContext& context, auto&, auto&) -> weir::Task<weir::Status> {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(co_await context.SleepFor(milliseconds(20)));
    slept.Set(std::chrono::steady_clock::now() - start);
    co_return weir::Status::OK;
  };
  TestServer server(&echo);
  EXPECT_TRUE(CallUnary(*server.NewStub(), "").ok());
  EXPECT_GE(slept.Get(), milliseconds(20));
}

}  // namespace
}  // namespace integration
