// Calls with one request and one response, on the worker: what goes over the wire, and what becomes
// of requests that are not one message.
#include <chrono>
#include <string>

#include "tests/server/server_fixture.h"
#include "tests/testing/segmenter.h"

namespace weir::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Segmentation;
using ::testing::StartsWith;

// Each test runs for an inline handler and for a coroutine.
class UnaryCallTest : public ServerTest, public ::testing::WithParamInterface<HandlerStyle> {
 protected:
  UnaryCallTest() { blocking_options_.execution = Execution::kInline; }

  std::string_view path() const {
    return GetParam() == HandlerStyle::kInline ? kBlockingUnary : kUnary;
  }

  void Handle(std::function<Status(ServerContext&, const Text&, Text&)> handler) {
    blocking_.unary = [handler](ServerContext* context, const Text* request, Text* response) {
      return handler(*context, *request, *response);
    };
    coroutine_.unary = [handler](ServerContext& context, const Text& request,
                                 Text& response) -> Task<Status> {
      co_return handler(context, request, response);
    };
  }

  void Echo() {
    Handle([](ServerContext&, const Text& request, Text& response) {
      response.value = "echo " + request.value;
      return Status::OK;
    });
  }
};

INSTANTIATE_TEST_SUITE_P(Style, UnaryCallTest,
                         ::testing::Values(HandlerStyle::kInline, HandlerStyle::kCoroutine),
                         [](const auto& style) {
                           return style.param == HandlerStyle::kInline ? "Inline" : "Coroutine";
                         });

TEST_P(UnaryCallTest, AnswersWithHeadersMessageAndTrailers) {
  Echo();
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, path(), "hello"));
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre(HeadersLine(1), MessageLine(1, "echo hello"), TrailersLine(1)));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_P(UnaryCallTest, TakesAndGivesEmptyMessages) {
  Handle([](ServerContext&, const Text& request, Text&) {
    return request.value.empty() ? Status::OK : Status::CANCELLED;
  });
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, path(), ""));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(HeadersLine(1), MessageLine(1, ""), TrailersLine(1)));
}

TEST_P(UnaryCallTest, ServesManyCallsOnOneConnection) {
  Echo();
  RpcClient& client = Connect();
  for (uint32_t id = 1; id < 400; id += 2) {
    client.Sends(UnaryCall(id, path(), std::to_string(id)));
    if (id % 7 == 0) Settle();
  }
  Settle();
  const std::vector<std::string> heard = client.Hears();
  ASSERT_EQ(heard.size(), 600u);
  for (uint32_t i = 0; i < 200; ++i) {
    const uint32_t id = 2 * i + 1;
    EXPECT_EQ(heard[3 * i + 1], MessageLine(id, "echo " + std::to_string(id)));
  }
}

TEST_P(UnaryCallTest, FailsWithTrailersOnly) {
  Handle([](ServerContext&, const Text&, Text& response) {
    response.value = "not sent";
    return Status(StatusCode::NOT_FOUND, "no such thing: 100%", "details");
  });
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, path(), "hello"));
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre(TrailersOnlyLine(1,
                                           "grpc-status=5 grpc-message=no such thing: 100%25 "
                                           "grpc-status-details-bin=ZGV0YWlscw")));
}

TEST_P(UnaryCallTest, IsNotHandledBeforeTheRequestIsOver) {
  bool was_called = false;
  Handle([&](ServerContext&, const Text&, Text&) {
    was_called = true;
    return Status::OK;
  });
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, path()) + SendsMessage(1, "hello"));
  Settle();
  EXPECT_FALSE(was_called);
  client.Sends(SendsEnd(1));
  Settle();
  EXPECT_TRUE(was_called);
}

TEST_P(UnaryCallTest, IsUnimplementedWithoutARequest) {
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, path()) + SendsEnd(1));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(HasSubstr("grpc-status=12 grpc-message=method takes "
                                                    "one request message, but none came")));
}

