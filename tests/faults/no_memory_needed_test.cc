// What needs no memory? It is done while there is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>

#include "server/compressors.h"
#include "server/message_decoder.h"
#include "server/message_encoder.h"
#include "tests/faults/allocation_faults.h"
#include "tests/faults/server_on_sockets.h"
#include "tests/server/server_fixture.h"

namespace weir::server {
namespace {

class SmallMessages : public ::testing::TestWithParam<const char*> {
 protected:
  SmallMessages() { Compressors().MakeFor(&compressors_); }

  // There and back again.
  void Exchange(const Text& text, Text* received) {
    grpc::CompressorRegistry::Scratch encoded(compressors_,
                                              grpc::CompressorRegistry::Use::kCompressed);
    EncodeMessage(kTextCodec, &text, text.value.size(), compressors_, GetParam(), &*encoded);
    EXPECT_EQ(encoded->data()[0], 1) << "not compressed";
    decoder_.Reset(1'000'000, GetParam());
    ByteView bytes = encoded->view();
    EXPECT_EQ(decoder_.Pull(&bytes, kTextCodec, received, compressors_),
              MessageDecoder::Outcome::kMessage);
  }

  grpc::CompressorRegistry compressors_;
  MessageDecoder decoder_;
};
INSTANTIATE_TEST_SUITE_P(Algorithm, SmallMessages, ::testing::Values("gzip", "deflate", "zstd"),
                         [](const auto& algorithm) { return std::string(algorithm.param); });

TEST_P(SmallMessages, ThatAreCompressedNeedNoMemory) {
  const Text text(std::string(5'000, 'x') + std::string(5'000, 'y'));
  Text received;
  Exchange(text, &received);  // the first makes what is kept
  faults::AllocationPlan& plan = faults::AllocationPlan::OfThread();
  plan.Fail(1, /*lasting=*/true);
  {
    const faults::AllocationWatch watch;
    for (int i = 0; i < 10; ++i) Exchange(text, &received);
  }
  plan.Recover();
  EXPECT_FALSE(plan.has_failed());
  EXPECT_EQ(received.value, text.value);
}

TEST_P(SmallMessages, DoNotKeepTheMemoryOfLargeOnes) {
  const int64_t before = faults::LiveAllocations();
  {
    Text received;
    Exchange(Text(std::string(500'000, 'x')), &received);
  }
  // The state of the algorithm and small blocks; zlib's and zstd's own memory is not counted.
  grpc::CompressorRegistry::Scratch kept(compressors_,
                                         grpc::CompressorRegistry::Use::kDecompressed);
  EXPECT_EQ(kept->capacity(), 0u);
  EXPECT_LE(faults::LiveAllocations() - before, 10);
}

// ---- calls -------------------------------------------------------------------------------------

class SmallCalls : public ::testing::TestWithParam<std::string_view> {
 protected:
  SmallCalls() {
    server_.blocking.unary = [](ServerContext*, const Text* request, Text* response) {
      response->value = request->value;
      return Status::OK;
    };
    server_.coroutine.unary = [](ServerContext&, const Text& request,
                                 Text& response) -> Task<Status> {
      response.value = request.value;
      co_return Status::OK;
    };
    server_.around_turn = [](const std::function<void()>& turn) {
      const faults::AllocationWatch watch;
      turn();
    };
  }

  void Call(faults::SocketClient& client, int calls) {
    std::string octets;
    for (int i = 0; i < calls; ++i, id_ += 2) octets += UnaryCall(id_, GetParam(), "hello");
    client.Sends(octets);
    server_.Settle();
    const std::vector<std::string> heard = client.Hears();
    EXPECT_THAT(heard, ::testing::Contains(MessageLine(id_ - 2, "hello")));
    EXPECT_THAT(heard, ::testing::Contains(TrailersLine(id_ - 2)));
  }

  faults::ServerOnSockets server_;
  uint32_t id_ = 1;
};
INSTANTIATE_TEST_SUITE_P(Method, SmallCalls, ::testing::Values(kBlockingUnary, kUnary),
                         [](const auto& path) {
                           return path.param == kUnary ? "Coroutine" : "Inline";
                         });

TEST_P(SmallCalls, OnAConnectionThatHasServedOthersNeedNoMemory) {
#if defined(__SANITIZE_ADDRESS__)
  // So that it sees who uses a frame after its end (server/frame_memory.cc).
  if (GetParam() == kUnary) GTEST_SKIP() << "AddressSanitizer gets every frame of a coroutine anew";
#endif
  faults::SocketClient& client = server_.Connect();
  for (int i = 0; i < 5; ++i) Call(client, 20);
  faults::AllocationPlan& plan = faults::AllocationPlan::OfThread();
  plan.Fail(1, /*lasting=*/true);
  for (int i = 0; i < 10; ++i) Call(client, 20);
  plan.Recover();
  EXPECT_FALSE(plan.has_failed());
}

}  // namespace
}  // namespace weir::server
