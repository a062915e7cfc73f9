#include "transport/base/large_blocks.h"

#include <gtest/gtest.h>

#include <thread>
#include <utility>

#include "transport/base/buffer.h"

namespace weir {
namespace {

constexpr size_t kMiB = 1024 * 1024;

class LargeBlocksTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (LargeBlocks::kKeptByWorker == 0) GTEST_SKIP() << "a sanitizer gets every block anew";
    blocks_.KeepMore(kKept);
  }
  static constexpr size_t kKept = LargeBlocks::kKeptByWorker;
  LargeBlocks blocks_;
};

TEST_F(LargeBlocksTest, KeepsNothingUnlessToldTo) {
  LargeBlocks frugal;
  frugal.Give(frugal.Take(kMiB));
  EXPECT_EQ(frugal.kept_bytes(), 0u);
}

TEST_F(LargeBlocksTest, HandsOutWhatItWasGiven) {
  LargeBlocks::Block block = blocks_.Take(kMiB);
  EXPECT_EQ(block.capacity, kMiB);
  const uint8_t* const place = block.bytes.get();
  blocks_.Give(std::move(block));
  EXPECT_EQ(blocks_.kept_bytes(), kMiB);
  EXPECT_EQ(blocks_.Take(kMiB).bytes.get(), place);
  EXPECT_EQ(blocks_.kept_bytes(), 0u);
}

TEST_F(LargeBlocksTest, HandsOutWhatIsNearlyOfTheWantedSize) {
  constexpr size_t kStep = LargeBlocks::kBlockStep;
  const uint8_t* place = nullptr;
  const auto give = [&](size_t size) {
    blocks_.Release();
    LargeBlocks::Block block = blocks_.Take(size);
    place = block.bytes.get();
    blocks_.Give(std::move(block));
  };
  for (const size_t size : {kMiB - kStep + 1, kMiB}) {
    give(size);
    for (const size_t wanted : {kMiB - kStep + 1, kMiB}) {
      LargeBlocks::Block block = blocks_.Take(wanted);
      EXPECT_EQ(block.capacity, wanted);
      EXPECT_EQ(block.bytes.get(), place);
      block.bytes[0] = block.bytes[wanted - 1] = 1;
      blocks_.Give(std::move(block));
    }
    const LargeBlocks::Block smaller = blocks_.Take(kMiB - kStep);
    const LargeBlocks::Block larger = blocks_.Take(kMiB + 1);
    EXPECT_EQ(blocks_.kept_bytes(), kMiB);
  }
}

TEST_F(LargeBlocksTest, KeepsSoMuchAndNoMore) {
  blocks_.Give(blocks_.Take(kKept + 1));
  EXPECT_EQ(blocks_.kept_bytes(), 0u);
  LargeBlocks::Block small = blocks_.Take(LargeBlocks::kBlockMin);
  blocks_.Give(blocks_.Take(kKept));
  EXPECT_EQ(blocks_.kept_bytes(), kKept);
  // The newest is what will be wanted again.
  blocks_.Give(std::move(small));
  EXPECT_EQ(blocks_.kept_bytes(), LargeBlocks::kBlockMin);
}

TEST_F(LargeBlocksTest, KeepsSoManyAndNoMore) {
  constexpr size_t kMin = LargeBlocks::kBlockMin;
  blocks_.KeepMore(kKept);
  LargeBlocks::Block taken[40];
  for (LargeBlocks::Block& each : taken) each = blocks_.Take(kMin);
  for (LargeBlocks::Block& each : taken) {
    blocks_.Give(std::move(each));
    EXPECT_LE(blocks_.kept_bytes(), 32 * kMin);
  }
  EXPECT_EQ(blocks_.kept_bytes(), 32 * kMin);
}

TEST_F(LargeBlocksTest, KeepsLessWhenToldTo) {
  blocks_.KeepLess(kKept);
  blocks_.Give(blocks_.Take(kMiB));
  EXPECT_EQ(blocks_.kept_bytes(), 0u);
}

TEST_F(LargeBlocksTest, HandsOneThreadWhatAnotherGave) {
  LargeBlocks::Block block = blocks_.Take(kMiB);
  const uint8_t* const place = block.bytes.get();
  std::thread([&] { blocks_.Give(std::move(block)); }).join();
  EXPECT_EQ(blocks_.Take(kMiB).bytes.get(), place);
}

TEST_F(LargeBlocksTest, LetsGoOfEverything) {
  blocks_.Give(blocks_.Take(kMiB));
  blocks_.Give(blocks_.Take(2 * kMiB));
  blocks_.Release();
  EXPECT_EQ(blocks_.kept_bytes(), 0u);
}

TEST_F(LargeBlocksTest, BuffersGiveTheirsBackHoweverTheyEnd) {
  LargeBlocks& mine = LargeBlocks::OfProcess();
  mine.KeepMore(kKept);
  {
    Buffer buffer(kMiB);
    Buffer moved = std::move(buffer);
    EXPECT_EQ(mine.kept_bytes(), 0u);
  }
  EXPECT_EQ(mine.kept_bytes(), kMiB);
  {
    Buffer buffer(kMiB);
    EXPECT_EQ(mine.kept_bytes(), 0u);
    buffer.Extend(1);  // needs another one
    EXPECT_EQ(mine.kept_bytes(), kMiB);
    buffer = Buffer(3);
    EXPECT_EQ(mine.kept_bytes(), 3 * kMiB);  // it had grown to twice its size
  }
  Buffer(kMiB).TakeBytes();  // belongs to somebody else now
  EXPECT_EQ(mine.kept_bytes(), 2 * kMiB);
  Buffer small(LargeBlocks::kBlockMin - 1);
  small.Release();
  EXPECT_EQ(mine.kept_bytes(), 2 * kMiB);
  mine.Release();
  mine.KeepLess(kKept);
}

}  // namespace
}  // namespace weir
