// Are messages compressed when asked, in both directions, one by one?
#include "interop/client/message_inspector.h"
#include "tests/integration/test_server.h"

namespace integration {
namespace {

using grpc::testing::InteropClientContextInspector;

// Shrinks a lot when compressed.
const std::string kZeros(100'000, '\0');

class Compression : public EveryStyleTest {};
INSTANTIATE_FOR_EVERY_STYLE(Compression);

TEST_P(Compression, OfRequestsIsUndoneAndVisible) {
  std::atomic<int> compressed = 0;
  std::atomic<int> plain = 0;
  blocking_.unary = [&](weir::ServerContext* context, const EchoRequest* request, EchoReply*) {
    EXPECT_EQ(request->payload(), kZeros);
    ++(context->request_compressed() ? compressed : plain);
    return weir::Status::OK;
  };
  coroutine_.unary = [&](weir::ServerContext& context, const EchoRequest& request,
                         EchoReply&) -> weir::Task<weir::Status> {
    EXPECT_EQ(request.payload(), kZeros);
    ++(context.request_compressed() ? compressed : plain);
    co_return weir::Status::OK;
  };
  StartServer();
  EchoRequest request;
  request.set_payload(kZeros);
  EchoReply reply;
  for (grpc_compression_algorithm algorithm :
       {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_NONE}) {
    BoundedContext context;
    context.set_compression_algorithm(algorithm);
    const grpc::Status status = stub().Unary(&context, request, &reply);
    EXPECT_TRUE(status.ok()) << algorithm << ": " << status.error_message();
  }
  EXPECT_EQ(compressed, 2);
  EXPECT_EQ(plain, 1);
}

TEST_P(Compression, OfRequestsIsToldMessageByMessage) {
  Shared<std::string> seen;
  blocking_.collect = [&](weir::ServerContext* context, auto* reader, EchoReply*) {
    std::string marks;
    EchoRequest request;
    while (reader->Read(&request)) marks += context->request_compressed() ? 'c' : 'p';
    seen.Set(marks);
    return weir::Status::OK;
  };
  coroutine_.collect = [&](weir::ServerContext& context, auto& reader,
                           EchoReply&) -> weir::Task<weir::Status> {
    std::string marks;
    EchoRequest request;
    while (co_await reader.Read(&request)) marks += context.request_compressed() ? 'c' : 'p';
    seen.Set(marks);
    co_return weir::Status::OK;
  };
  StartServer();
  BoundedContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  EchoReply reply;
  auto writer = stub().Collect(&context, &reply);
  EchoRequest request;
  request.set_payload(kZeros);
  const grpc::WriteOptions plain = grpc::WriteOptions().set_no_compression();
  EXPECT_TRUE(writer->Write(request));
  EXPECT_TRUE(writer->Write(request, plain));
  EXPECT_TRUE(writer->Write(request));
  EXPECT_TRUE(writer->Write(request, plain));
  EXPECT_TRUE(writer->WritesDone());
  EXPECT_TRUE(writer->Finish().ok());
  EXPECT_EQ(seen.Get(), "cpcp");
}

class ResponseCompression : public Compression {
 protected:
  // Unary answers with zeros; the request's text says how.
  static void Answer(weir::ServerContext& context, const EchoRequest& request, EchoReply& reply) {
    if (request.text() == "gzip") {
      context.set_compression_algorithm(weir::CompressionAlgorithm::kGzip);
    } else if (request.text() == "deflate") {
      context.set_compression_algorithm(weir::CompressionAlgorithm::kDeflate);
    } else if (request.text() == "gzip, but not this") {
      context.set_compression_algorithm(weir::CompressionAlgorithm::kGzip);
      context.set_compress_response(false);
    }
    reply.set_payload(kZeros);
  }

  void SetUp() override {
    blocking_.unary = [](weir::ServerContext* context, const EchoRequest* request,
                         EchoReply* reply) {
      Answer(*context, *request, *reply);
      return weir::Status::OK;
    };
    coroutine_.unary = [](weir::ServerContext& context, const EchoRequest& request,
                          EchoReply& reply) -> weir::Task<weir::Status> {
      Answer(context, request, reply);
      co_return weir::Status::OK;
    };
  }

  bool IsAnswerCompressed(const std::string& how) {
    BoundedContext context;
    EchoRequest request;
    request.set_text(how);
    EchoReply reply;
    const grpc::Status status = stub().Unary(&context, request, &reply);
    EXPECT_TRUE(status.ok()) << how << ": " << status.error_message();
    EXPECT_TRUE(reply.payload() == kZeros) << how;
    return InteropClientContextInspector(context).WasCompressed();
  }
};
INSTANTIATE_FOR_EVERY_STYLE(ResponseCompression);

TEST_P(ResponseCompression, IsTheHandlersChoice) {
  StartServer();
  EXPECT_TRUE(IsAnswerCompressed("gzip"));
  EXPECT_TRUE(IsAnswerCompressed("deflate"));
  EXPECT_FALSE(IsAnswerCompressed("gzip, but not this"));
  EXPECT_FALSE(IsAnswerCompressed("plain"));
}

TEST_P(ResponseCompression, ExemptsSingleMessagesOfAStream) {
  constexpr bool kCompressed[] = {true, false, true, false, false};
  blocking_.expand = [&](weir::ServerContext* context, auto*, auto* writer) {
    context->set_compression_algorithm(weir::CompressionAlgorithm::kGzip);
    EchoReply reply;
    reply.set_payload(kZeros);
    for (bool compressed : kCompressed) {
      weir::WriteOptions options;
      if (!compressed) options.set_no_compression();
      EXPECT_TRUE(writer->Write(reply, options));
    }
    return weir::Status::OK;
  };
  coroutine_.expand = [&](weir::ServerContext& context, auto&,
                          auto& writer) -> weir::Task<weir::Status> {
    context.set_compression_algorithm(weir::CompressionAlgorithm::kGzip);
    EchoReply reply;
    reply.set_payload(kZeros);
    for (bool compressed : kCompressed) {
      weir::WriteOptions options;
      if (!compressed) options.set_no_compression();
      EXPECT_TRUE(co_await writer.Write(reply, options));
    }
    co_return weir::Status::OK;
  };
  StartServer();
  BoundedContext context;
  auto reader = stub().Expand(&context, EchoRequest());
  EchoReply reply;
  for (bool compressed : kCompressed) {
    ASSERT_TRUE(reader->Read(&reply));
    EXPECT_TRUE(reply.payload() == kZeros);
    EXPECT_EQ(InteropClientContextInspector(context).WasCompressed(), compressed);
  }
  EXPECT_FALSE(reader->Read(&reply));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_P(ResponseCompression, IsLeftOutForClientsThatDoNotAcceptIt) {
  StartServer();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE);
  auto picky = upstream::Echo::NewStub(
      NewChannelTo(server().address(), grpc::InsecureChannelCredentials(), arguments));
  BoundedContext context;
  EchoRequest request;
  request.set_text("gzip");
  EchoReply reply;
  const grpc::Status status = picky->Unary(&context, request, &reply);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(reply.payload() == kZeros);
  EXPECT_FALSE(InteropClientContextInspector(context).WasCompressed());
}

}  // namespace
}  // namespace integration
