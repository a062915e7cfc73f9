// What handlers and clients tell each other beside messages: metadata both ways, peers,
// compression.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "server/compressors.h"
#include "tests/server/server_fixture.h"
#include "transport/grpc/compressor.h"

namespace weir::server {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

const std::string kOffers = " grpc-accept-encoding=identity,deflate,gzip,zstd";

class MetadataTest : public ServerTest {
 protected:
  // The answer to one unary call with `fields`.
  std::vector<std::string> Call(const Fields& fields = {}) {
    RpcClient& client = Connect();
    client.Sends(UnaryCall(1, kUnary, "request", fields));
    Settle();
    return client.Hears();
  }

  void Handle(std::function<Status(ServerContext&, Text&)> handler) {
    coroutine_.unary = [handler](ServerContext& context, const Text&,
                                 Text& response) -> Task<Status> {
      co_return handler(context, response);
    };
  }
};

TEST_F(MetadataTest, OfTheClientIsShownDecoded) {
  Handle([](ServerContext& context, Text&) {
    EXPECT_THAT(
        context.client_metadata(),
        ElementsAre(Pair("bytes-bin", std::string("\0\1", 2)), Pair("bytes-bin", "two"),
                    Pair("key", "first"), Pair("key", "second"), Pair("user-agent", "tester/1")));
    EXPECT_EQ(context.authority(), "localhost");
    EXPECT_EQ(context.method(), kUnary);
    return Status::OK;
  });
  EXPECT_THAT(Call({{"key", "first"},
                    {"bytes-bin", "AAE,dHdv"},
                    {"user-agent", "tester/1"},
                    {"grpc-unknown", "hidden"},
                    {"key", "second"}}),
              Contains(TrailersLine(1)));
}

TEST_F(MetadataTest, OfTheServerTravelsInHeadersAndTrailers) {
  Handle([](ServerContext& context, Text&) {
    EXPECT_TRUE(context.AddInitialMetadata("first", "1"));
    EXPECT_TRUE(context.AddInitialMetadata("first-bin", std::string("\0\1", 2)));
    EXPECT_TRUE(context.AddTrailingMetadata("last", "2"));
    return Status::OK;
  });
  EXPECT_THAT(Call(), ElementsAre(HeadersLine(1, kOffers + " first=1 first-bin=AAE"),
                                  MessageLine(1, ""), TrailersLine(1, "grpc-status=0 last=2")));
}

TEST_F(MetadataTest, OfAFailureKeepsInitialMetadataInHeadersOfItsOwn) {
  Handle([](ServerContext& context, Text&) {
    context.AddInitialMetadata("first", "1");
    context.AddTrailingMetadata("last", "2");
    return Status(StatusCode::ABORTED, "no");
  });
  EXPECT_THAT(Call(), ElementsAre(HeadersLine(1, kOffers + " first=1"),
                                  TrailersLine(1, "grpc-status=10 grpc-message=no last=2")));
}

TEST_F(MetadataTest, OfAFailureWithoutHeadersComesInTrailersOnly) {
  Handle([](ServerContext& context, Text&) {
    context.AddTrailingMetadata("last", "2");
    return Status(StatusCode::ABORTED, "no");
  });
  EXPECT_THAT(Call(), ElementsAre(TrailersOnlyLine(1, "grpc-status=10 grpc-message=no last=2")));
}

// gRFC A6.
TEST_F(MetadataTest, TellsAClientWhenToTryAgain) {
  Handle([](ServerContext& context, Text&) {
    context.SetRetryPushback(std::chrono::seconds(5));
    context.SetRetryPushback(std::chrono::milliseconds(250));
    return Status(StatusCode::UNAVAILABLE, "");
  });
  EXPECT_THAT(Call(),
              ElementsAre(TrailersOnlyLine(1, "grpc-status=14 grpc-retry-pushback-ms=250")));
}

TEST_F(MetadataTest, TellsAClientNotToTryAgain) {
  Handle([](ServerContext& context, Text&) {
    context.SetRetryPushback(std::chrono::milliseconds(-1));
    return Status(StatusCode::UNAVAILABLE, "");
  });
  EXPECT_THAT(Call(), ElementsAre(TrailersOnlyLine(1, "grpc-status=14 grpc-retry-pushback-ms=-1")));
}

TEST_F(MetadataTest, ThatCannotBeSentIsRefused) {
  Handle([](ServerContext& context, Text&) {
    EXPECT_FALSE(context.AddInitialMetadata("Upper", "1"));
    EXPECT_FALSE(context.AddInitialMetadata("", "1"));
    EXPECT_FALSE(context.AddInitialMetadata("grpc-status", "0"));
    EXPECT_FALSE(context.AddInitialMetadata("content-type", "text/html"));
    EXPECT_FALSE(context.AddInitialMetadata(":status", "200"));
    EXPECT_FALSE(context.AddInitialMetadata("key", "line\r\nfeed"));
    EXPECT_FALSE(context.AddTrailingMetadata("key", " space"));
    EXPECT_FALSE(context.AddTrailingMetadata("te", "trailers"));
    return Status::OK;
  });
  EXPECT_THAT(Call(), ElementsAre(HeadersLine(1), MessageLine(1, ""), TrailersLine(1)));
  EXPECT_EQ(LogLines().size(), 8u);
}

TEST_F(MetadataTest, IsTooLateForHeadersThatWereSent) {
  coroutine_.chat = [](ServerContext& context, CoTextStream stream) -> Task<Status> {
    co_await stream.Write(std::string("a"));
    EXPECT_FALSE(context.AddInitialMetadata("key", "value"));
    EXPECT_TRUE(context.AddTrailingMetadata("last", "1"));
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat) + SendsEnd(1));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(HeadersLine(1), MessageLine(1, "a"),
                                          TrailersLine(1, "grpc-status=0 last=1"), NoMoreLine(1)));
  EXPECT_THAT(LogLines(), ElementsAre(HasSubstr("adds initial metadata after it was sent")));
}

