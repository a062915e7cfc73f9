// Interceptors: their order, what they may do to a call, and what they see of it.
#include <google/protobuf/wrappers.pb.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/server/server_fixture.h"

namespace weir::server {
namespace {

using namespace std::chrono_literals;
using ::google::protobuf::StringValue;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Body = std::function<Task<Outcome>(InterceptedCall&, Continuation)>;

// An interceptor that a test writes in place.
class Interception final : public Interceptor {
 public:
  explicit Interception(Body body) : body_(std::move(body)) {}
  Task<Outcome> Intercept(InterceptedCall& call, Continuation next) override {
    return body_(call, next);
  }

 private:
  Body body_;
};

class InterceptorChainTest : public ServerTest {
 protected:
  InterceptorChainTest() {
    blocking_options_.execution = Execution::kInline;
    coroutine_.unary = [this](ServerContext&, const Text& request, Text& response) -> Task<Status> {
      notes_.push_back("handler");
      response.value = request.value;
      co_return Status::OK;
    };
  }

  void Intercept(Body body) {
    interceptors_.push_back(std::make_unique<Interception>(std::move(body)));
  }
  void NoteAs(std::string name) {
    Intercept([this, name](InterceptedCall& call, Continuation next) -> Task<Outcome> {
      notes_.push_back(name + " before");
      Outcome outcome = co_await next(call);
      notes_.push_back(name + " after " + outcome.status().ToString());
      co_return outcome;
    });
  }
  std::vector<std::string> Call(std::string_view path = kUnary, std::string_view text = "text") {
    RpcClient& client = Connect();
    client.Sends(UnaryCall(1, path, text));
    Settle();
    return client.Hears();
  }

  std::vector<std::string> notes_;
};

TEST_F(InterceptorChainTest, RunsInTheOrderOfRegistration) {
  NoteAs("outer");
  NoteAs("inner");
  EXPECT_THAT(Call(), ElementsAre(HeadersLine(1), MessageLine(1, "text"), TrailersLine(1)));
  EXPECT_THAT(notes_, ElementsAre("outer before", "inner before", "handler", "inner after OK",
                                  "outer after OK"));
}

TEST_F(InterceptorChainTest, WrapsEveryStyleOfHandler) {
  NoteAs("it");
  blocking_.unary = [this](ServerContext*, const Text* request, Text* response) {
    notes_.push_back("inline");
    response->value = request->value;
    return Status::OK;
  };
  coroutine_.chat = [this](ServerContext&, CoTextStream stream) -> Task<Status> {
    Text text;
    while (co_await stream.Read(&text)) notes_.push_back(text.value);
    co_return Status::OK;
  };
  EXPECT_THAT(Call(kBlockingUnary), Contains(MessageLine(1, "text")));
  EXPECT_THAT(Call(kChat, "message"), Contains(TrailersLine(1)));
  EXPECT_THAT(notes_, ElementsAre("it before", "inline", "it after OK", "it before", "message",
                                  "it after OK"));
}

TEST_F(InterceptorChainTest, StartsBeforeTheRequestIsThere) {
  NoteAs("it");
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kUnary));
  Settle();
  EXPECT_THAT(notes_, ElementsAre("it before"));
  client.Sends(SendsLast(1, "text"));
  Settle();
  EXPECT_EQ(client.Hears().size(), 3u);
}

TEST_F(InterceptorChainTest, MayRefuseACallBeforeItsHandler) {
  NoteAs("outer");
  Intercept([](InterceptedCall& call, Continuation) -> Task<Outcome> {
    call.context().AddTrailingMetadata("reason", "policy");
    co_return call.Refuse(Status(StatusCode::PERMISSION_DENIED, "not yours"));
  });
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kUnary));
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre(TrailersOnlyLine(1, "grpc-status=7 grpc-message=not yours reason=policy"),
                          NoMoreLine(1)));
  EXPECT_THAT(notes_, ElementsAre("outer before", "outer after PERMISSION_DENIED: not yours"));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(InterceptorChainTest, MayReplaceTheStatusOfTheHandler) {
  Intercept([](InterceptedCall& call, Continuation next) -> Task<Outcome> {
    Outcome outcome = co_await next(call);
    if (!outcome.status().ok()) co_return outcome;
    co_return call.Refuse(Status(StatusCode::DATA_LOSS, "on second thoughts"));
  });
  EXPECT_THAT(Call(),
              ElementsAre(TrailersOnlyLine(1, "grpc-status=15 grpc-message=on second thoughts")));
}

TEST_F(InterceptorChainTest, CannotAnswerOkForAHandlerThatDidNotRun) {
  Intercept([](InterceptedCall& call, Continuation) -> Task<Outcome> {
    co_return call.Refuse(Status::OK);
  });
  EXPECT_THAT(Call(),
              ElementsAre(HasSubstr("grpc-status=13 grpc-message=an interceptor"), NoMoreLine(1)));
  EXPECT_THAT(LogLines(), ElementsAre(HasSubstr("an interceptor answered OK")));
}

