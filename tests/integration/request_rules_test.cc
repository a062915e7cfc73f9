// Is a request that HTTP/2 allows and gRPC does not answered as gRPC's documents say?
#include <string>

#include "tests/integration/raw_client.h"
#include "tests/integration/test_server.h"

namespace integration {
namespace {

constexpr char kUnary[] = "/integration.Echo/Unary";

std::string MessageOfText(const std::string& text) {
  EchoRequest request;
  request.set_text(text);
  return request.SerializeAsString();
}

class RequestRules : public EveryStyleTest {
 protected:
  void SetUp() override { StartServer(); }

  // Sends one request and returns the response.
  Response Call(const Fields& fields, const std::string& data) {
    RawClient client(server().port());
    client.StartHttp2();
    client.SendHeaders(1, fields, false);
    client.SendData(1, data, true);
    return client.ReadResponse(1);
  }
};
INSTANTIATE_FOR_EVERY_STYLE(RequestRules);

TEST_P(RequestRules, AProperRequestIsAnsweredInThreePieces) {
  const Response response = Call(RequestFields(kUnary), Prefixed(MessageOfText("hi")));
  EXPECT_EQ(ValueOf(response.headers, ":status"), "200");
  EXPECT_TRUE(ValueOf(response.headers, "content-type").starts_with("application/grpc"));
  EXPECT_EQ(ValueOf(response.headers, "grpc-status"), "");
  EXPECT_EQ(response.data, Prefixed(MessageOfText("hi")));
  EXPECT_EQ(response.grpc_status(), "0");
  EXPECT_EQ(ValueOf(response.trailers, ":status"), "");
  EXPECT_TRUE(response.is_complete);
  EXPECT_FALSE(response.reset.has_value());
}

TEST_P(RequestRules, AFailureWithoutMessagesIsOneFieldSection) {
  const Response response = Call(RequestFields("/integration.Echo/Missing"), Prefixed(""));
  EXPECT_EQ(ValueOf(response.headers, ":status"), "200");
  EXPECT_EQ(ValueOf(response.headers, "grpc-status"), "12");
  EXPECT_TRUE(response.data.empty());
  EXPECT_TRUE(response.is_complete);
}

TEST_P(RequestRules, AMessageMayComeInAnyPieces) {
  const std::string data = Prefixed(MessageOfText("in pieces"));
  RawClient client(server().port());
  client.StartHttp2();
  client.SendHeaders(1, RequestFields(kUnary), false);
  for (char byte : data) client.SendData(1, std::string(1, byte), false);
  client.SendData(1, "", true);
  const Response response = client.ReadResponse(1);
  EXPECT_EQ(response.grpc_status(), "0");
  EXPECT_EQ(response.data, data);
}

// gRPC "Status codes": a violation of cardinality is UNIMPLEMENTED.
TEST_P(RequestRules, TwoMessagesOnAUnaryCallAreUnimplemented) {
  const std::string message = Prefixed(MessageOfText("one"));
  EXPECT_EQ(Call(RequestFields(kUnary), message + message).grpc_status(), "12");
  EXPECT_EQ(Call(RequestFields("/integration.Echo/Expand"), message + message).grpc_status(), "12");
}

TEST_P(RequestRules, NoMessageOnAUnaryCallIsUnimplemented) {
  EXPECT_EQ(Call(RequestFields(kUnary), "").grpc_status(), "12");
  EXPECT_EQ(Call(RequestFields("/integration.Echo/Expand"), "").grpc_status(), "12");
  RawClient client(server().port());
  client.StartHttp2();
  client.SendHeaders(1, RequestFields(kUnary), true);
  EXPECT_EQ(client.ReadResponse(1).grpc_status(), "12");
}

TEST_P(RequestRules, ATruncatedMessageIsInternal) {
  const std::string whole = Prefixed(MessageOfText("truncated"));
  for (size_t size : {size_t{1}, size_t{4}, size_t{5}, whole.size() - 1}) {
    EXPECT_EQ(Call(RequestFields(kUnary), whole.substr(0, size)).grpc_status(), "13") << size;
  }
}

TEST_P(RequestRules, UnknownFlagsOfAMessageAreInternal) {
  EXPECT_EQ(Call(RequestFields(kUnary), Prefixed("", 2)).grpc_status(), "13");
}

TEST_P(RequestRules, ACompressedMessageNeedsAnEncoding) {
  EXPECT_EQ(Call(RequestFields(kUnary), Prefixed("", 1)).grpc_status(), "13");
  EXPECT_EQ(
      Call(RequestFields(kUnary, {{"grpc-encoding", "identity"}}), Prefixed("", 1)).grpc_status(),
      "13");
  EXPECT_EQ(Call(RequestFields(kUnary, {{"grpc-encoding", "gzip"}}), Prefixed("no gzip", 1))
                .grpc_status(),
            "13");
}

TEST_P(RequestRules, AnUnknownEncodingIsUnimplementedAndTheKnownOnesAreNamed) {
  const Response response =
      Call(RequestFields(kUnary, {{"grpc-encoding", "zebra"}}), Prefixed("", 1));
  EXPECT_EQ(response.grpc_status(), "12");
  EXPECT_NE(response.grpc_message().find("zebra"), std::string::npos) << response.grpc_message();
  const std::string accepted = ValueOf(response.headers, "grpc-accept-encoding");
  EXPECT_NE(accepted.find("gzip"), std::string::npos) << accepted;
  EXPECT_EQ(accepted.find("zebra"), std::string::npos) << accepted;
}

TEST_P(RequestRules, OtherContentTypesAreAnsweredWith415) {
  for (const char* type : {"text/plain", "application/json", "application/grpcx"}) {
    const Response response = Call(RequestFields(kUnary, {{"content-type", type}}), Prefixed(""));
    EXPECT_EQ(ValueOf(response.headers, ":status"), "415") << type;
  }
}

TEST_P(RequestRules, VariantsOfTheContentTypeAreAccepted) {
  for (const char* type : {"application/grpc", "application/grpc+proto"}) {
    const Response response = Call(RequestFields(kUnary, {{"content-type", type}}), Prefixed(""));
    EXPECT_EQ(ValueOf(response.headers, ":status"), "200") << type;
    EXPECT_EQ(response.grpc_status(), "0") << type;
  }
}

TEST_P(RequestRules, OtherMethodsThanPostAreRefused) {
  const Response response = Call(RequestFields(kUnary, {{":method", "GET"}}), Prefixed(""));
  EXPECT_EQ(ValueOf(response.headers, ":status"), "405");
}

TEST_P(RequestRules, ATimeoutThatIsNoneIsInternal) {
  for (const char* timeout : {"", "5", "S", "-1S", "123456789S", "1s", "1 S"}) {
    const Response response =
        Call(RequestFields(kUnary, {{"grpc-timeout", timeout}}), Prefixed(""));
    EXPECT_EQ(response.grpc_status(), "13") << '"' << timeout << '"';
  }
}

TEST_P(RequestRules, MetadataThatIsNoBase64IsInternal) {
  const Response response = Call(RequestFields(kUnary, {{"x-bin", "***"}}), Prefixed(""));
  EXPECT_EQ(response.grpc_status(), "13");
}

TEST_P(RequestRules, ADeadlineThatHasPassedKeepsTheHandlerFromRunning) {
  const Response response = Call(RequestFields(kUnary, {{"grpc-timeout", "0n"}}), Prefixed(""));
  EXPECT_EQ(response.grpc_status(), "4");
}

TEST_P(RequestRules, ALargeMessageIsRefusedByItsPrefixAlone) {
  RawClient client(server().port());
  client.StartHttp2();
  client.SendHeaders(1, RequestFields(kUnary), false);
  client.SendData(1, std::string("\0\xff\xff\xff\xff", 5), false);
  const Response response = client.ReadResponse(1);
  EXPECT_EQ(response.grpc_status(), "8");
}

// ---- deadlines that only the server watches ----------------------------------------------------

class ServerDeadline : public EveryStyleTest {
 protected:
  void SetUp() override {
    blocking_.chat = [this](weir::ServerContext* context, auto* stream) {
      EchoRequest request;
      EXPECT_TRUE(stream->Read(&request).is_failed());
      EXPECT_TRUE(context->IsCancelled());
      EXPECT_EQ(context->time_remaining().count(), 0);
      done_.Notify();
      return weir::Status::OK;
    };
    coroutine_.chat = [this](weir::ServerContext& context,
                             auto& stream) -> weir::Task<weir::Status> {
      EchoRequest request;
      const weir::ReadResult read = co_await stream.Read(&request);
      EXPECT_TRUE(read.is_failed());
      EXPECT_TRUE(context.IsCancelled());
      EXPECT_EQ(context.time_remaining().count(), 0);
      done_.Notify();
      co_return weir::Status::OK;
    };
    StartServer();
  }

  Notification done_;
};
INSTANTIATE_FOR_EVERY_STYLE(ServerDeadline);

TEST_P(ServerDeadline, EndsACallThatNobodyElseEnds) {
  RawClient client(server().port());
  client.StartHttp2();
  client.SendHeaders(1, RequestFields("/integration.Echo/Chat", {{"grpc-timeout", "50m"}}), false);
  const Response response = client.ReadResponse(1);
  EXPECT_EQ(response.grpc_status(), "4");
  EXPECT_TRUE(done_.Wait());
  EXPECT_TRUE(client.Synchronise().has_value()) << "the connection is still good";
}

TEST_P(ServerDeadline, CountsWhileTheRequestIsIncomplete) {
  RawClient client(server().port());
  client.StartHttp2();
  client.SendHeaders(1, RequestFields(kUnary, {{"grpc-timeout", "50m"}}), false);
  EXPECT_EQ(client.ReadResponse(1).grpc_status(), "4");
}

}  // namespace
}  // namespace integration
