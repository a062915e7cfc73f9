// Does each of the four call shapes work in each style of handler, with an upstream client?
#include <atomic>
#include <thread>
#include <vector>

#include "tests/integration/test_server.h"

namespace integration {
namespace {

EchoRequest MakeRequest(const std::string& text, int count = 0) {
  EchoRequest request;
  request.set_text(text);
  request.set_count(count);
  return request;
}

class CallShapes : public EveryStyleTest {};
INSTANTIATE_FOR_EVERY_STYLE(CallShapes);

TEST_P(CallShapes, UnaryIsAnswered) {
  StartServer();
  std::string answer;
  const grpc::Status status = CallUnary(stub(), "hello", &answer);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(answer, "hello");
}

TEST_P(CallShapes, UnaryCarriesMessagesWithoutContent) {
  StartServer();
  BoundedContext context;
  EchoReply reply;
  const grpc::Status status = stub().Unary(&context, EchoRequest(), &reply);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(reply.ByteSizeLong(), 0u);
}

TEST_P(CallShapes, ManyUnaryCallsShareAConnection) {
  StartServer();
  for (int i = 0; i < 1000; ++i) {
    std::string answer;
    const grpc::Status status = CallUnary(stub(), std::to_string(i), &answer);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_EQ(answer, std::to_string(i));
  }
}

TEST_P(CallShapes, ClientStreamingIsCollectedInOrder) {
  StartServer();
  BoundedContext context;
  EchoReply reply;
  auto writer = stub().Collect(&context, &reply);
  std::string all;
  for (int i = 0; i < 100; ++i) {
    const std::string text = std::to_string(i) + ",";
    ASSERT_TRUE(writer->Write(MakeRequest(text)));
    all += text;
  }
  ASSERT_TRUE(writer->WritesDone());
  const grpc::Status status = writer->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(reply.count(), 100);
  EXPECT_EQ(reply.text(), all);
}

TEST_P(CallShapes, ClientStreamingMayBeEmpty) {
  StartServer();
  BoundedContext context;
  EchoReply reply;
  auto writer = stub().Collect(&context, &reply);
  ASSERT_TRUE(writer->WritesDone());
  const grpc::Status status = writer->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(reply.count(), 0);
}

TEST_P(CallShapes, ServerStreamingArrivesInOrder) {
  StartServer();
  BoundedContext context;
  auto reader = stub().Expand(&context, MakeRequest("n", 100));
  EchoReply reply;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(reader->Read(&reply));
    EXPECT_EQ(reply.text(), "n" + std::to_string(i));
  }
  EXPECT_FALSE(reader->Read(&reply));
  const grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_P(CallShapes, ServerStreamingMayBeEmpty) {
  StartServer();
  BoundedContext context;
  auto reader = stub().Expand(&context, MakeRequest("n", 0));
  EchoReply reply;
  EXPECT_FALSE(reader->Read(&reply));
  const grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_P(CallShapes, BidirectionalAnswersEachRequestBeforeTheNext) {
  StartServer();
  BoundedContext context;
  auto stream = stub().Chat(&context);
  EchoReply reply;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(stream->Write(MakeRequest(std::to_string(i))));
    ASSERT_TRUE(stream->Read(&reply));
    EXPECT_EQ(reply.text(), std::to_string(i));
  }
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&reply));
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_P(CallShapes, BidirectionalMovesBothWaysAtOnce) {
  StartServer();
  BoundedContext context;
  auto stream = stub().Chat(&context);
  constexpr int kMessages = 500;
  std::thread writer([&stream] {
    EchoRequest request = MakeRequest("");
    request.mutable_payload()->assign(5000, 'x');
    for (int i = 0; i < kMessages; ++i) {
      request.set_text(std::to_string(i));
      EXPECT_TRUE(stream->Write(request));
    }
    EXPECT_TRUE(stream->WritesDone());
  });
  EchoReply reply;
  int received = 0;
  while (stream->Read(&reply)) {
    EXPECT_EQ(reply.text(), std::to_string(received));
    EXPECT_EQ(reply.payload().size(), 5000u);
    ++received;
  }
  writer.join();
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(received, kMessages);
}

TEST_P(CallShapes, BidirectionalMayEndBeforeTheClientDoes) {
  blocking_.chat = [](weir::ServerContext*, auto* stream) {
    EchoRequest request;
    EXPECT_TRUE(stream->Read(&request));
    return weir::Status(weir::StatusCode::ABORTED, "enough");
  };
  coroutine_.chat = [](weir::ServerContext&, auto& stream) -> weir::Task<weir::Status> {
    EchoRequest request;
    EXPECT_TRUE(co_await stream.Read(&request));
    co_return weir::Status(weir::StatusCode::ABORTED, "enough");
  };
  StartServer();
  BoundedContext context;
  auto stream = stub().Chat(&context);
  ASSERT_TRUE(stream->Write(MakeRequest("one")));
  EchoReply reply;
  EXPECT_FALSE(stream->Read(&reply));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(status.error_message(), "enough");
  EXPECT_TRUE(CallUnary(stub(), "the connection is still good").ok());
}

TEST_P(CallShapes, LastMessageMayLeaveTogetherWithTheStatus) {
  blocking_.expand = [](weir::ServerContext*, const EchoRequest*, auto* writer) {
    EchoReply reply;
    reply.set_text("only");
    EXPECT_TRUE(writer->WriteLast(reply));
    return weir::Status::OK;
  };
  coroutine_.expand = [](weir::ServerContext&, const EchoRequest&,
                         auto& writer) -> weir::Task<weir::Status> {
    EchoReply reply;
    reply.set_text("only");
    EXPECT_TRUE(co_await writer.WriteLast(reply));
    co_return weir::Status::OK;
  };
  StartServer();
  BoundedContext context;
  auto reader = stub().Expand(&context, MakeRequest(""));
  EchoReply reply;
  ASSERT_TRUE(reader->Read(&reply));
  EXPECT_EQ(reply.text(), "only");
  EXPECT_FALSE(reader->Read(&reply));
  EXPECT_TRUE(reader->Finish().ok());
}

// ---- many calls at once ------------------------------------------------------------------------

constexpr int kStreams = 100;

// Streams of one connection that are all open at the same time.
class OpenStreams {
 public:
  OpenStreams(EchoStub& stub, int count) {
    for (int i = 0; i < count; ++i) {
      contexts_.push_back(std::make_unique<BoundedContext>());
      streams_.push_back(stub.Chat(contexts_.back().get()));
    }
  }

