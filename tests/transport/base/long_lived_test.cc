#include "transport/base/long_lived.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "transport/base/sanitizers.h"

namespace weir {
namespace {

class LongLivedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kHasAddressSanitizer) GTEST_SKIP() << "AddressSanitizer gets everything from the allocator";
  }
  std::vector<void*> Take(size_t count, size_t size) {
    std::vector<void*> places(count);
    for (void*& place : places) {
      place = memory_.Allocate(size);
      std::memset(place, 0xa5, size);
    }
    return places;
  }
  void Free(const std::vector<void*>& places) {
    for (void* place : places) memory_.Free(place);
  }

  LongLivedMemory memory_;
};

TEST_F(LongLivedTest, GivesEachItsOwn) {
  std::set<std::pair<uintptr_t, uintptr_t>> taken;
  std::vector<void*> places;
  for (size_t size : {size_t{0}, size_t{1}, size_t{16}, size_t{17}, size_t{136}, size_t{1120},
                      size_t{2048}, size_t{2049}, size_t{3072}, LongLivedMemory::kSizeMax}) {
    for (void* place : Take(100, size)) {
      const auto begin = reinterpret_cast<uintptr_t>(place);
      EXPECT_EQ(begin % alignof(std::max_align_t), 0u);
      taken.emplace(begin, begin + size);
      places.push_back(place);
    }
  }
  EXPECT_EQ(taken.size(), 1000u);
  uintptr_t end = 0;
  for (const auto& [begin, its_end] : taken) {
    EXPECT_GE(begin, end);
    end = its_end;
  }
  Free(places);
}

TEST_F(LongLivedTest, HandsOutAgainWhatWasFreed) {
  void* const place = memory_.Allocate(100);
  void* const other = memory_.Allocate(100);
  memory_.Free(place);
  EXPECT_EQ(memory_.Allocate(97), place);  // of the same size, when both are rounded
  memory_.Free(place);
  memory_.Free(other);
}

TEST_F(LongLivedTest, KeepsSizesApart) {
  Free(Take(1, 64));
  Free(Take(1, 1024));
  EXPECT_EQ(memory_.chunks(), 2u);
}

TEST_F(LongLivedTest, GivesBackAllButOneChunkOfASize) {
  const std::vector<void*> places = Take(1000, 1120);
  EXPECT_EQ(memory_.chunks(), 18u);  // of 58 each
  Free(places);
  EXPECT_EQ(memory_.chunks(), 1u);
}

TEST_F(LongLivedTest, GivesBackAllThatIsIdle) {
  const std::vector<void*> places = Take(1, 64);
  Free(Take(1000, 1120));
  memory_.ReleaseIdle();
  EXPECT_EQ(memory_.chunks(), 1u);
  Free(places);
  memory_.ReleaseIdle();
  EXPECT_EQ(memory_.chunks(), 0u);
}

TEST_F(LongLivedTest, RoundsWhatPeersChooseToAFewSizes) {
  std::set<size_t> sizes;
  for (size_t size = 0; size <= 12 * 1024; ++size) {
    const size_t rounded = RoundPeerSize(size);
    ASSERT_GE(rounded, size);
    ASSERT_LE(rounded, std::max<size_t>(32, size + size / 2));
    sizes.insert(rounded);
  }
  EXPECT_EQ(sizes.size(), 18u);
}

TEST_F(LongLivedTest, KeepsWhatIsInUse) {
  const std::vector<void*> places = Take(1000, 1120);
  for (size_t i = 0; i < places.size(); ++i) {
    if (i != 500) memory_.Free(places[i]);
  }
  EXPECT_LE(memory_.chunks(), 2u);
  EXPECT_EQ(static_cast<unsigned char*>(places[500])[1119], 0xa5);
  memory_.Free(places[500]);
  EXPECT_EQ(memory_.chunks(), 1u);
}

TEST_F(LongLivedTest, ServesThreads) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int round = 0; round < 50; ++round) Free(Take(100, 256));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(memory_.chunks(), 1u);
}

TEST_F(LongLivedTest, IgnoresNothing) {
  memory_.Free(nullptr);
  EXPECT_EQ(memory_.chunks(), 0u);
}

}  // namespace
}  // namespace weir
