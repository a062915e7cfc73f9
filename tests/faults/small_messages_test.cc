// Does a small compressed message need memory? It is handled while there is none.
#include <gtest/gtest.h>

#include <string>

#include "server/compressors.h"
#include "server/message_decoder.h"
#include "server/message_encoder.h"
#include "tests/faults/allocation_faults.h"
#include "tests/server/text_message.h"

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

}  // namespace
}  // namespace weir::server
