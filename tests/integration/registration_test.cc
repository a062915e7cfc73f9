// Can services of different styles and options live in one server, and are mistakes reported?
#include <thread>

#include "tests/integration/test_server.h"

namespace integration {
namespace {

void Reverse(const EchoRequest& request, EchoReply& reply) {
  reply.set_text(std::string(request.text().rbegin(), request.text().rend()));
}

class BlockingReverser final : public Reverser::Service {
 public:
  weir::Status Reverse(weir::ServerContext*, const EchoRequest* request,
                       EchoReply* reply) override {
    integration::Reverse(*request, *reply);
    thread.Set(std::this_thread::get_id());
    return weir::Status::OK;
  }

  Shared<std::thread::id> thread;
};

class CoroutineReverser final : public Reverser::CoroutineService {
 public:
  weir::Task<weir::Status> Reverse(weir::ServerContext&, const EchoRequest& request,
                                   EchoReply& reply) override {
    integration::Reverse(request, reply);
    thread.Set(std::this_thread::get_id());
    co_return weir::Status::OK;
  }

  Shared<std::thread::id> thread;
};

std::string CallReverse(const TestServer& server, const std::string& text) {
  BoundedContext context;
  EchoRequest request;
  request.set_text(text);
  EchoReply reply;
  const grpc::Status status =
      upstream::Reverser::NewStub(server.NewChannel())->Reverse(&context, request, &reply);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return reply.text();
}

TEST(Registration, OfTwoServicesServesBoth) {
  BlockingEcho echo;
  BlockingReverser reverser;
  TestServer server([&](weir::ServerBuilder& builder) {
    builder.RegisterService(&echo).RegisterService(&reverser);
  });
  std::string answer;
  EXPECT_TRUE(CallUnary(*server.NewStub(), "abc", &answer).ok());
  EXPECT_EQ(answer, "abc");
  EXPECT_EQ(CallReverse(server, "abc"), "cba");
}

class Recorder final : public weir::GenericService {
 public:
  weir::Status Call(weir::ServerContext* context, Stream* stream) override {
    weir::ByteBuffer message;
    EchoRequest request;
    if (!stream->Read(&message) || !message.ParseTo(&request)) return weir::Status::CANCELLED;
    EchoReply reply;
    reply.set_text(std::string(context->method()) + " " + request.text());
    stream->Write(weir::ByteBuffer::Of(reply));
    return weir::Status::OK;
  }
};

class CountingInterceptor final : public weir::Interceptor {
 public:
  explicit CountingInterceptor(Counter& calls) : calls_(calls) {}

  weir::Task<weir::Outcome> Intercept(weir::InterceptedCall& call,
                                      weir::Continuation next) override {
    calls_.Increment();
    co_return co_await next(call);
  }

