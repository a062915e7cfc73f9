// Can interceptors refuse, observe, change and measure calls, in order, whatever the style?
#include <mutex>
#include <stdexcept>
#include <vector>

#include "tests/integration/test_server.h"
#include "weir/interceptors/access_log.h"

namespace integration {
namespace {

// Notes that are taken on several threads.
class Journal {
 public:
  void Add(std::string entry) {
    std::lock_guard lock(mutex_);
    entries_.push_back(std::move(entry));
  }
  std::vector<std::string> entries() const {
    std::lock_guard lock(mutex_);
    return entries_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> entries_;
};

using Entries = std::vector<std::string>;
using InterceptFunction =
    std::function<weir::Task<weir::Outcome>(weir::InterceptedCall&, weir::Continuation)>;

// Does what a test says. The function is a coroutine that lives in this object.
class Scripted final : public weir::Interceptor {
 public:
  explicit Scripted(InterceptFunction intercept) : intercept_(std::move(intercept)) {}

  weir::Task<weir::Outcome> Intercept(weir::InterceptedCall& call,
                                      weir::Continuation next) override {
    return intercept_(call, next);
  }

 private:
  InterceptFunction intercept_;
};

class Interceptors : public EveryStyleTest {
 protected:
  void Add(InterceptFunction intercept) {
    interceptors_.push_back(std::make_unique<Scripted>(std::move(intercept)));
  }

  // Unary notes that it runs.
  void NoteHandler() {
    blocking_.unary = [this](weir::ServerContext*, auto*, auto*) {
      journal_.Add("handler");
      return weir::Status::OK;
    };
    coroutine_.unary = [this](auto&, auto&, auto&) -> weir::Task<weir::Status> {
      journal_.Add("handler");
      co_return weir::Status::OK;
    };
  }

