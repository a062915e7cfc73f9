// Does a connection on which nonsense arrives end with the right error, while all others go on?
#include <functional>
#include <string>
#include <vector>

#include "tests/integration/raw_client.h"
#include "tests/integration/test_server.h"

namespace integration {
namespace {

// A server with a call in progress on a connection that behaves.
class MalformedInput : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(stream_->Write(EchoRequest()));
    ASSERT_TRUE(stream_->Read(&reply_));
  }

  // The connection that behaves has noticed nothing, and new ones are welcome.
  void TearDown() override {
    EXPECT_TRUE(stream_->Write(EchoRequest()));
    EXPECT_TRUE(stream_->Read(&reply_));
    EXPECT_TRUE(stream_->WritesDone());
    const grpc::Status status = stream_->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_TRUE(CallUnary(*server_.NewStub(), "").ok());
  }

  CoroutineEcho echo_;
  TestServer server_{&echo_, OneWorker()};
  std::unique_ptr<EchoStub> stub_ = server_.NewStub();
  BoundedContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<EchoRequest, EchoReply>> stream_ =
      stub_->Chat(&context_);
  EchoReply reply_;

 private:
  // So that the connections of a test share a thread.
  static weir::ServerOptions OneWorker() {
    weir::ServerOptions options;
    options.worker_threads = 1;
    return options;
  }
};

// ---- no HTTP/2 at all --------------------------------------------------------------------------

TEST_F(MalformedInput, OfOtherProtocolsEndsTheConnection) {
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), std::string("SSH-2.0-x\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), std::string(10'000, '\0'),
        std::string("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")}) {
    RawClient client(server_.port());
    client.SendBytes(bytes);
    const std::optional<ErrorCode> code = client.ReadToEnd();
    // RFC 9113 §3.4: the GOAWAY may be left out when the peer does not speak HTTP/2.
    if (code.has_value()) {
      EXPECT_EQ(*code, ErrorCode::kProtocolError) << bytes.substr(0, 20);
    }
  }
}

TEST_F(MalformedInput, ThatEndsInTheMiddleEndsTheConnection) {
  const std::string start = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  for (size_t size : {size_t{0}, size_t{1}, start.size() - 1}) {
    RawClient client(server_.port());
    client.SendBytes(start.substr(0, size));
    client.EndSending();
    client.ReadToEnd();
  }
  RawClient client(server_.port());
  client.StartHttp2();
  client.SendBytes(std::string("\0\0\x08\x06", 4));  // the beginning of a PING
  client.EndSending();
  client.ReadToEnd();
}

// ---- frames that break a rule ------------------------------------------------------------------

struct BadFrames {
  const char* name;
  ErrorCode expected;
  void (*send)(RawClient& client);
};

void PrintTo(const BadFrames& bad, std::ostream* out) { *out << bad.name; }

const std::string kFourZeros(4, '\0');

