// Does the client learn how its call ended: codes, messages, details, and nothing it should not
// know?
#include <grpcpp/generic/generic_stub.h>

#include <mutex>
#include <stdexcept>
#include <vector>

#include "tests/integration/test_server.h"

namespace integration {
namespace {

class Statuses : public EveryStyleTest {
 protected:
  void AnswerWith(weir::Status status) {
    blocking_.unary = [status](weir::ServerContext*, const EchoRequest*, EchoReply*) {
      return status;
    };
    coroutine_.unary = [status](weir::ServerContext&, const EchoRequest&,
                                EchoReply&) -> weir::Task<weir::Status> { co_return status; };
  }

  // What a client gets of a message that a handler sends.
  std::string MessageThroughServer(const std::string& message) {
    const grpc::Status status = CallUnary(stub(), message);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
    return status.error_message();
  }

  void AnswerWithTheTextAsMessage() {
    blocking_.unary = [](weir::ServerContext*, const EchoRequest* request, EchoReply*) {
      return weir::Status(weir::StatusCode::ABORTED, request->text());
    };
    coroutine_.unary = [](weir::ServerContext&, const EchoRequest& request,
                          EchoReply&) -> weir::Task<weir::Status> {
      co_return weir::Status(weir::StatusCode::ABORTED, request.text());
    };
  }
};
INSTANTIATE_FOR_EVERY_STYLE(Statuses);

TEST_P(Statuses, OfEveryCodeArrive) {
  blocking_.unary = [](weir::ServerContext*, const EchoRequest* request, EchoReply*) {
    return weir::Status(static_cast<weir::StatusCode>(request->count()), "the message");
  };
  coroutine_.unary = [](weir::ServerContext&, const EchoRequest& request,
                        EchoReply&) -> weir::Task<weir::Status> {
    co_return weir::Status(static_cast<weir::StatusCode>(request.count()), "the message");
  };
  StartServer();
  for (int code = 0; code <= 17; ++code) {
    BoundedContext context;
    EchoRequest request;
    request.set_count(code);
    EchoReply reply;
    const grpc::Status status = stub().Unary(&context, request, &reply);
    EXPECT_EQ(status.error_code(), code == 17 ? 2 : code) << "17 is no code: UNKNOWN";
    EXPECT_EQ(status.error_message(), code == 0 ? "" : "the message");
  }
}

TEST_P(Statuses, CarryMessagesOfAnyText) {
  AnswerWithTheTextAsMessage();
  StartServer();
  std::string all_ascii;
  for (char c = 1; c < 127; ++c) all_ascii += c;
  for (const std::string& message :
       {std::string(), std::string(" spaces at both ends "), std::string("100% of %41 %zz %"),
        std::string("\t\nwhite space\r\n"), all_ascii,
        std::string("\xe2\x98\xba and \xf0\x9f\x98\x88"), std::string(2000, '%')}) {
    EXPECT_EQ(MessageThroughServer(message), message);
  }
}

// gRPC C++ accepts 8 KiB of fields by default, and says so in its SETTINGS.
TEST_P(Statuses, AreKeptWhenTheirMessageIsTooLongForTheClient) {
  AnswerWithTheTextAsMessage();
  StartServer();
  const std::string message = "start " + std::string(100'000, 'x');
  const std::string arrived = MessageThroughServer(message);
  EXPECT_TRUE(message.starts_with(arrived));
  EXPECT_GE(arrived.size(), 1000u);
}

TEST_P(Statuses, CarryDetailsOfAnyBytes) {
  std::string details;
  for (int i = 0; i < 256; ++i) details += static_cast<char>(i);
  AnswerWith(weir::Status(weir::StatusCode::NOT_FOUND, "see the details", details));
  StartServer();
  const grpc::Status status = CallUnary(stub(), "");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "see the details");
  EXPECT_EQ(status.error_details(), details);
}

TEST_P(Statuses, OfAFailedCallComeWithoutAResponse) {
  blocking_.unary = [](weir::ServerContext*, const EchoRequest*, EchoReply* reply) {
    reply->set_text("secret");
    return weir::Status(weir::StatusCode::ABORTED, "");
  };
  coroutine_.unary = [](weir::ServerContext&, const EchoRequest&,
                        EchoReply& reply) -> weir::Task<weir::Status> {
    reply.set_text("secret");
    co_return weir::Status(weir::StatusCode::ABORTED, "");
  };
  StartServer();
  std::string answer;
  EXPECT_EQ(CallUnary(stub(), "", &answer).error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(answer, "");
}

TEST_P(Statuses, FollowTheMessagesOfAStream) {
  blocking_.expand = [](weir::ServerContext*, const EchoRequest*, auto* writer) {
    EXPECT_TRUE(writer->Write(EchoReply()));
    return weir::Status(weir::StatusCode::DATA_LOSS, "after one");
  };
  coroutine_.expand = [](weir::ServerContext&, const EchoRequest&,
                         auto& writer) -> weir::Task<weir::Status> {
    const EchoReply reply;
    EXPECT_TRUE(co_await writer.Write(reply));
    co_return weir::Status(weir::StatusCode::DATA_LOSS, "after one");
  };
  StartServer();
  BoundedContext context;
  auto reader = stub().Expand(&context, EchoRequest());
  EchoReply reply;
  EXPECT_TRUE(reader->Read(&reply));
  EXPECT_FALSE(reader->Read(&reply));
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(status.error_message(), "after one");
}

// ---- what the library answers by itself --------------------------------------------------------

TEST_P(Statuses, OfMethodsThatNobodyOverrodeAreUnimplemented) {
  StartServer();
  BoundedContext context;
  EchoReply reply;
  const grpc::Status status = stub().Missing(&context, EchoRequest(), &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_TRUE(CallUnary(stub(), "").ok());
}

TEST_P(Statuses, OfServicesThatAreNotRegisteredAreUnimplemented) {
  StartServer();
  BoundedContext context;
  EchoReply reply;
  auto absent = upstream::Absent::NewStub(server().NewChannel());
  const grpc::Status status = absent->Unary(&context, EchoRequest(), &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_NE(status.error_message().find("integration.Absent"), std::string::npos)
      << status.error_message();
}

// Calls `method` with bytes that no stub would send.
grpc::Status CallWithBytes(const TestServer& server, const std::string& method,
                           const std::string& bytes) {
  grpc::GenericStub stub(server.NewChannel());
  BoundedContext context;
  const grpc::Slice slice(bytes);
  grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer reply;
  grpc::Status status;
  Notification done;
  stub.UnaryCall(&context, method, grpc::StubOptions(), &request, &reply, [&](grpc::Status result) {
    status = std::move(result);
    done.Notify();
  });
  EXPECT_TRUE(done.Wait());
  return status;
}

TEST_P(Statuses, OfMethodsThatDoNotExistAreUnimplemented) {
  StartServer();
  for (const char* method :
       {"/integration.Echo/Nothing", "/integration.Echo/unary", "/integration.Echo/Unary2",
        "/integration.Ech/Unary", "/integration.Echo/", "/x"}) {
    const grpc::Status status = CallWithBytes(server(), method, "");
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << method;
  }
}

TEST_P(Statuses, OfBytesThatAreNoMessageAreInternal) {
  StartServer();
  const grpc::Status status = CallWithBytes(server(), "/integration.Echo/Unary", "\xff\xff\xff");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL) << status.error_message();
  EXPECT_TRUE(CallUnary(stub(), "").ok());
}

// ---- exceptions --------------------------------------------------------------------------------

constexpr char kSecret[] = "password of the database";

// What the server logs.
class Log {
 public:
  weir::LogSink Sink() {
    return [this](weir::LogSeverity, std::string_view line) {
      std::lock_guard lock(mutex_);
      text_.append(line).append("\n");
    };
  }
  std::string text() const {
    std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

void Throw(bool is_standard) {
  if (is_standard) throw std::runtime_error(kSecret);
  throw 42;
}

class Exceptions : public EveryStyleTest {
 protected:
  void SetUp() override {
    blocking_.unary = [this](weir::ServerContext*, auto*, auto*) -> weir::Status {
      return ThrowNow();
    };
    blocking_.collect = [this](weir::ServerContext*, auto*, auto*) -> weir::Status {
      return ThrowNow();
    };
    blocking_.expand = [this](weir::ServerContext*, auto*, auto*) -> weir::Status {
      return ThrowNow();
    };
    blocking_.chat = [this](weir::ServerContext*, auto*) -> weir::Status { return ThrowNow(); };
    coroutine_.unary = [this](auto&, auto&, auto&) -> weir::Task<weir::Status> {
      co_return ThrowNow();
    };
    coroutine_.collect = [this](auto&, auto&, auto&) -> weir::Task<weir::Status> {
      co_return ThrowNow();
    };
    coroutine_.expand = [this](auto&, auto&, auto&) -> weir::Task<weir::Status> {
      co_return ThrowNow();
    };
    coroutine_.chat = [this](auto&, auto&) -> weir::Task<weir::Status> { co_return ThrowNow(); };
    weir::ServerOptions options = TestServer::DefaultOptions();
    options.log_sink = log_.Sink();
    StartServer(options);
  }

  weir::Status ThrowNow() {
    Throw(is_standard_);
    return weir::Status::OK;
  }

  static void ExpectHidden(const grpc::Status& status, const char* shape) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNKNOWN) << shape;
    EXPECT_EQ(status.error_message().find(kSecret), std::string::npos) << shape;
    EXPECT_EQ(status.error_details(), "") << shape;
  }

  void ExpectEveryShapeHidesIt() {
    ExpectHidden(CallUnary(stub(), ""), "unary");
    EchoReply reply;
    BoundedContext collect_context;
    auto writer = stub().Collect(&collect_context, &reply);
    ExpectHidden(writer->Finish(), "client streaming");
    BoundedContext expand_context;
    auto reader = stub().Expand(&expand_context, EchoRequest());
    EXPECT_FALSE(reader->Read(&reply));
    ExpectHidden(reader->Finish(), "server streaming");
    BoundedContext chat_context;
    auto stream = stub().Chat(&chat_context);
    EXPECT_FALSE(stream->Read(&reply));
    ExpectHidden(stream->Finish(), "bidirectional");
  }

  Log log_;
  std::atomic<bool> is_standard_ = true;
};
INSTANTIATE_FOR_EVERY_STYLE(Exceptions);

TEST_P(Exceptions, BecomeUnknownAndTheirTextGoesToTheLog) {
  ExpectEveryShapeHidesIt();
  EXPECT_NE(log_.text().find(kSecret), std::string::npos) << log_.text();
  EXPECT_NE(log_.text().find("/integration.Echo/Unary"), std::string::npos) << log_.text();
}

TEST_P(Exceptions, ThatAreNotStandardOnesBecomeUnknownToo) {
  is_standard_ = false;
  ExpectEveryShapeHidesIt();
  EXPECT_NE(log_.text(), "");
}

TEST_P(Exceptions, AfterMessagesWereSentBecomeUnknownToo) {
  BlockingEcho blocking;
  blocking.expand = [](weir::ServerContext*, auto*, auto* writer) -> weir::Status {
    EXPECT_TRUE(writer->Write(EchoReply()));
    throw std::runtime_error(kSecret);
  };
  CoroutineEcho coroutine;
  coroutine.expand = [](auto&, auto&, auto& writer) -> weir::Task<weir::Status> {
    const EchoReply reply;
    EXPECT_TRUE(co_await writer.Write(reply));
    throw std::runtime_error(kSecret);
  };
  TestServer other([&](weir::ServerBuilder& builder) {
    weir::ServerOptions options = TestServer::DefaultOptions();
    options.log_sink = log_.Sink();
    builder.SetOptions(options);
    if (is_coroutine()) {
      builder.RegisterService(&coroutine);
    } else {
      builder.RegisterService(&blocking);
    }
  });
  BoundedContext context;
  auto reader = other.NewStub()->Expand(&context, EchoRequest());
  EchoReply reply;
  EXPECT_TRUE(reader->Read(&reply));
  EXPECT_FALSE(reader->Read(&reply));
  ExpectHidden(reader->Finish(), "server streaming");
}

}  // namespace
}  // namespace integration