TEST_F(MetadataTest, OfOneCallIsNotThatOfTheNext) {
  bool is_first = true;
  Handle([&](ServerContext& context, Text&) {
    if (is_first) {
      context.AddInitialMetadata("first", "1");
      context.AddTrailingMetadata("last", "1");
      context.set_compression_algorithm(CompressionAlgorithm::kGzip);
    }
    EXPECT_EQ(context.client_metadata().count("key"), is_first ? 1u : 0u);
    is_first = false;
    return Status::OK;
  });
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, "", {{"key", "value"}, {"grpc-accept-encoding", "gzip"}}));
  Settle();
  EXPECT_THAT(client.Hears(), Contains(HasSubstr("grpc-encoding=gzip")));
  client.Sends(UnaryCall(3, kUnary, "", {{"grpc-accept-encoding", "gzip"}}));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(HeadersLine(3), MessageLine(3, ""), TrailersLine(3)));
}

TEST_F(MetadataTest, AboveTheLimitIsRefused) {
  worker_options_.http2.header_list_size_max = 500;
  Handle([](ServerContext&, Text&) { return Status::OK; });
  EXPECT_THAT(Call({{"key", std::string(600, 'x')}}),
              ElementsAre(HasSubstr("grpc-status=8"), NoMoreLine(1)));
}

TEST_F(MetadataTest, SaysWhereTheClientIs) {
  Handle([](ServerContext& context, Text& response) {
    response.value = context.peer();
    EXPECT_EQ(context.peer_info().tls, std::nullopt);
    EXPECT_EQ(context.peer_info().unix_credentials, std::nullopt);
    return Status::OK;
  });
  ASSERT_TRUE(net::SocketAddress::ParseNumeric("192.0.2.7", 51234, next_address_));
  EXPECT_THAT(Call(), Contains(MessageLine(1, "ipv4:192.0.2.7:51234")));
}

TEST_F(MetadataTest, SaysWhoTheClientOfAUnixSocketIs) {
  Handle([](ServerContext& context, Text& response) {
    const auto& credentials = context.peer_info().unix_credentials;
    if (!credentials) return Status::CANCELLED;
    response.value = std::to_string(credentials->process_id) + "," +
                     std::to_string(credentials->user_id) + "," +
                     std::to_string(credentials->group_id);
    return Status::OK;
  });
  next_credentials_ = net::UnixCredentials{.process_id = 1, .user_id = 2, .group_id = 3};
  EXPECT_THAT(Call(), Contains(MessageLine(1, "1,2,3")));
}

// ---- compression -------------------------------------------------------------------------------

class CompressionTest : public MetadataTest {
 protected:
  CompressionTest() { Compressors().MakeFor(&compressors_); }

  std::string Compressed(std::string_view text, std::string_view encoding = "gzip") {
    Buffer out;
    EXPECT_TRUE(compressors_.Find(encoding)->Compress(AsBytes(text), &out));
    return std::string(AsText(out.view()));
  }
  std::string CompressedLine(uint32_t stream_id, std::string_view text,
                             std::string_view encoding = "gzip") {
    return "DATA " + std::to_string(stream_id) + " " +
           testing::Quoted(Framed(Compressed(text, encoding), true));
  }

  grpc::CompressorRegistry compressors_;
};

TEST_F(CompressionTest, OfRequestsIsUndone) {
  Handle([](ServerContext& context, Text& response) {
    response.value = context.request_compressed() ? "compressed" : "plain";
    return Status::OK;
  });
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kUnary, {{"grpc-encoding", "gzip"}}) +
               testing::LastData(1, Framed(Compressed("hello"), true)));
  client.Sends(UnaryCall(3, kUnary, "hello", {{"grpc-encoding", "gzip"}}));
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre(HeadersLine(1, kOffers), MessageLine(1, "compressed"), TrailersLine(1),
                          HeadersLine(3, kOffers), MessageLine(3, "plain"), TrailersLine(3)));
}