TEST_P(UnaryCallTest, IsUnimplementedWithTwoRequests) {
  Echo();
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, path()) + SendsMessage(1, "one") + SendsLast(1, "two"));
  // In one frame, too.
  client.Sends(OpenCall(3, path()) + testing::LastData(3, Framed("one") + Framed("two")));
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre(HasSubstr("grpc-status=12 grpc-message=method takes one request message, "
                                    "but more came"),
                          StartsWith("HEADERS 3 end :status=200 content-type=application/grpc")));
}

TEST_P(UnaryCallTest, IsInternalWhenTheRequestIsCutShort) {
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, path()) + testing::LastData(1, Framed("hello").substr(0, 7)));
  client.Sends(OpenCall(3, path()) + testing::LastData(3, Framed("hello").substr(0, 3)));
  Settle();
  const std::vector<std::string> heard = client.Hears();
  ASSERT_EQ(heard.size(), 2u);
  for (const std::string& line : heard) {
    EXPECT_THAT(line, HasSubstr("grpc-status=13 grpc-message=stream ended inside a message"));
  }
}

TEST_P(UnaryCallTest, IsInternalWhenTheRequestCannotBeParsed) {
  Echo();
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, path(), kMalformedText));
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre(HasSubstr("grpc-status=13 grpc-message=request message cannot be "
                                    "parsed")));
}

TEST_P(UnaryCallTest, IsRefusedAtThePrefixOfARequestThatIsTooLarge) {
  options_.max_receive_message_bytes = 10;
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, path()) + testing::Data(1, Framed("elevenchars").substr(0, 5)));
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre(HasSubstr("grpc-status=8 grpc-message=message of 11 bytes exceeds the "
                                    "limit of 10"),
                          NoMoreLine(1)));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_P(UnaryCallTest, IsExhaustedByAResponseThatIsTooLarge) {
  options_.max_send_message_bytes = 10;
  Echo();
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, path(), "longer than that"));
  client.Sends(UnaryCall(3, path(), "short"));
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre(HasSubstr("grpc-status=8 grpc-message=response message of 21 bytes "
                                    "exceeds the limit of 10"),
                          HeadersLine(3), MessageLine(3, "echo short"), TrailersLine(3)));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_P(UnaryCallTest, TurnsAnExceptionIntoUnknownAndKeepsItsTextFromTheClient) {
  Handle([](ServerContext&, const Text& request, Text&) -> Status {
    if (request.value == "standard") throw std::runtime_error("the secret");
    throw 7;
  });
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, path(), "standard") + UnaryCall(3, path(), "other"));
  Settle();
  EXPECT_THAT(
      client.Hears(),
      ElementsAre(
          TrailersOnlyLine(1, "grpc-status=2 grpc-message=the handler failed with an exception"),
          TrailersOnlyLine(3, "grpc-status=2 grpc-message=the handler failed with an exception")));
  EXPECT_THAT(LogLines(),
              ElementsAre(HasSubstr(std::string(path()) + " threw an exception: the secret"),
                          HasSubstr("threw something that is not a std::exception")));
}

TEST_P(UnaryCallTest, IsCancelledByAHandlerThatThenReturnsOk) {
  Handle([](ServerContext& context, const Text&, Text&) {
    context.TryCancel();
    return Status::OK;
  });
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, path(), ""));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(TrailersOnlyLine(
                                  1, "grpc-status=1 grpc-message=the server cancelled the call")));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_P(UnaryCallTest, AnswersARequestOfManyWindows) {
  Handle([](ServerContext&, const Text& request, Text& response) {
    response.value = std::to_string(request.value.size());
    return Status::OK;
  });
  RpcClient& client = Connect();
  const std::string framed = Framed(std::string(3'000'000, 'x'));
  client.Sends(OpenCall(1, path()));
  for (size_t at = 0; at < framed.size(); at += 16'384) {
    client.Sends(testing::Data(1, framed.substr(at, 16'384)));
    Settle();
  }
  client.Sends(SendsEnd(1));
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre(HeadersLine(1), MessageLine(1, "3000000"), TrailersLine(1)));
}

TEST_P(UnaryCallTest, LetsAMessageLargerThanTheWindowComeWithoutPauses) {
  Echo();
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, path()) +
               testing::Data(1, Framed(std::string(1'000'000, 'x')).substr(0, 100)));
  Settle();
  client.Hears();
  // 1,000,005 bytes are to come, 65,535 were allowed.
  EXPECT_THAT(client.TakeWindowUpdates(), ElementsAre("WINDOW_UPDATE 1 +934470"));
}