TEST_F(InterceptorChainTest, CannotCallAHandlerTwice) {
  Intercept([](InterceptedCall& call, Continuation next) -> Task<Outcome> {
    co_await next(call);
    co_return co_await next(call);
  });
  EXPECT_THAT(Call(), ElementsAre(HasSubstr("grpc-status=13 grpc-message=an interceptor called")));
  EXPECT_THAT(notes_, ElementsAre("handler"));
  EXPECT_THAT(LogLines(), ElementsAre(HasSubstr("twice")));
}

TEST_F(InterceptorChainTest, TurnsWhatAnInterceptorThrowsIntoUnknown) {
  NoteAs("outer");
  Intercept([](InterceptedCall& call, Continuation next) -> Task<Outcome> {
    co_await next(call);
    throw std::runtime_error("on purpose");
  });
  EXPECT_THAT(Call(), ElementsAre(TrailersOnlyLine(
                          1,
                          "grpc-status=2 grpc-message=an interceptor failed with an "
                          "exception")));
  EXPECT_THAT(LogLines(), ElementsAre(HasSubstr("on purpose")));
}

TEST_F(InterceptorChainTest, MayWaitBeforeAndAfter) {
  Intercept([](InterceptedCall& call, Continuation next) -> Task<Outcome> {
    co_await call.context().SleepFor(1s);
    Outcome outcome = co_await next(call);
    co_await call.context().SleepFor(1s);
    co_return outcome;
  });
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, "text"));
  Settle();
  EXPECT_THAT(notes_, IsEmpty());
  loop_.Advance(1002ms);
  EXPECT_THAT(notes_, ElementsAre("handler"));
  EXPECT_THAT(client.Hears(), IsEmpty());
  loop_.Advance(1002ms);
  EXPECT_THAT(client.Hears(), ElementsAre(HeadersLine(1), MessageLine(1, "text"), TrailersLine(1)));
}

TEST_F(InterceptorChainTest, IsTheLastToSeeACancelledCall) {
  NoteAs("it");
  Intercept([](InterceptedCall& call, Continuation next) -> Task<Outcome> {
    co_await call.context().SleepFor(1s);
    co_return co_await next(call);
  });
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, "text"));
  client.Sends(testing::RstStream(1));
  Settle();
  EXPECT_THAT(notes_, ElementsAre("it before",
                                  "it after CANCELLED: the client cancelled the call or "
                                  "disconnected"));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(InterceptorChainTest, SeesWhatTheClientWasTold) {
  NoteAs("it");
  options_.max_receive_message_bytes = 3;
  Call();
  coroutine_.unary = [](ServerContext& context, const Text&, Text&) -> Task<Status> {
    context.TryCancel();
    co_return Status::OK;
  };
  Call(kUnary, "abc");
  EXPECT_THAT(notes_,
              ElementsAre("it before",
                          "it after RESOURCE_EXHAUSTED: message of 4 bytes exceeds the limit of 3",
                          "it before", "it after CANCELLED: the server cancelled the call"));
}

TEST_F(InterceptorChainTest, AddsToTheMetadataOfTheClientWithoutMovingIt) {
  std::string_view seen_early;
  Intercept([&](InterceptedCall& call, Continuation next) -> Task<Outcome> {
    call.AddClientMetadata("early", "1");
    seen_early = call.context().client_metadata().find("key")->second;
    Outcome outcome = co_await next(call);
    EXPECT_EQ(seen_early, "a value");  // as good as before
    co_return outcome;
  });
  Intercept([](InterceptedCall& call, Continuation next) -> Task<Outcome> {
    for (int i = 0; i < 50; ++i) call.AddClientMetadata("key", "added " + std::to_string(i));
    co_return co_await next(call);
  });
  coroutine_.unary = [](ServerContext& context, const Text&, Text& response) -> Task<Status> {
    const ClientMetadata& metadata = context.client_metadata();
    EXPECT_EQ(metadata.count("early"), 1u);
    EXPECT_EQ(metadata.count("key"), 51u);
    response.value = metadata.lower_bound("key")->second;  // the client's comes first
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, "", {{"key", "a value"}}));
  Settle();
  EXPECT_THAT(client.Hears(), Contains(MessageLine(1, "a value")));
}

TEST_F(InterceptorChainTest, MeasuresTheMessages) {
  std::vector<uint64_t> numbers;
  Intercept([&](InterceptedCall& call, Continuation next) -> Task<Outcome> {
    Outcome outcome = co_await next(call);
    const InterceptedCall::Statistics statistics = call.statistics();
    numbers = {statistics.messages_received, statistics.bytes_received, statistics.messages_sent,
               statistics.bytes_sent};
    co_return outcome;
  });
  Call(kUnary, "four");
  EXPECT_THAT(numbers, ElementsAre(1, 4, 1, 4));
  coroutine_.chat = [](ServerContext&, CoTextStream stream) -> Task<Status> {
    Text text;
    while (co_await stream.Read(&text)) {
      co_await stream.Write(text);
      co_await stream.Write(text);
    }
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat) + SendsMessage(1, "a") + SendsLast(1, "bc"));
  Settle();
  EXPECT_THAT(numbers, ElementsAre(2, 3, 4, 6));
}

