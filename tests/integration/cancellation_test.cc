// Does a handler notice, in every way it can look, that nobody waits for it any more?
#include <thread>

#include "tests/integration/gate.h"
#include "tests/integration/raw_client.h"
#include "tests/integration/test_server.h"

namespace integration {
namespace {

// What a handler that is being cancelled saw; filled by the handler, read after `done`.
struct Observation {
  Notification started;
  Notification done;
  Counter callbacks;
  std::atomic<bool> read_failed = false;
  std::atomic<bool> write_failed = false;
  std::atomic<bool> is_cancelled = false;
};

class Cancellation : public EveryStyleTest {
 protected:
  // Chat waits for a message that never comes, then tries to write.
  void SetUp() override {
    blocking_.chat = [this](weir::ServerContext* context, auto* stream) {
      context->OnCancel([this] { seen_.callbacks.Increment(); });
      EXPECT_FALSE(context->IsCancelled());
      seen_.started.Notify();
      EchoRequest request;
      seen_.read_failed = stream->Read(&request).is_failed();
      seen_.is_cancelled = context->IsCancelled();
      seen_.write_failed = !stream->Write(EchoReply());
      seen_.done.Notify();
      return weir::Status::OK;
    };
    coroutine_.chat = [this](weir::ServerContext& context,
                             auto& stream) -> weir::Task<weir::Status> {
      context.OnCancel([this] { seen_.callbacks.Increment(); });
      EXPECT_FALSE(context.IsCancelled());
      seen_.started.Notify();
      EchoRequest request;
      const weir::ReadResult read = co_await stream.Read(&request);
      seen_.read_failed = read.is_failed();
      seen_.is_cancelled = context.IsCancelled();
      const EchoReply reply;
      seen_.write_failed = !co_await stream.Write(reply);
      seen_.done.Notify();
      co_return weir::Status::OK;
    };
  }

  void ExpectCancelled() {
    ASSERT_TRUE(seen_.done.Wait());
    EXPECT_TRUE(seen_.read_failed);
    EXPECT_TRUE(seen_.is_cancelled);
    EXPECT_TRUE(seen_.write_failed);
    EXPECT_TRUE(seen_.callbacks.WaitFor(1));
  }