 private:
  Counter& calls_;
};

TEST(Registration, OfAGenericServiceLeadsEverythingElseThere) {
  BlockingEcho echo;
  Recorder recorder;
  Counter intercepted;
  TestServer server([&](weir::ServerBuilder& builder) {
    builder.RegisterService(&echo).RegisterGenericService(&recorder);
    builder.AddInterceptor(std::make_unique<CountingInterceptor>(intercepted));
  });
  std::string answer;
  EXPECT_TRUE(CallUnary(*server.NewStub(), "abc", &answer).ok());
  EXPECT_EQ(answer, "abc");
  EXPECT_EQ(CallReverse(server, "abc"), "/integration.Reverser/Reverse abc");
  EXPECT_EQ(CallReverse(server, "de"), "/integration.Reverser/Reverse de");
  EXPECT_EQ(intercepted.value(), 3);
}

class NamelessService final : public weir::Service {
 public:
  explicit NamelessService(const weir::ServiceDescriptor* descriptor) : Service(descriptor) {}
  weir::Status Get(weir::ServerContext*, const weir::ByteBuffer*, weir::ByteBuffer*) {
    return weir::Status::OK;
  }
};

constexpr weir::MethodDescriptor kTwice[] = {weir::MakeMethod<&NamelessService::Get>("Get"),
                                             weir::MakeMethod<&NamelessService::Get>("Get")};
constexpr weir::MethodDescriptor kNameless[] = {weir::MakeMethod<&NamelessService::Get>("")};
constexpr weir::MethodDescriptor kHandlerless[] = {
    {.name = "Get",
     .shape = weir::MethodShape::kUnary,
     .request = &weir::internal::kMessageCodec<weir::ByteBuffer>,
     .response = &weir::internal::kMessageCodec<weir::ByteBuffer>,
     .blocking = nullptr,
     .coroutine = nullptr}};

// What is wrong is said in a sentence with these words.
void ExpectMistake(const std::function<void(weir::ServerBuilder&)>& configure,
                   const std::string& words) {
  weir::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", weir::InsecureServerCredentials());
  configure(builder);
  const auto server = builder.BuildAndStart();
  ASSERT_FALSE(server.ok()) << words;
  EXPECT_EQ(server.status().error_code(), weir::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(server.status().error_message().find(words), std::string::npos)
      << server.status().error_message();
}

TEST(Registration, OfServicesThatNobodyCouldCallFails) {
  Recorder recorder;
  ExpectMistake([&](auto& builder) { builder.RegisterService(&recorder); },
                "RegisterGenericService");
  const std::pair<weir::ServiceDescriptor, const char*> kMistakes[] = {
      {{.full_name = "a.B/", .methods = {}}, "begin or end with '/'"},
      {{.full_name = "a.B", .methods = kTwice}, "method /a.B/Get is there twice"},
      {{.full_name = "a.B", .methods = kNameless}, "has no name"},
      {{.full_name = "a.B", .methods = kHandlerless}, "must have one handler"},
  };
  for (const auto& [descriptor, words] : kMistakes) {
    NamelessService service(&descriptor);
    ExpectMistake([&](auto& builder) { builder.RegisterService(&service); }, words);
  }
}

TEST(Registration, OfTwoGenericServicesFails) {
  Recorder one;
  Recorder other;
  ExpectMistake(
      [&](auto& builder) { builder.RegisterGenericService(&one).RegisterGenericService(&other); },
      "at most");
  ExpectMistake(
      [](auto& builder) {
        builder.RegisterGenericService(static_cast<weir::GenericService*>(nullptr));
      },
      "is null");
}

TEST(Registration, OfACompressorWithoutANameFails) {
  ExpectMistake([](auto& builder) { builder.AddCompressor("", nullptr); },
                "no name of an encoding");
  ExpectMistake([](auto& builder) { builder.AddCompressor("snappy", nullptr); }, "makes nothing");
}

TEST(Registration, OfDifferentStylesServesBoth) {
  BlockingEcho echo;
  CoroutineReverser reverser;
  TestServer server([&](weir::ServerBuilder& builder) {
    builder.RegisterService(&echo).RegisterService(&reverser);
  });
  std::string answer;
  EXPECT_TRUE(CallUnary(*server.NewStub(), "abc", &answer).ok());
  EXPECT_EQ(answer, "abc");
  EXPECT_EQ(CallReverse(server, "abc"), "cba");
}

// Which thread runs what: the pool for blocking handlers, the worker for everything else.
TEST(Registration, ExecutionDecidesTheThread) {
  Shared<std::thread::id> thread;
  CoroutineReverser reverser;
  BlockingEcho echo;
  echo.unary = [&](weir::ServerContext*, auto*, auto*) {
    thread.Set(std::this_thread::get_id());
    return weir::Status::OK;
  };
  for (const bool is_inline : {true, false}) {
    TestServer server([&](weir::ServerBuilder& builder) {
      weir::ServerOptions options;
      options.worker_threads = 1;
      builder.SetOptions(options);
      weir::MethodOptions method_options;
      if (is_inline) method_options.execution = weir::Execution::kInline;
      builder.RegisterService(&echo, method_options).RegisterService(&reverser);
    });
    CallReverse(server, "");
    EXPECT_TRUE(CallUnary(*server.NewStub(), "").ok());
    EXPECT_EQ(thread.Get() == reverser.thread.Get(), is_inline);
  }
}

TEST(Registration, ExecutionCanBeSetForOneMethod) {
  Shared<std::thread::id> thread;
  CoroutineReverser reverser;
  BlockingEcho echo;
  echo.unary = [&](weir::ServerContext*, auto*, auto*) {
    thread.Set(std::this_thread::get_id());
    return weir::Status::OK;
  };
  TestServer server([&](weir::ServerBuilder& builder) {
    weir::ServerOptions options;
    options.worker_threads = 1;
    builder.SetOptions(options).RegisterService(&echo).RegisterService(&reverser);
    weir::MethodOptions inline_execution;
    inline_execution.execution = weir::Execution::kInline;
    builder.SetMethodOptions("/integration.Echo/Unary", inline_execution);
  });
  CallReverse(server, "");
  EXPECT_TRUE(CallUnary(*server.NewStub(), "").ok());
  EXPECT_EQ(thread.Get(), reverser.thread.Get());
}

// Of a Unary call with this much payload.
grpc::StatusCode CodeForPayload(EchoStub& stub, size_t size) {
  BoundedContext context;
  EchoRequest request;
  request.set_payload(std::string(size, 'x'));
  EchoReply reply;
  return stub.Unary(&context, request, &reply).error_code();
}

grpc::StatusCode CodeForCollectedPayload(EchoStub& stub, size_t size) {
  BoundedContext context;
  EchoReply reply;
  auto writer = stub.Collect(&context, &reply);
  EchoRequest request;
  request.set_payload(std::string(size, 'x'));
  writer->Write(request);
  writer->WritesDone();
  return writer->Finish().error_code();
}

TEST(Registration, LimitsOfOneMethodReplaceThoseOfTheService) {
  BlockingEcho echo;
  TestServer server([&](weir::ServerBuilder& builder) {
    weir::MethodOptions service_options;
    service_options.max_receive_message_bytes = 1000;
    builder.RegisterService(&echo, service_options);
    weir::MethodOptions method_options;
    method_options.max_receive_message_bytes = 5000;
    builder.SetMethodOptions("/integration.Echo/Unary", method_options);
  });
  auto stub = server.NewStub();
  EXPECT_EQ(CodeForPayload(*stub, 900), grpc::StatusCode::OK);
  EXPECT_EQ(CodeForPayload(*stub, 4000), grpc::StatusCode::OK);
  EXPECT_EQ(CodeForPayload(*stub, 6000), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(CodeForCollectedPayload(*stub, 900), grpc::StatusCode::OK);
  EXPECT_EQ(CodeForCollectedPayload(*stub, 4000), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(Registration, BlockingCallsBeyondTheQueueAreRefused) {
  Notification started, go_on;
  Counter waiting;
  BlockingEcho echo;
  echo.unary = [&](weir::ServerContext*, auto*, auto*) {
    started.Notify();
    EXPECT_TRUE(go_on.Wait());
    return weir::Status::OK;
  };
  weir::ServerOptions options;
  options.worker_threads = 1;
  options.handler_threads = 1;
  options.handler_queue_max = 2;
  TestServer server(&echo, options);
  auto stub = server.NewStub();
  std::thread running([&] { EXPECT_TRUE(CallUnary(*stub, "").ok()); });
  ASSERT_TRUE(started.Wait());

  // Of these four, two may wait. The others are answered while nothing moves.
  Counter refused, served;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      const grpc::Status status = CallUnary(*stub, "");
      if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
        refused.Increment();
      } else if (status.ok()) {
        served.Increment();
      }
    });
  }
  EXPECT_TRUE(refused.WaitFor(2));
  EXPECT_EQ(served.value(), 0);
  go_on.Notify();
  running.join();
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(refused.value(), 2);
  EXPECT_EQ(served.value(), 2);
}

// ---- mistakes ----------------------------------------------------------------------------------

weir::Status StartupStatus(weir::ServerBuilder& builder) {
  builder.AddListeningPort("127.0.0.1:0", weir::InsecureServerCredentials());
  return builder.BuildAndStart().status();
}

TEST(Registration, OfTheSameServiceTwiceIsReported) {
  BlockingEcho one;
  CoroutineEcho two;
  weir::ServerBuilder builder;
  builder.RegisterService(&one).RegisterService(&two);
  const weir::Status status = StartupStatus(builder);
  EXPECT_EQ(status.error_code(), weir::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("integration.Echo"), std::string::npos)
      << status.error_message();
}

TEST(Registration, OptionsForAMethodThatDoesNotExistAreReported) {
  BlockingEcho echo;
  weir::ServerBuilder builder;
  builder.RegisterService(&echo);
  builder.SetMethodOptions("/integration.Echo/Unry", {});
  const weir::Status status = StartupStatus(builder);
  EXPECT_EQ(status.error_code(), weir::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("/integration.Echo/Unry"), std::string::npos)
      << status.error_message();
}

}  // namespace
}  // namespace integration