const BadFrames kBadFrames[] = {
    {"FirstFrameIsNotSettings", ErrorCode::kProtocolError,
     [](RawClient& client) {
       client.SendBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
       client.SendFrame(FrameType::kPing, 0, 0, "12345678");
     }},
    {"FrameLongerThanAllowed", ErrorCode::kFrameSizeError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendHeaders(1, RequestFields("/integration.Echo/Chat"), false);
       client.SendData(1, std::string(16'385, 'x'), false);
     }},
    {"DataOnStreamZero", ErrorCode::kProtocolError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendData(0, "x", false);
     }},
    {"DataOnIdleStream", ErrorCode::kProtocolError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendData(5, "x", false);
     }},
    {"HeadersOnEvenStream", ErrorCode::kProtocolError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendHeaders(2, RequestFields("/integration.Echo/Chat"), false);
     }},
    {"StreamIdGoesBack", ErrorCode::kProtocolError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendHeaders(5, RequestFields("/integration.Echo/Chat"), false);
       client.SendHeaders(3, RequestFields("/integration.Echo/Chat"), false);
     }},
    {"SettingsOfFiveOctets", ErrorCode::kFrameSizeError,
     [](RawClient& client) { client.StartHttp2("12345"); }},
    {"SettingsOnAStream", ErrorCode::kProtocolError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendFrame(FrameType::kSettings, 0, 1, "");
     }},
    {"SettingsAckWithPayload", ErrorCode::kFrameSizeError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendFrame(FrameType::kSettings, kFlagAck, 0, std::string(6, '\0'));
     }},
    {"SettingsWithWindowTooLarge", ErrorCode::kFlowControlError,
     [](RawClient& client) {
       client.StartHttp2(std::string("\0\x04", 2) + BigEndian32(0x80000000u));
     }},
    {"SettingsWithFrameSizeTooSmall", ErrorCode::kProtocolError,
     [](RawClient& client) { client.StartHttp2(std::string("\0\x05", 2) + BigEndian32(16'383)); }},
    {"PingOfSevenOctets", ErrorCode::kFrameSizeError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendFrame(FrameType::kPing, 0, 0, "1234567");
     }},
    {"PingOnAStream", ErrorCode::kProtocolError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendFrame(FrameType::kPing, 0, 1, "12345678");
     }},
    {"WindowUpdateByZero", ErrorCode::kProtocolError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendWindowUpdate(0, 0);
     }},
    {"WindowUpdateOfThreeOctets", ErrorCode::kFrameSizeError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendFrame(FrameType::kWindowUpdate, 0, 0, "123");
     }},
    {"WindowOfTheConnectionOverflows", ErrorCode::kFlowControlError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendWindowUpdate(0, 0x7fffffff);
     }},
    {"ContinuationWithoutHeaders", ErrorCode::kProtocolError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendFrame(FrameType::kContinuation, kFlagEndHeaders, 1, "");
     }},
    {"HeaderBlockIsInterrupted", ErrorCode::kProtocolError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendFrame(FrameType::kHeaders, 0, 1, "\x83");
       client.SendFrame(FrameType::kPing, 0, 0, "12345678");
     }},
    {"HeaderBlockDoesNotDecode", ErrorCode::kCompressionError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendFrame(FrameType::kHeaders, kFlagEndHeaders, 1, "\xff\xff\xff\xff\xff\xff");
     }},
    {"HeaderBlockRefersToNothing", ErrorCode::kCompressionError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendFrame(FrameType::kHeaders, kFlagEndHeaders, 1, "\xbe");
     }},
    {"RstStreamOnStreamZero", ErrorCode::kProtocolError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendFrame(FrameType::kRstStream, 0, 0, kFourZeros);
     }},
    {"RstStreamOnIdleStream", ErrorCode::kProtocolError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendFrame(FrameType::kRstStream, 0, 1, kFourZeros);
     }},
    {"RstStreamOfThreeOctets", ErrorCode::kFrameSizeError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendHeaders(1, RequestFields("/integration.Echo/Chat"), false);
       client.SendFrame(FrameType::kRstStream, 0, 1, "123");
     }},
    {"PushPromiseFromAClient", ErrorCode::kProtocolError,
     [](RawClient& client) {
       client.StartHttp2();
       client.SendHeaders(1, RequestFields("/integration.Echo/Chat"), false);
       client.SendFrame(FrameType::kPushPromise, kFlagEndHeaders, 1, BigEndian32(2) + "\x83");
     }},
};

class BadFrame : public MalformedInput, public testing::WithParamInterface<BadFrames> {};

TEST_P(BadFrame, EndsTheConnectionWithTheRightError) {
  RawClient client(server_.port());
  GetParam().send(client);
  const std::optional<ErrorCode> code = client.ReadToEnd();
  ASSERT_TRUE(code.has_value()) << "no GOAWAY before the end";
  EXPECT_EQ(*code, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Each, BadFrame, testing::ValuesIn(kBadFrames),
                         [](const auto& bad) { return std::string(bad.param.name); });

// ---- requests that are malformed, on a connection that is not ----------------------------------

TEST_F(MalformedInput, InARequestEndsOnlyItsStream) {
  RawClient client(server_.port());
  client.StartHttp2();
  client.SendHeaders(1, RequestFields("/integration.Echo/Chat", {{"connection", "close"}}), false);
  const Response response = client.ReadResponse(1);
  ASSERT_TRUE(response.reset.has_value());
  EXPECT_EQ(*response.reset, ErrorCode::kProtocolError);
  client.SendHeaders(3, RequestFields("/integration.Echo/Unary"), false);
  client.SendData(3, Prefixed(""), true);
  EXPECT_EQ(client.ReadResponse(3).grpc_status(), "0");
}

TEST_F(MalformedInput, StreamsAboveTheLimitAreRefusedOneByOne) {
  RawClient client(server_.port());
  client.StartHttp2();
  const uint32_t limit = weir::ServerOptions().max_concurrent_streams;
  for (uint32_t i = 0; i <= limit; ++i) {
    client.SendHeaders(2 * i + 1, RequestFields("/integration.Echo/Chat"), false);
  }
  const Response refused = client.ReadResponse(2 * limit + 1);
  ASSERT_TRUE(refused.reset.has_value());
  EXPECT_EQ(*refused.reset, ErrorCode::kRefusedStream);
  client.SendData(1, "", true);
  EXPECT_EQ(client.ReadResponse(1).grpc_status(), "0");
}

TEST_F(MalformedInput, UnknownFramesAreIgnored) {
  RawClient client(server_.port());
  client.StartHttp2();
  client.SendFrame(static_cast<FrameType>(0x42), 0xff, 0, "anything");
  client.SendFrame(static_cast<FrameType>(0x42), 0xff, 7, "anything");
  client.SendHeaders(1, RequestFields("/integration.Echo/Unary"), false);
  client.SendData(1, Prefixed(""), true);
  EXPECT_EQ(client.ReadResponse(1).grpc_status(), "0");
}

}  // namespace
}  // namespace integration
