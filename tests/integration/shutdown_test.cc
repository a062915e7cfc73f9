// Does a server stop calmly when there is time, and surely when there is none?
#include <thread>

#include "tests/integration/raw_client.h"
#include "tests/integration/test_server.h"

namespace integration {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Shutdown : public EveryStyleTest {
 protected:
  // Chat answers each message, and ends well when the server drains or the client has finished.
  void ServeChatsThatEndOnDrain() {
    blocking_.chat = [this](weir::ServerContext* context, auto* stream) {
      context->OnDrain([this] { draining_.Notify(); });
      EchoRequest request;
      while (stream->Read(&request)) {
        if (context->IsDraining()) was_draining_ = true;
        if (!stream->Write(EchoReply())) return weir::Status::CANCELLED;
      }
      return weir::Status::OK;
    };
    coroutine_.chat = [this](weir::ServerContext& context,
                             auto& stream) -> weir::Task<weir::Status> {
      context.OnDrain([this] { draining_.Notify(); });
      EchoRequest request;
      const EchoReply reply;
      while (co_await stream.Read(&request)) {
        if (context.IsDraining()) was_draining_ = true;
        if (!co_await stream.Write(reply)) co_return weir::Status::CANCELLED;
      }
      co_return weir::Status::OK;
    };
  }

  // Chat waits for messages and for nothing else.
  void ServeChatsThatStay() {
    blocking_.chat = [this](weir::ServerContext* context, auto* stream) {
      started_.Notify();
      EchoRequest request;
      EXPECT_TRUE(stream->Read(&request).is_failed());
      EXPECT_TRUE(context->IsCancelled());
      ended_.Increment();
      return weir::Status::OK;
    };
    coroutine_.chat = [this](weir::ServerContext& context,
                             auto& stream) -> weir::Task<weir::Status> {
      started_.Notify();
      EchoRequest request;
      const weir::ReadResult read = co_await stream.Read(&request);
      EXPECT_TRUE(read.is_failed());
      EXPECT_TRUE(context.IsCancelled());
      ended_.Increment();
      co_return weir::Status::OK;
    };
  }

  Notification started_;
  Notification draining_;
  Counter ended_;
  std::atomic<bool> was_draining_ = false;
};
INSTANTIATE_FOR_EVERY_STYLE(Shutdown);

TEST_P(Shutdown, OfAnIdleServerIsGraceful) {
  StartServer();
  RawClient client(server().port());
  client.StartHttp2();
  client.SendHeaders(1, RequestFields("/integration.Echo/Unary"), false);
  client.SendData(1, Prefixed(""), true);
  EXPECT_EQ(client.ReadResponse(1).grpc_status(), "0");
  std::thread idle([&client] {
    EXPECT_EQ(client.ReadToEnd(), ErrorCode::kNoError);
    client.Close();
  });
  const weir::ShutdownReport report = server().server().Shutdown(kPatience);
  idle.join();
  EXPECT_TRUE(report.was_graceful);
  EXPECT_EQ(report.calls_cancelled, 0u);
  server().server().Wait();
  EXPECT_FALSE(CallUnary(stub(), "").ok());
}

TEST_P(Shutdown, LetsCallsInProgressFinish) {
  ServeChatsThatEndOnDrain();
  StartServer();
  BoundedContext context;
  auto stream = stub().Chat(&context);
  EchoReply reply;
  ASSERT_TRUE(stream->Write(EchoRequest()));
  ASSERT_TRUE(stream->Read(&reply));

  weir::ShutdownReport report;
  std::thread stopping([&] { report = server().server().Shutdown(kPatience); });
  ASSERT_TRUE(draining_.Wait());
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(stream->Write(EchoRequest()));
    EXPECT_TRUE(stream->Read(&reply));
  }
  EXPECT_TRUE(stream->WritesDone());
  EXPECT_FALSE(stream->Read(&reply));
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  stopping.join();
  EXPECT_TRUE(report.was_graceful);
  EXPECT_TRUE(was_draining_);
}

