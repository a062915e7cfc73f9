// Algorithms that a user adds.
#include "server/compressors.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>

#include "tests/server/server_fixture.h"

namespace weir::server {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// Turns a message round, and says so in front.
class Mirror final : public MessageCompressor {
 public:
  bool Compress(std::string_view message, std::string* compressed) override {
    if (message == "throw") throw std::runtime_error("no");
    compressed->append("<").append(message.rbegin(), message.rend());
    return message != "refuse";
  }
  DecompressOutcome Decompress(std::string_view compressed, size_t size_max,
                               std::string* message) override {
    if (compressed == "throw") throw std::runtime_error("no");
    if (!compressed.starts_with('<')) return DecompressOutcome::kCorrupt;
    compressed.remove_prefix(1);
    if (compressed == "bomb") return DecompressOutcome::kTooLarge;
    // Does not keep to the limit.
    if (compressed == "flood") message->append(size_max + 1, 'x');
    message->append(compressed.rbegin(), compressed.rend());
    return DecompressOutcome::kOk;
  }
};

std::unique_ptr<MessageCompressor> MakeMirror() { return std::make_unique<Mirror>(); }

class AddedCompressor : public ServerTest {
 protected:
  AddedCompressor() {
    options_.max_receive_message_bytes = 100;
    EXPECT_EQ(added_compressors_.Add("mirror", MakeMirror), std::nullopt);
    coroutine_.unary = [](ServerContext& context, const Text& request,
                          Text& response) -> Task<Status> {
      EXPECT_TRUE(context.set_compression_algorithm("mirror"));
      EXPECT_FALSE(context.set_compression_algorithm("absent"));
      EXPECT_EQ(context.compression_algorithm(), CompressionAlgorithm::kNone);
      response.value = request.value;
      co_return Status::OK;
    };
    blocking_.unary = [](ServerContext* context, const Text* request, Text* response) {
      EXPECT_TRUE(context->set_compression_algorithm("mirror"));
      response->value = request->value;
      return Status::OK;
    };
  }

  // What is heard after a compressed request.
  std::vector<std::string> Call(std::string_view path, std::string_view compressed) {
    RpcClient& client = Connect();
    client.Sends(
        OpenCall(1, path, {{"grpc-encoding", "mirror"}, {"grpc-accept-encoding", "mirror"}}) +
        testing::LastData(1, Framed(compressed, true)));
    std::vector<std::string> heard;
    RunUntil([&] {
      for (std::string& line : client.Hears()) heard.push_back(std::move(line));
      return !heard.empty() && heard.back().starts_with("HEADERS 1 end");
    });
    return heard;
  }
  static std::string Answer(std::string_view content, bool is_compressed) {
    return "DATA 1 " + testing::Quoted(Framed(content, is_compressed));
  }
};

TEST_F(AddedCompressor, WorksInBothDirections) {
  for (const std::string_view path : {kUnary, kBlockingUnary}) {
    const std::vector<std::string> heard = Call(path, "<olleh");
    ASSERT_FALSE(heard.empty());
    EXPECT_NE(heard.front().find("grpc-encoding=mirror"), std::string::npos) << heard.front();
    EXPECT_NE(heard.front().find("grpc-accept-encoding=identity,deflate,gzip,zstd,mirror"),
              std::string::npos)
        << heard.front();
    EXPECT_THAT(heard, Contains(Answer("<olleh", true)));
  }
}

TEST_F(AddedCompressor, ThatCannotLeavesAMessageAsItIs) {
  EXPECT_THAT(Call(kUnary, "<esufer"), Contains(Answer("refuse", false)));
  EXPECT_THAT(Call(kUnary, "<worht"), Contains(Answer("throw", false)));
}

TEST_F(AddedCompressor, CannotBreakTheLimitOfMessages) {
  for (const std::string_view compressed : {"<bomb", "<flood"}) {
    EXPECT_THAT(Call(kUnary, compressed), Contains(HasSubstr(" end :status=200")));
    EXPECT_THAT(Call(kUnary, compressed), Contains(HasSubstr("grpc-status=8")));
  }
}

TEST_F(AddedCompressor, MayFindThatAMessageIsDamaged) {
  for (const std::string_view compressed : {"throw", "no mirror"}) {
    EXPECT_THAT(Call(kUnary, compressed), Contains(HasSubstr("grpc-status=13")));
  }
}

TEST(Compressors, RefusesMistakes) {
  Compressors compressors;
  for (const char* name : {"", "Snappy", "a,b", "a b"}) {
    const auto error = compressors.Add(name, MakeMirror);
    ASSERT_TRUE(error.has_value()) << name;
    EXPECT_NE(error->find("is no name of an encoding"), std::string::npos) << *error;
  }
  EXPECT_TRUE(compressors.Add("identity", MakeMirror).has_value());
  EXPECT_TRUE(compressors.Add("nothing", nullptr).has_value());
  EXPECT_TRUE(compressors.Add("nothing", [] { return nullptr; }).has_value());
  EXPECT_TRUE(compressors
                  .Add("thrower",
                       []() -> std::unique_ptr<MessageCompressor> { throw std::runtime_error(""); })
                  .has_value());
  EXPECT_EQ(compressors.Add("mirror", MakeMirror), std::nullopt);
  EXPECT_TRUE(compressors.Add("mirror", MakeMirror).has_value());
}

TEST(Compressors, MayReplaceABuiltInAlgorithm) {
  Compressors compressors;
  ASSERT_EQ(compressors.Add("gzip", MakeMirror), std::nullopt);
  grpc::CompressorRegistry thread;
  compressors.MakeFor(&thread);
  EXPECT_EQ(thread.accept_encoding(), "identity,deflate,gzip,zstd");
  Buffer out;
  ASSERT_TRUE(thread.Find("gzip")->Compress(AsBytes(std::string_view("ab")), &out));
  EXPECT_EQ(AsText(out.view()), "<ba");
  EXPECT_THAT(compressors.Find("gzip"), ::testing::Pointee(std::string_view("gzip")));
  EXPECT_THAT(compressors.Find("zstd"), ::testing::Pointee(std::string_view("zstd")));
  EXPECT_EQ(compressors.Find("identity"), nullptr);
}

}  // namespace
}  // namespace weir::server