TEST_F(CompressionTest, ThatWeLackIsRefusedWithWhatWeHave) {
  EXPECT_THAT(Call({{"grpc-encoding", "snappy"}}),
              ElementsAre(TrailersOnlyLine(1,
                                           "grpc-accept-encoding=identity,deflate,gzip,zstd "
                                           "grpc-status=12 grpc-message=grpc-encoding is not "
                                           "supported: snappy"),
                          NoMoreLine(1)));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(CompressionTest, OfResponsesIsDoneWhenTheClientAcceptsIt) {
  Handle([](ServerContext& context, Text& response) {
    context.set_compression_algorithm(CompressionAlgorithm::kGzip);
    response.value = std::string(500, 'x');
    return Status::OK;
  });
  EXPECT_THAT(Call({{"grpc-accept-encoding", "identity,gzip"}}),
              ElementsAre(HeadersLine(1, " grpc-encoding=gzip" + kOffers),
                          CompressedLine(1, std::string(500, 'x')), TrailersLine(1)));
  EXPECT_THAT(Call({{"grpc-accept-encoding", "identity,deflate"}}),
              ElementsAre(HeadersLine(1), MessageLine(1, std::string(500, 'x')), TrailersLine(1)));
  EXPECT_THAT(Call(), Contains(MessageLine(1, std::string(500, 'x'))));
}

TEST_F(CompressionTest, OfEachKindIsDone) {
  CompressionAlgorithm wanted = CompressionAlgorithm::kNone;
  Handle([&](ServerContext& context, Text& response) {
    context.set_compression_algorithm(wanted);
    response.value = std::string(500, 'x');
    return Status::OK;
  });
  for (const auto& [algorithm, name] :
       {std::pair(CompressionAlgorithm::kGzip, std::string("gzip")),
        std::pair(CompressionAlgorithm::kDeflate, std::string("deflate")),
        std::pair(CompressionAlgorithm::kZstd, std::string("zstd"))}) {
    wanted = algorithm;
    EXPECT_THAT(Call({{"grpc-accept-encoding", name}}),
                ElementsAre(HeadersLine(1, " grpc-encoding=" + name + kOffers),
                            CompressedLine(1, std::string(500, 'x'), name), TrailersLine(1)));
  }
}

TEST_F(CompressionTest, CanBeLeftOutForOneMessage) {
  Handle([](ServerContext& context, Text& response) {
    context.set_compression_algorithm(CompressionAlgorithm::kGzip);
    context.set_compress_response(false);
    response.value = "secret";
    return Status::OK;
  });
  EXPECT_THAT(Call({{"grpc-accept-encoding", "gzip"}}),
              ElementsAre(HeadersLine(1, " grpc-encoding=gzip" + kOffers), MessageLine(1, "secret"),
                          TrailersLine(1)));
}

TEST_F(CompressionTest, OfAStreamHoldsForEachMessageButThoseExempted) {
  coroutine_.expand = [](ServerContext& context, const Text&, CoTextStream stream) -> Task<Status> {
    context.set_compression_algorithm(CompressionAlgorithm::kGzip);
    const Text text("message");
    co_await stream.Write(text);
    context.set_compression_algorithm(CompressionAlgorithm::kNone);  // too late
    EXPECT_EQ(context.compression_algorithm(), CompressionAlgorithm::kGzip);
    co_await stream.Write(text, WriteOptions().set_no_compression());
    co_await stream.Write(text);
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kExpand, "", {{"grpc-accept-encoding", "gzip"}}));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(HeadersLine(1, " grpc-encoding=gzip" + kOffers),
                                          CompressedLine(1, "message"), MessageLine(1, "message"),
                                          CompressedLine(1, "message"), TrailersLine(1)));
}

TEST_F(CompressionTest, CannotSmuggleAMessageThatIsTooLarge) {
  options_.max_receive_message_bytes = 10'000;
  Handle([](ServerContext&, Text&) { return Status::OK; });
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kUnary, {{"grpc-encoding", "gzip"}}) +
               testing::LastData(1, Framed(Compressed(std::string(10'001, 'x')), true)));
  client.Sends(OpenCall(3, kUnary, {{"grpc-encoding", "gzip"}}) +
               testing::LastData(3, Framed(Compressed(std::string(10'000, 'x')), true)));
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre(HasSubstr("grpc-status=8 grpc-message=decompressed message exceeds the "
                                    "limit of 10000 bytes"),
                          HeadersLine(3, kOffers), MessageLine(3, ""), TrailersLine(3)));
}

}  // namespace
}  // namespace weir::server