TEST_P(UnaryCallTest, SendsALargeResponseAsFarAsTheWindowAllows) {
  Handle([](ServerContext&, const Text&, Text& response) {
    response.value = std::string(100'000, 'x');
    return Status::OK;
  });
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, path(), ""));
  Settle();
  EXPECT_EQ(client.Hears().size(), 1u + 4);  // 65,535 bytes
  EXPECT_EQ(OpenStreams(), 1u);
  client.Sends(testing::WindowUpdate(1, 100'000) + testing::WindowUpdate(0, 100'000));
  Settle();
  EXPECT_EQ(client.Hears().back(), TrailersLine(1));
  EXPECT_EQ(OpenStreams(), 0u);
}

class UnaryAtEverySplit : public ServerTest, public ::testing::WithParamInterface<Segmentation> {};

INSTANTIATE_TEST_SUITE_P(Split, UnaryAtEverySplit, ::testing::ValuesIn(testing::AllSegmentations()),
                         [](const auto& test) { return testing::NameOf(test.param); });

TEST_P(UnaryAtEverySplit, AnswersTheSame) {
  coroutine_.unary = [](ServerContext&, const Text& request, Text& response) -> Task<Status> {
    response.value = request.value;
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  const std::string octets = UnaryCall(1, kUnary, "one") + OpenCall(3, kUnary) +
                             testing::Data(3, Framed("three").substr(0, 2)) +
                             testing::LastData(3, Framed("three").substr(2));
  testing::Segmenter(GetParam()).Split(octets, [&](ByteView piece) {
    client.wire.Sends(AsText(piece));
    Settle();
  });
  EXPECT_THAT(client.Hears(),
              ElementsAre(HeadersLine(1), MessageLine(1, "one"), TrailersLine(1), HeadersLine(3),
                          MessageLine(3, "three"), TrailersLine(3)));
}

using RoutingTest = ServerTest;

TEST_F(RoutingTest, TellsUnknownServicesFromUnknownMethods) {
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, "/text.Other/Unary", "") + UnaryCall(3, "/text.Coroutine/unary", ""));
  client.Sends(UnaryCall(5, "/text.Coroutine/unary", ""));
  Settle();
  const std::string unknown_method =
      "grpc-accept-encoding=identity,deflate,gzip,zstd grpc-status=12 "
      "grpc-message=unknown method: /text.Coroutine/unary";
  EXPECT_THAT(client.Hears(),
              ElementsAre(TrailersOnlyLine(1,
                                           "grpc-accept-encoding=identity,deflate,gzip,zstd "
                                           "grpc-status=12 grpc-message=unknown service: "
                                           "text.Other"),
                          NoMoreLine(1), TrailersOnlyLine(3, unknown_method), NoMoreLine(3),
                          TrailersOnlyLine(5, unknown_method), NoMoreLine(5)));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(RoutingTest, RefusesBeforeTheRequestIsOver) {
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, "/text.Other/Unary"));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(HasSubstr("grpc-status=12"), NoMoreLine(1)));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(RoutingTest, AnswersWhatIsNotGrpcWithAnHttpStatus) {
  RpcClient& client = Connect();
  client.Sends(
      std::string(testing::Headers(1).Post(kUnary).Field("content-type", "text/html").EndStream()));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(StartsWith("HEADERS 1 end :status=415")));
}

TEST_F(RoutingTest, AnswersMethodsThatNobodyWroteWithUnimplemented) {
  blocking_options_.execution = Execution::kInline;
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, "") + UnaryCall(3, kBlockingUnary, ""));
  Settle();
  const std::string fields =
      "grpc-status=12 grpc-message=the service does not implement this method";
  EXPECT_THAT(client.Hears(),
              ElementsAre(TrailersOnlyLine(1, fields), TrailersOnlyLine(3, fields)));
}

}  // namespace
}  // namespace weir::server