  Observation seen_;
};
INSTANTIATE_FOR_EVERY_STYLE(Cancellation);

TEST_P(Cancellation, OfTheClientReachesTheHandler) {
  StartServer();
  BoundedContext context;
  auto stream = stub().Chat(&context);
  ASSERT_TRUE(seen_.started.Wait());
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  ExpectCancelled();
  EXPECT_TRUE(CallUnary(stub(), "the connection is still good").ok());
  EXPECT_EQ(seen_.callbacks.value(), 1) << "OnCancel's callback runs once";
}

TEST_P(Cancellation, ByLosingTheConnectionReachesTheHandler) {
  StartServer();
  RawClient client(server().port());
  client.StartHttp2();
  client.SendHeaders(1, RequestFields("/integration.Echo/Chat"), false);
  ASSERT_TRUE(seen_.started.Wait());
  client.Close();
  ExpectCancelled();
  EXPECT_TRUE(CallUnary(stub(), "other connections are good").ok());
  EXPECT_EQ(seen_.callbacks.value(), 1);
}

TEST_P(Cancellation, ByAResetOfTheStreamReachesTheHandler) {
  StartServer();
  RawClient client(server().port());
  client.StartHttp2();
  client.SendHeaders(1, RequestFields("/integration.Echo/Chat"), false);
  ASSERT_TRUE(seen_.started.Wait());
  client.SendFrame(FrameType::kRstStream, 0, 1,
                   BigEndian32(static_cast<uint32_t>(ErrorCode::kCancel)));
  ExpectCancelled();
  EXPECT_TRUE(client.Synchronise().has_value()) << "the connection is still good";
}

TEST_P(Cancellation, ByTheServerReachesTheClient) {
  blocking_.chat = [](weir::ServerContext* context, auto* stream) {
    context->TryCancel();
    EchoRequest request;
    EXPECT_TRUE(stream->Read(&request).is_failed());
    return weir::Status::OK;
  };
  coroutine_.chat = [](weir::ServerContext& context, auto& stream) -> weir::Task<weir::Status> {
    context.TryCancel();
    EchoRequest request;
    const weir::ReadResult read = co_await stream.Read(&request);
    EXPECT_TRUE(read.is_failed());
    co_return weir::Status::OK;
  };
  StartServer();
  BoundedContext context;
  auto stream = stub().Chat(&context);
  EchoReply reply;
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_P(Cancellation, DoesNotHappenToCallsThatSucceed) {
  std::atomic<int> callbacks = 0;
  blocking_.unary = [&](weir::ServerContext* context, auto*, auto*) {
    context->OnCancel([&] { ++callbacks; });
    return weir::Status::OK;
  };
  coroutine_.unary = [&](weir::ServerContext& context, auto&, auto&) -> weir::Task<weir::Status> {
    context.OnCancel([&] { ++callbacks; });
    co_return weir::Status::OK;
  };
  StartServer();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(CallUnary(stub(), "").ok());
  EXPECT_EQ(callbacks, 0);
}

TEST_P(Cancellation, ThatHasHappenedCallsBackAtOnce) {
  Notification started, done;
  Counter callbacks;
  blocking_.chat = [&](weir::ServerContext* context, auto* stream) {
    started.Notify();
    EchoRequest request;
    EXPECT_TRUE(stream->Read(&request).is_failed());
    context->OnCancel([&] { callbacks.Increment(); });
    EXPECT_TRUE(callbacks.WaitFor(1));
    done.Notify();
    return weir::Status::OK;
  };
  coroutine_.chat = [&](weir::ServerContext& context, auto& stream) -> weir::Task<weir::Status> {
    started.Notify();
    EchoRequest request;
    const weir::ReadResult read = co_await stream.Read(&request);
    EXPECT_TRUE(read.is_failed());
    context.OnCancel([&] { callbacks.Increment(); });
    EXPECT_EQ(callbacks.value(), 1);
    done.Notify();
    co_return weir::Status::OK;
  };
  StartServer();
  BoundedContext context;
  auto stream = stub().Chat(&context);
  ASSERT_TRUE(started.Wait());
  context.TryCancel();
  stream->Finish();
  EXPECT_TRUE(done.Wait());
}

// A server that streams notices at the next Write.
TEST_P(Cancellation, EndsAHandlerThatOnlyWrites) {
  Notification started, done;
  blocking_.expand = [&](weir::ServerContext*, auto*, auto* writer) {
    EchoReply reply;
    reply.set_payload(std::string(10'000, 'x'));
    while (writer->Write(reply)) started.Notify();
    done.Notify();
    return weir::Status::OK;
  };
  coroutine_.expand = [&](weir::ServerContext&, auto&, auto& writer) -> weir::Task<weir::Status> {
    EchoReply reply;
    reply.set_payload(std::string(10'000, 'x'));
    while (co_await writer.Write(reply)) started.Notify();
    done.Notify();
    co_return weir::Status::OK;
  };
  StartServer();
  BoundedContext context;
  auto reader = stub().Expand(&context, EchoRequest());
  ASSERT_TRUE(started.Wait());
  context.TryCancel();
  reader->Finish();
  EXPECT_TRUE(done.Wait());
  EXPECT_TRUE(CallUnary(stub(), "the connection is still good").ok());
}

// ---- only for one style ------------------------------------------------------------------------

TEST(BlockingCancellation, CanBePolledByAHandlerThatComputes) {
  Notification started, done;
  BlockingEcho echo;
  echo.unary = [&](weir::ServerContext* context, auto*, auto*) {
    started.Notify();
    while (!context->IsCancelled()) std::this_thread::yield();
    done.Notify();
    return weir::Status::OK;
  };
  TestServer server(&echo);
  auto stub = server.NewStub();
  BoundedContext context;
  std::thread canceller([&] {
    EXPECT_TRUE(started.Wait());
    context.TryCancel();
  });
  EchoReply reply;
  const grpc::Status status = stub->Unary(&context, EchoRequest(), &reply);
  canceller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(done.Wait());
}

TEST(CoroutineCancellation, EndsASleep) {
  Notification started, done;
  CoroutineEcho echo;
  echo.expand = [&](weir::ServerContext& context, auto&, auto&) -> weir::Task<weir::Status> {
    started.Notify();
    EXPECT_FALSE(co_await context.SleepFor(kPatience));
    done.Notify();
    co_return weir::Status::OK;
  };
  TestServer server(&echo);
  auto stub = server.NewStub();
  BoundedContext context;
  auto reader = stub->Expand(&context, EchoRequest());
  ASSERT_TRUE(started.Wait());
  context.TryCancel();
  reader->Finish();
  EXPECT_TRUE(done.Wait());
}

// ---- the worker --------------------------------------------------------------------------------

TEST(CoroutineWorker, CanBeReachedFromOtherThreads) {
  Gate gate;
  Notification started;
  Shared<std::thread::id> before, after;
  CoroutineEcho echo;
  echo.chat = [&](weir::ServerContext& context, auto&) -> weir::Task<weir::Status> {
    before.Set(std::this_thread::get_id());
    started.Notify();
    co_await gate.Pass(context);
    after.Set(std::this_thread::get_id());
    co_return weir::Status::OK;
  };
  TestServer server(&echo);
  auto stub = server.NewStub();
  BoundedContext context;
  auto stream = stub->Chat(&context);
  ASSERT_TRUE(started.Wait());
  gate.Open();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(before.Get(), after.Get()) << "the coroutine goes on where it was";
  EXPECT_NE(before.Get(), std::this_thread::get_id());
}

}  // namespace
}  // namespace integration