  // Sends a message on each and receives it back on each.
  void Exchange(const std::string& text) {
    for (size_t i = 0; i < streams_.size(); ++i) {
      EXPECT_TRUE(streams_[i]->Write(MakeRequest(text + std::to_string(i))));
    }
    EchoReply reply;
    for (size_t i = 0; i < streams_.size(); ++i) {
      ASSERT_TRUE(streams_[i]->Read(&reply));
      EXPECT_EQ(reply.text(), text + std::to_string(i));
    }
  }

  void Finish() {
    EchoReply reply;
    for (auto& stream : streams_) {
      EXPECT_TRUE(stream->WritesDone());
      EXPECT_FALSE(stream->Read(&reply));
      const grpc::Status status = stream->Finish();
      EXPECT_TRUE(status.ok()) << status.error_message();
    }
  }

 private:
  std::vector<std::unique_ptr<BoundedContext>> contexts_;
  std::vector<std::unique_ptr<grpc::ClientReaderWriter<EchoRequest, EchoReply>>> streams_;
};

weir::ServerOptions OptionsForManyBlockingHandlers() {
  weir::ServerOptions options = TestServer::DefaultOptions();
  options.handler_threads = kStreams + 1;
  return options;
}

TEST_P(CallShapes, HundredStreamsOfAConnectionAreServedAtOnce) {
  StartServer(OptionsForManyBlockingHandlers());
  OpenStreams streams(stub(), kStreams);
  // Every stream answers while every other one is open, again and again.
  for (int round = 0; round < 5; ++round) streams.Exchange(std::to_string(round) + "-");
  streams.Finish();
}

// Counts the calls that are in progress.
class Gauge final : public weir::Interceptor {
 public:
  explicit Gauge(std::atomic<int>* highest) : highest_(highest) {}

  weir::Task<weir::Outcome> Intercept(weir::InterceptedCall& call,
                                      weir::Continuation next) override {
    const int now = ++in_progress_;
    int highest = *highest_;
    while (highest < now && !highest_->compare_exchange_weak(highest, now)) {
    }
    weir::Outcome outcome = co_await next(call);
    --in_progress_;
    co_return outcome;
  }

 private:
  std::atomic<int> in_progress_ = 0;
  std::atomic<int>* highest_;
};

TEST_P(CallShapes, StreamAboveTheLimitWaitsForAnotherToEnd) {
  weir::ServerOptions options = OptionsForManyBlockingHandlers();
  options.max_concurrent_streams = 2;
  std::atomic<int> highest = 0;
  interceptors_.push_back(std::make_unique<Gauge>(&highest));
  StartServer(options);
  OpenStreams first(stub(), 2);
  first.Exchange("first");
  // gRPC's client does not come back from opening a stream before the server's limit lets it.
  std::thread third([this] {
    OpenStreams streams(stub(), 1);
    streams.Exchange("third");
    streams.Finish();
  });
  first.Exchange("still open");
  first.Finish();
  third.join();
  EXPECT_EQ(highest, 2);
}

TEST_P(CallShapes, UnaryCallsOfManyThreadsAndConnectionsAreAnswered) {
  StartServer();
  std::vector<std::thread> clients;
  for (int client = 0; client < 8; ++client) {
    clients.emplace_back([this, client] {
      auto own_stub = server().NewStub();
      for (int i = 0; i < 200; ++i) {
        const std::string text = std::to_string(client) + "/" + std::to_string(i);
        std::string answer;
        const grpc::Status status = CallUnary(*own_stub, text, &answer);
        ASSERT_TRUE(status.ok()) << status.error_message();
        ASSERT_EQ(answer, text);
      }
    });
  }
  for (std::thread& client : clients) client.join();
}

}  // namespace
}  // namespace integration