// Objects are recycled: a call must find nothing of the one before it, however that ended.
TEST_F(InterceptorChainTest, StartsAnewWithEachCall) {
  class Counter final : public MessageObserver {
   public:
    void OnMessageReceived(const google::protobuf::MessageLite&) override { ++messages; }
    void OnMessageSent(const google::protobuf::MessageLite&) override { ++messages; }
    int messages = 0;
  };
  std::vector<std::string> outcomes;
  std::vector<uint64_t> received;
  Intercept([&](InterceptedCall& call, Continuation next) -> Task<Outcome> {
    Counter counter;  // gone before the next call
    call.ObserveMessages(&counter);
    Outcome outcome = co_await next(call);
    outcomes.push_back(outcome.status().ToString());
    received.push_back(call.statistics().messages_received);
    co_return outcome;
  });
  coroutine_.chat = [](ServerContext& context, CoTextStream stream) -> Task<Status> {
    Text text;
    ReadResult read = co_await stream.Read(&text);
    while (read) read = co_await stream.Read(&text);
    if (read.is_failed()) context.TryCancel();
    co_return read.is_end() ? Status::OK : Status(StatusCode::ABORTED, "not told to anybody");
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat, {{"grpc-timeout", "1S"}}) + SendsMessage(1, "a"));
  Settle();
  loop_.Advance(1002ms);
  client.Sends(OpenCall(3, kChat) + SendsMessage(3, "a") + testing::RstStream(3));
  Settle();
  client.Sends(OpenCall(5, kChat) + SendsMessage(5, "a") + SendsLast(5, "b"));
  Settle();
  client.Sends(UnaryCall(7, kUnary, "text"));
  Settle();
  EXPECT_THAT(outcomes, ElementsAre(HasSubstr("deadline passed"), HasSubstr("cancelled the call"),
                                    "OK", "OK"));
  EXPECT_THAT(received, ElementsAre(1, 1, 2, 1));
  loop_.Advance(2s);  // of the first call's deadline nothing is left
  EXPECT_EQ(OpenStreams(), 0u);
}

// ---- observers: of Protocol Buffers only -------------------------------------------------------

class ValueService final : public Service {
 public:
  ValueService() : Service(&kDescriptor) {}

 private:
  static Task<Status> Handle(const StringValue& request, StringValue& response) {
    response.set_value("re: " + request.value());
    co_return Status::OK;
  }
  static const MethodDescriptor kMethods[1];
  static const ServiceDescriptor kDescriptor;
};

const MethodDescriptor ValueService::kMethods[1] = {
    {"Call", MethodShape::kUnary, &internal::kMessageCodec<StringValue>,
     &internal::kMessageCodec<StringValue>, nullptr,
     [](Service&, ServerContext&, const void* request, void* response, internal::CoroutineStream*) {
       return Handle(*static_cast<const StringValue*>(request),
                     *static_cast<StringValue*>(response));
     }}};
const ServiceDescriptor ValueService::kDescriptor = {"value.Service", kMethods};

class NotingObserver final : public MessageObserver {
 public:
  explicit NotingObserver(std::vector<std::string>& notes) : notes_(notes) {}
  void OnMessageReceived(const google::protobuf::MessageLite& message) override {
    notes_.push_back("received " + static_cast<const StringValue&>(message).value());
  }
  void OnMessageSent(const google::protobuf::MessageLite& message) override {
    notes_.push_back("sent " + static_cast<const StringValue&>(message).value());
    if (must_throw) throw std::runtime_error("on purpose");
  }
  bool must_throw = false;

 private:
  std::vector<std::string>& notes_;
};

TEST_F(InterceptorChainTest, SeesEveryMessageThroughAnObserver) {
  ValueService service;
  more_services_ = {&service};
  NotingObserver observer(notes_);
  Intercept([&](InterceptedCall& call, Continuation next) -> Task<Outcome> {
    call.ObserveMessages(&observer);
    co_return co_await next(call);
  });
  StringValue request;
  request.set_value("text");
  EXPECT_THAT(Call("/value.Service/Call", request.SerializeAsString()), Contains(TrailersLine(1)));
  EXPECT_THAT(notes_, ElementsAre("received text", "sent re: text"));

  observer.must_throw = true;
  EXPECT_THAT(Call("/value.Service/Call", request.SerializeAsString()), Contains(TrailersLine(1)));
  EXPECT_THAT(LogLines(), ElementsAre(HasSubstr("an observer that threw an exception")));
}

}  // namespace
}  // namespace weir::server
