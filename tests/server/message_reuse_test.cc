// Which messages are kept for the next call, and which are given back because they are large.
#include <string>

#include "server/compressors.h"
#include "tests/server/server_fixture.h"

namespace weir::server {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr size_t kLarge = 20'000;  // more than is worth keeping

class MessageReuseTest : public ServerTest {
 protected:
  MessageReuseTest() {
    blocking_options_.execution = Execution::kInline;
    blocking_.unary = [this](ServerContext*, const Text*, Text* response) {
      response->value = std::string(response_size_, 'x');
      return status_;
    };
    coroutine_.unary = [this](ServerContext&, const Text&, Text& response) -> Task<Status> {
      response.value = std::string(response_size_, 'x');
      co_return status_;
    };
  }

  // Messages alive after one call that is answered.
  int LiveAfter(std::string_view path, std::string_view request) {
    RpcClient& client = Connect();
    client.Sends(OpenCall(1, path));
    for (const std::string framed = Framed(request); const char* part : {"first", "second"}) {
      const size_t middle = framed.size() / 2;
      const bool is_first = part[0] == 'f';
      // Frames of at most 16 KiB; the messages of these tests are less than twice that.
      client.Sends(is_first ? testing::Data(1, framed.substr(0, middle))
                            : testing::LastData(1, framed.substr(middle)));
    }
    Settle();
    EXPECT_EQ(OpenStreams(), 0u);
    return live_texts;
  }

  static std::string Compressed(std::string_view text) {
    grpc::CompressorRegistry compressors;
    Compressors().MakeFor(&compressors);
    Buffer compressed;
    EXPECT_TRUE(compressors.Find("gzip")->Compress(AsBytes(text), &compressed));
    return std::string(AsText(compressed.view()));
  }

  size_t response_size_ = 10;
  Status status_;
};

TEST_F(MessageReuseTest, KeepsSmallMessagesForTheNextCall) {
  EXPECT_EQ(LiveAfter(kUnary, "small"), 2);
  EXPECT_EQ(LiveAfter(kUnary, "small"), 2);
  EXPECT_EQ(LiveAfter(kBlockingUnary, "small"), 4);  // of the other method
  EXPECT_EQ(LiveAfter(kBlockingUnary, "small"), 4);
}

TEST_F(MessageReuseTest, ClearsThemBetweenCalls) {
  coroutine_.unary = [](ServerContext&, const Text&, Text& response) -> Task<Status> {
    EXPECT_EQ(response.value, "");
    response.value = "left behind";
    co_return Status(StatusCode::ABORTED, "");
  };
  LiveAfter(kUnary, "one");
  LiveAfter(kUnary, "two");
}

TEST_F(MessageReuseTest, DoesNotKeepALargeRequest) {
  EXPECT_EQ(LiveAfter(kUnary, std::string(kLarge, 'x')), 1);
}

TEST_F(MessageReuseTest, DoesNotKeepARequestThatWasSmallOnlyOnTheWire) {
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kUnary, {{"grpc-encoding", "gzip"}}) +
               testing::LastData(1, Framed(Compressed(std::string(kLarge, 'x')), true)));
  Settle();
  EXPECT_EQ(client.Hears().back(), TrailersLine(1));
  EXPECT_EQ(live_texts, 1);
}

// What a client must not be able to leave behind.
TEST_F(MessageReuseTest, DoesNotKeepALargeRequestThatCannotBeParsed) {
  const std::string large = std::string(kLarge, 'x').append(kMalformedText);
  EXPECT_EQ(LiveAfter(kUnary, large), 0);

  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kUnary, {{"grpc-encoding", "gzip"}}) +
               testing::LastData(1, Framed(Compressed(large), true)));
  Settle();
  EXPECT_THAT(client.Hears(), Contains(HasSubstr("grpc-status=13")));
  EXPECT_EQ(live_texts, 0);
}

TEST_F(MessageReuseTest, DoesNotKeepALargeResponse) {
  response_size_ = kLarge;
  EXPECT_EQ(LiveAfter(kUnary, "small"), 1);
  EXPECT_EQ(LiveAfter(kBlockingUnary, "small"), 2);
}

TEST_F(MessageReuseTest, DoesNotKeepALargeResponseThatWasNotSent) {
  response_size_ = kLarge;
  status_ = Status(StatusCode::ABORTED, "");
  EXPECT_EQ(LiveAfter(kUnary, "small"), 1);
  EXPECT_EQ(LiveAfter(kBlockingUnary, "small"), 2);
}

TEST_F(MessageReuseTest, DoesNotKeepALargeResponseOfThePool) {
  blocking_options_.execution = Execution::kPool;
  response_size_ = kLarge;
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kBlockingUnary, "small"));
  RunUntilHears(client, TrailersLine(1));
  EXPECT_EQ(live_texts, 1);
}

}  // namespace
}  // namespace weir::server
