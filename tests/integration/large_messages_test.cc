// Do messages of megabytes pass in both directions, and are those above the limit refused?
#include <vector>

#include "tests/integration/test_server.h"

namespace integration {
namespace {

constexpr size_t kMebibyte = 1024 * 1024;
constexpr size_t kLimit = 4 * kMebibyte;  // ServerOptions::max_receive_message_bytes

// Bytes that no compressor and no mistake of order leaves unnoticed.
std::string MakePattern(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 12345;
  for (char& byte : bytes) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

// A request of exactly `size` serialised bytes.
EchoRequest MakeRequestOfSize(size_t size) {
  EchoRequest request;
  request.set_payload(MakePattern(size - 8));
  while (request.ByteSizeLong() < size) request.mutable_payload()->push_back('+');
  while (request.ByteSizeLong() > size) request.mutable_payload()->pop_back();
  EXPECT_EQ(request.ByteSizeLong(), size);
  return request;
}

class LargeMessages : public EveryStyleTest {
 protected:
  void ExpectEchoed(size_t size) {
    BoundedContext context;
    const EchoRequest request = MakeRequestOfSize(size);
    EchoReply reply;
    const grpc::Status status = stub().Unary(&context, request, &reply);
    EXPECT_TRUE(status.ok()) << size << " bytes: " << status.error_message();
    EXPECT_TRUE(reply.payload() == request.payload()) << size << " bytes";
  }
};
INSTANTIATE_FOR_EVERY_STYLE(LargeMessages);

TEST_P(LargeMessages, OfOneMebibyteAreEchoed) {
  StartServer();
  for (int i = 0; i < 3; ++i) ExpectEchoed(kMebibyte);
}

TEST_P(LargeMessages, OfExactlyTheLimitAreEchoed) {
  StartServer();
  ExpectEchoed(kLimit - 1);
  ExpectEchoed(kLimit);
}

TEST_P(LargeMessages, OfSizesAroundFrameAndWindowAreEchoed) {
  StartServer();
  for (size_t edge : {size_t{16'384}, size_t{65'535}, size_t{262'144}, kMebibyte}) {
    for (size_t size = edge - 16; size <= edge + 16; size += 4) ExpectEchoed(size);
  }
}

TEST_P(LargeMessages, AboveTheReceiveLimitAreRefused) {
  StartServer();
  BoundedContext context;
  EchoReply reply;
  const grpc::Status status = stub().Unary(&context, MakeRequestOfSize(kLimit + 1), &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  ExpectEchoed(kMebibyte);
}

TEST_P(LargeMessages, FarAboveTheReceiveLimitAreRefused) {
  StartServer();
  BoundedContext context;
  EchoReply reply;
  const grpc::Status status = stub().Unary(&context, MakeRequestOfSize(5 * kLimit), &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  ExpectEchoed(kMebibyte);
}

TEST_P(LargeMessages, ThatInflateAboveTheReceiveLimitAreRefused) {
  StartServer();
  BoundedContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  EchoRequest request;
  request.mutable_payload()->assign(16 * kMebibyte, '\0');  // about 16 KB on the wire
  EchoReply reply;
  const grpc::Status status = stub().Unary(&context, request, &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  ExpectEchoed(kMebibyte);
}

TEST_P(LargeMessages, AboveTheSendLimitEndTheCall) {
  weir::MethodOptions method_options;
  method_options.max_send_message_bytes = 1000;
  StartServer(TestServer::DefaultOptions(), method_options);
  BoundedContext context;
  EchoReply reply;
  const grpc::Status status = stub().Unary(&context, MakeRequestOfSize(2000), &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  ExpectEchoed(500);
}

TEST_P(LargeMessages, AboveADefaultLimitPassWhenTheLimitIsRaised) {
  weir::MethodOptions method_options;
  method_options.max_receive_message_bytes = 2 * kLimit;
  StartServer(TestServer::DefaultOptions(), method_options);
  ExpectEchoed(2 * kLimit);
}

TEST_P(LargeMessages, StreamInBothDirections) {
  StartServer();
  BoundedContext context;
  auto stream = stub().Chat(&context);
  EchoReply reply;
  for (size_t size : {kMebibyte, kLimit, size_t{1000}, kLimit - 1}) {
    const EchoRequest request = MakeRequestOfSize(size);
    ASSERT_TRUE(stream->Write(request));
    ASSERT_TRUE(stream->Read(&reply));
    EXPECT_TRUE(reply.payload() == request.payload()) << size << " bytes";
  }
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_P(LargeMessages, AreCollectedFromAStream) {
  StartServer();
  BoundedContext context;
  EchoReply reply;
  auto writer = stub().Collect(&context, &reply);
  std::string all;
  for (int i = 0; i < 8; ++i) {
    EchoRequest request;
    request.set_payload(MakePattern(kMebibyte + static_cast<size_t>(i)));
    all += request.payload();
    ASSERT_TRUE(writer->Write(request));
  }
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(reply.payload() == all);
}

TEST_P(LargeMessages, AreExpandedIntoAStream) {
  StartServer();
  BoundedContext context;
  EchoRequest request;
  request.set_payload(MakePattern(kMebibyte));
  request.set_count(8);
  auto reader = stub().Expand(&context, request);
  EchoReply reply;
  int received = 0;
  while (reader->Read(&reply)) {
    EXPECT_TRUE(reply.payload() == request.payload());
    ++received;
  }
  const grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(received, 8);
}

}  // namespace
}  // namespace integration