  Journal journal_;
};
INSTANTIATE_FOR_EVERY_STYLE(Interceptors);

TEST_P(Interceptors, RunInTheOrderOfRegistration) {
  NoteHandler();
  for (const char* name : {"first", "second", "third"}) {
    Add([this, name](weir::InterceptedCall& call,
                     weir::Continuation next) -> weir::Task<weir::Outcome> {
      journal_.Add(std::string(name) + " before");
      weir::Outcome outcome = co_await next(call);
      journal_.Add(std::string(name) + " after");
      co_return outcome;
    });
  }
  StartServer();
  EXPECT_TRUE(CallUnary(stub(), "").ok());
  EXPECT_EQ(journal_.entries(), (Entries{"first before", "second before", "third before", "handler",
                                         "third after", "second after", "first after"}));
}

TEST_P(Interceptors, CanRefuseACall) {
  NoteHandler();
  Add([](weir::InterceptedCall& call, weir::Continuation) -> weir::Task<weir::Outcome> {
    co_return call.Refuse(weir::Status(weir::StatusCode::PERMISSION_DENIED, "not yours"));
  });
  Add([this](weir::InterceptedCall& call, weir::Continuation next) -> weir::Task<weir::Outcome> {
    journal_.Add("the next one");
    co_return co_await next(call);
  });
  StartServer();
  const grpc::Status status = CallUnary(stub(), "");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(status.error_message(), "not yours");
  EXPECT_EQ(journal_.entries(), Entries{});
}

TEST_P(Interceptors, CanRefuseAStreamThatIsStillOpen) {
  Add([](weir::InterceptedCall& call, weir::Continuation) -> weir::Task<weir::Outcome> {
    co_return call.Refuse(weir::Status(weir::StatusCode::UNAUTHENTICATED, "who are you?"));
  });
  StartServer();
  BoundedContext context;
  auto stream = stub().Chat(&context);
  EchoReply reply;
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_P(Interceptors, SeeMethodAndOutcome) {
  blocking_.unary = [](weir::ServerContext*, auto*, auto*) {
    return weir::Status(weir::StatusCode::NOT_FOUND, "nothing here");
  };
  coroutine_.unary = [](auto&, auto&, auto&) -> weir::Task<weir::Status> {
    co_return weir::Status(weir::StatusCode::NOT_FOUND, "nothing here");
  };
  Add([this](weir::InterceptedCall& call, weir::Continuation next) -> weir::Task<weir::Outcome> {
    weir::Outcome outcome = co_await next(call);
    journal_.Add(std::string(call.method()) + " " + outcome.status().ToString());
    co_return outcome;
  });
  StartServer();
  EXPECT_EQ(CallUnary(stub(), "").error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(journal_.entries(), Entries{"/integration.Echo/Unary NOT_FOUND: nothing here"});
}

TEST_P(Interceptors, CanReplaceTheOutcome) {
  NoteHandler();
  Add([](weir::InterceptedCall& call, weir::Continuation next) -> weir::Task<weir::Outcome> {
    const weir::Outcome outcome = co_await next(call);
    EXPECT_TRUE(outcome.status().ok());
    co_return call.Refuse(weir::Status(weir::StatusCode::DATA_LOSS, "after all"));
  });
  StartServer();
  const grpc::Status status = CallUnary(stub(), "");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(status.error_message(), "after all");
  EXPECT_EQ(journal_.entries(), Entries{"handler"});
}

TEST_P(Interceptors, CanChangeMetadata) {
  blocking_.unary = [this](weir::ServerContext* context, auto*, auto*) {
    const auto found = context->client_metadata().find("x-user");
    if (found != context->client_metadata().end()) journal_.Add(std::string(found->second));
    return weir::Status::OK;
  };
  coroutine_.unary = [this](weir::ServerContext& context, auto&,
                            auto&) -> weir::Task<weir::Status> {
    const auto found = context.client_metadata().find("x-user");
    if (found != context.client_metadata().end()) journal_.Add(std::string(found->second));
    co_return weir::Status::OK;
  };
  Add([](weir::InterceptedCall& call, weir::Continuation next) -> weir::Task<weir::Outcome> {
    call.AddClientMetadata("x-user", "alice");
    EXPECT_TRUE(call.context().AddInitialMetadata("x-first", "1"));
    weir::Outcome outcome = co_await next(call);
    EXPECT_TRUE(call.context().AddTrailingMetadata("x-last", "2"));
    co_return outcome;
  });
  StartServer();
  BoundedContext context;
  EchoReply reply;
  EXPECT_TRUE(stub().Unary(&context, EchoRequest(), &reply).ok());
  EXPECT_EQ(journal_.entries(), Entries{"alice"});
  EXPECT_EQ(context.GetServerInitialMetadata().count("x-first"), 1u);
  EXPECT_EQ(context.GetServerTrailingMetadata().count("x-last"), 1u);
}

// Lives in the frame of its interceptor.
class Recorder final : public weir::MessageObserver {
 public:
  explicit Recorder(Journal& journal) : journal_(journal) {}

  void OnMessageReceived(const google::protobuf::MessageLite& message) override {
    journal_.Add("received " + dynamic_cast<const EchoRequest&>(message).text());
  }
  void OnMessageSent(const google::protobuf::MessageLite& message) override {
    journal_.Add("sent " + dynamic_cast<const EchoReply&>(message).text());
  }

 private:
  Journal& journal_;
};

TEST_P(Interceptors, SeeEveryMessage) {
  Add([this](weir::InterceptedCall& call, weir::Continuation next) -> weir::Task<weir::Outcome> {
    Recorder recorder(journal_);
    call.ObserveMessages(&recorder);
    co_return co_await next(call);
  });
  StartServer();
  EXPECT_TRUE(CallUnary(stub(), "u").ok());
  BoundedContext context;
  auto stream = stub().Chat(&context);
  EchoRequest request;
  EchoReply reply;
  for (const char* text : {"a", "b"}) {
    request.set_text(text);
    EXPECT_TRUE(stream->Write(request));
    EXPECT_TRUE(stream->Read(&reply));
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(journal_.entries(),
            (Entries{"received u", "sent u", "received a", "sent a", "received b", "sent b"}));
}

TEST_P(Interceptors, MeasureACall) {
  std::vector<weir::InterceptedCall::Statistics> measured;
  std::mutex mutex;
  Counter calls;
  Add([&](weir::InterceptedCall& call, weir::Continuation next) -> weir::Task<weir::Outcome> {
    weir::Outcome outcome = co_await next(call);
    {
      std::lock_guard lock(mutex);
      measured.push_back(call.statistics());
    }
    calls.Increment();
    co_return outcome;
  });
  StartServer();
  EchoRequest request;
  request.set_text("twelve bytes");
  const uint64_t request_bytes = request.ByteSizeLong();
  EXPECT_TRUE(CallUnary(stub(), request.text()).ok());
  request.set_count(3);
  BoundedContext context;
  auto reader = stub().Expand(&context, request);
  EchoReply reply;
  uint64_t reply_bytes = 0;
  while (reader->Read(&reply)) reply_bytes += reply.ByteSizeLong();
  EXPECT_TRUE(reader->Finish().ok());
  ASSERT_TRUE(calls.WaitFor(2));

  std::lock_guard lock(mutex);
  EXPECT_EQ(measured[0].messages_received, 1u);
  EXPECT_EQ(measured[0].messages_sent, 1u);
  EXPECT_EQ(measured[0].bytes_received, request_bytes);
  EXPECT_EQ(measured[0].bytes_sent, request_bytes);
  EXPECT_GT(measured[0].elapsed.count(), 0);
  EXPECT_EQ(measured[1].messages_received, 1u);
  EXPECT_EQ(measured[1].messages_sent, 3u);
  EXPECT_EQ(measured[1].bytes_received, request.ByteSizeLong());
  EXPECT_EQ(measured[1].bytes_sent, reply_bytes);
}

TEST_P(Interceptors, ThatThrowEndTheCallWithUnknown) {
  Add([](weir::InterceptedCall&, weir::Continuation) -> weir::Task<weir::Outcome> {
    throw std::runtime_error("secret");
    co_return co_await weir::Task<weir::Outcome>();  // Makes this a coroutine.
  });
  weir::ServerOptions options = TestServer::DefaultOptions();
  Journal log;
  options.log_sink = [&log](weir::LogSeverity, std::string_view line) {
    log.Add(std::string(line));
  };
  StartServer(options);
  const grpc::Status status = CallUnary(stub(), "");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNKNOWN);
  EXPECT_EQ(status.error_message().find("secret"), std::string::npos);
  EXPECT_FALSE(log.entries().empty());
}

TEST_P(Interceptors, SeeExceptionsOfTheHandlerAsUnknown) {
  blocking_.unary = [](weir::ServerContext*, auto*, auto*) -> weir::Status {
    throw std::runtime_error("secret");
  };
  coroutine_.unary = [](auto&, auto&, auto&) -> weir::Task<weir::Status> {
    throw std::runtime_error("secret");
    co_return weir::Status::OK;
  };
  Add([this](weir::InterceptedCall& call, weir::Continuation next) -> weir::Task<weir::Outcome> {
    weir::Outcome outcome = co_await next(call);
    journal_.Add(std::string(weir::StatusCodeName(outcome.status().error_code())));
    co_return outcome;
  });
  weir::ServerOptions options = TestServer::DefaultOptions();
  options.log_sink = [](weir::LogSeverity, std::string_view) {};
  StartServer(options);
  EXPECT_EQ(CallUnary(stub(), "").error_code(), grpc::StatusCode::UNKNOWN);
  EXPECT_EQ(journal_.entries(), Entries{"UNKNOWN"});
}

TEST_P(Interceptors, SeeTheCancellationOfACall) {
  Notification seen, started;
  blocking_.chat = [&](weir::ServerContext*, auto* stream) {
    started.Notify();
    EchoRequest request;
    EXPECT_TRUE(stream->Read(&request).is_failed());
    return weir::Status::CANCELLED;
  };
  coroutine_.chat = [&](weir::ServerContext&, auto& stream) -> weir::Task<weir::Status> {
    started.Notify();
    EchoRequest request;
    const weir::ReadResult read = co_await stream.Read(&request);
    EXPECT_TRUE(read.is_failed());
    co_return weir::Status::CANCELLED;
  };
  Add([&](weir::InterceptedCall& call, weir::Continuation next) -> weir::Task<weir::Outcome> {
    weir::Outcome outcome = co_await next(call);
    EXPECT_TRUE(call.context().IsCancelled());
    seen.Notify();
    co_return outcome;
  });
  StartServer();
  BoundedContext context;
  auto stream = stub().Chat(&context);
  ASSERT_TRUE(started.Wait());
  context.TryCancel();
  stream->Finish();
  EXPECT_TRUE(seen.Wait());
}

TEST_P(Interceptors, WorkForEveryShape) {
  Add([this](weir::InterceptedCall& call, weir::Continuation next) -> weir::Task<weir::Outcome> {
    journal_.Add(std::string(call.method()));
    co_return co_await next(call);
  });
  StartServer();
  EXPECT_TRUE(CallUnary(stub(), "").ok());
  EchoReply reply;
  BoundedContext collect_context;
  auto writer = stub().Collect(&collect_context, &reply);
  writer->WritesDone();
  EXPECT_TRUE(writer->Finish().ok());
  BoundedContext expand_context;
  auto reader = stub().Expand(&expand_context, EchoRequest());
  EXPECT_FALSE(reader->Read(&reply));
  EXPECT_TRUE(reader->Finish().ok());
  BoundedContext chat_context;
  auto stream = stub().Chat(&chat_context);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(journal_.entries(), (Entries{"/integration.Echo/Unary", "/integration.Echo/Collect",
                                         "/integration.Echo/Expand", "/integration.Echo/Chat"}));
}

// ---- the one that ships with weir --------------------------------------------------------------

TEST_P(Interceptors, AccessLogWritesALineForEachCall) {
  Counter lines;
  interceptors_.push_back(weir::MakeAccessLog([&](std::string_view line) {
    journal_.Add(std::string(line));
    lines.Increment();
  }));
  StartServer();
  EXPECT_TRUE(CallUnary(stub(), "hello").ok());
  BoundedContext context;
  EchoReply reply;
  EXPECT_FALSE(stub().Missing(&context, EchoRequest(), &reply).ok());
  ASSERT_TRUE(lines.WaitFor(2));
  const Entries entries = journal_.entries();
  EXPECT_NE(entries[0].find("method=/integration.Echo/Unary"), std::string::npos) << entries[0];
  EXPECT_NE(entries[0].find("peer=ipv4:127.0.0.1:"), std::string::npos) << entries[0];
  EXPECT_NE(entries[0].find("status=OK"), std::string::npos) << entries[0];
  EXPECT_NE(entries[0].find("received=1/7B"), std::string::npos) << entries[0];
  EXPECT_NE(entries[0].find("sent=1/7B"), std::string::npos) << entries[0];
  EXPECT_NE(entries[1].find("status=UNIMPLEMENTED"), std::string::npos) << entries[1];
}

}  // namespace
}  // namespace integration