TEST_P(Shutdown, TakesNoNewConnections) {
  ServeChatsThatEndOnDrain();
  StartServer();
  BoundedContext context;
  auto stream = stub().Chat(&context);
  EchoReply reply;
  ASSERT_TRUE(stream->Write(EchoRequest()));
  ASSERT_TRUE(stream->Read(&reply));
  std::thread stopping([&] { server().server().Shutdown(); });
  ASSERT_TRUE(draining_.Wait());
  EXPECT_EQ(CallUnary(*server().NewStub(), "").error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(stream->WritesDone());
  EXPECT_TRUE(stream->Finish().ok());
  stopping.join();
}

TEST_P(Shutdown, CancelsAtItsDeadlineWhatIsLeft) {
  ServeChatsThatStay();
  StartServer();
  BoundedContext context;
  auto stream = stub().Chat(&context);
  ASSERT_TRUE(started_.Wait());
  const weir::ShutdownReport report = server().server().Shutdown(milliseconds(50));
  EXPECT_FALSE(report.was_graceful);
  EXPECT_EQ(report.calls_cancelled, 1u);
  EXPECT_EQ(ended_.value(), 1) << "the handler has returned before Shutdown does";
  EXPECT_FALSE(stream->Finish().ok());
}

TEST_P(Shutdown, ByTheDestructorCancelsAtOnce) {
  ServeChatsThatStay();
  TestServer other([this](weir::ServerBuilder& builder) {
    if (is_coroutine()) {
      builder.RegisterService(&coroutine_);
    } else {
      builder.RegisterService(&blocking_);
    }
  });
  auto other_stub = other.NewStub();
  BoundedContext context;
  auto stream = other_stub->Chat(&context);
  ASSERT_TRUE(started_.Wait());
  { TestServer ending(std::move(other)); }
  EXPECT_EQ(ended_.value(), 1);
  EXPECT_FALSE(stream->Finish().ok());
}

TEST_P(Shutdown, IsJoinedByASecondOneAndHastenedByAnEarlierDeadline) {
  ServeChatsThatStay();
  StartServer();
  BoundedContext context;
  auto stream = stub().Chat(&context);
  ASSERT_TRUE(started_.Wait());
  weir::ShutdownReport patient;
  std::thread stopping([&] { patient = server().server().Shutdown(); });
  const weir::ShutdownReport hasty = server().server().Shutdown(milliseconds(50));
  stopping.join();
  EXPECT_FALSE(hasty.was_graceful);
  EXPECT_FALSE(patient.was_graceful);
  EXPECT_EQ(patient.calls_cancelled, 1u);
  stream->Finish();
}

TEST_P(Shutdown, WakesThoseWhoWait) {
  StartServer();
  std::thread waiting([&] { server().server().Wait(); });
  server().server().Shutdown(seconds(0));
  waiting.join();
}

TEST_P(Shutdown, IsNotHeldUpByAClientThatNeverReads) {
  blocking_.expand = [](weir::ServerContext*, auto*, auto* writer) {
    EchoReply reply;
    reply.set_payload(std::string(100'000, 'x'));
    while (writer->Write(reply)) {
    }
    return weir::Status::CANCELLED;
  };
  coroutine_.expand = [](weir::ServerContext&, auto&, auto& writer) -> weir::Task<weir::Status> {
    EchoReply reply;
    reply.set_payload(std::string(100'000, 'x'));
    while (co_await writer.Write(reply)) {
    }
    co_return weir::Status::CANCELLED;
  };
  StartServer();
  RawClient client(server().port());
  client.StartHttp2();
  client.SendWindowUpdate(0, 1u << 30);
  client.SendHeaders(1, RequestFields("/integration.Echo/Expand"), false);
  client.SendData(1, Prefixed(""), true);
  client.SendWindowUpdate(1, 1u << 30);
  ASSERT_TRUE(client.ReadUntil(FrameType::kData).has_value());
  // From here on nothing is read: the socket fills up.
  const auto start = std::chrono::steady_clock::now();
  server().server().Shutdown(milliseconds(50));
  EXPECT_LT(std::chrono::steady_clock::now() - start, kPatience / 2);
}

TEST(GracefulShutdown, AnnouncesItselfInTwoPhases) {
  Notification started, go_on;
  BlockingEcho echo;
  echo.unary = [&](weir::ServerContext*, auto*, auto*) {
    started.Notify();
    EXPECT_TRUE(go_on.Wait());
    return weir::Status::OK;
  };
  TestServer server(&echo);
  RawClient client(server.port());
  client.StartHttp2();
  client.SendHeaders(1, RequestFields("/integration.Echo/Unary"), false);
  client.SendData(1, Prefixed(""), true);
  ASSERT_TRUE(started.Wait());
  std::thread stopping([&] { server.server().Shutdown(); });

  // RFC 9113 §6.8: first a GOAWAY that excludes nothing, later one that names the last stream.
  const std::optional<Frame> first = client.ReadUntil(FrameType::kGoaway);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->error_code(), ErrorCode::kNoError);
  EXPECT_EQ(first->payload.substr(0, 4), BigEndian32(0x7fffffff));
  const std::optional<Frame> second = client.ReadUntil(FrameType::kGoaway);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->error_code(), ErrorCode::kNoError);
  EXPECT_EQ(second->payload.substr(0, 4), BigEndian32(1));
  go_on.Notify();
  const Response response = client.ReadResponse(1);
  EXPECT_EQ(response.grpc_status(), "0");
  EXPECT_EQ(client.ReadToEnd(), std::nullopt) << "nothing but the end follows";
  client.Close();
  stopping.join();
}

}  // namespace
}  // namespace integration
