#include "transport/net/free_memory.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace weir::net {
namespace {

constexpr size_t kMebibyte = 1024 * 1024;

// Of the process: heap and stacks.
size_t AnonymousBytes() {
  std::ifstream file("/proc/self/smaps_rollup");
  std::string word;
  size_t kibibytes = 0;
  while (file >> word) {
    if (word == "Anonymous:") file >> kibibytes;
  }
  return kibibytes * 1024;
}

std::unique_ptr<char[]> Filled(size_t size) {
  auto block = std::make_unique_for_overwrite<char[]>(size);
  std::memset(block.get(), 'x', size);
  return block;
}

// The arena of a thread that has once freed a large block keeps the end of what it gets.
void FillAndFree() {
  Filled(8 * kMebibyte).reset();
  std::vector<std::unique_ptr<char[]>> blocks;
  for (size_t i = 0; i < 12; ++i) blocks.push_back(Filled(kMebibyte / 2));
}

TEST(FreeMemory, AtTheEndOfAThreadsArenaGoesBack) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer has an allocator of its own";
#endif
  std::thread([] {
    const auto in_use = Filled(100);  // so that the arena is the thread's
    const size_t before = AnonymousBytes();
    FillAndFree();
    ReturnFreeMemory();
    ASSERT_GT(AnonymousBytes(), before + 4 * kMebibyte) << "the allocator keeps nothing";
    ReturnFreeMemoryOfThread();
    EXPECT_LT(AnonymousBytes(), before + kMebibyte / 2);
  }).join();
}

TEST(FreeMemory, LeavesWhatIsInUse) {
  std::thread([] {
    FillAndFree();
    std::vector<std::unique_ptr<char[]>> blocks;
    for (size_t size = 100; size < kMebibyte; size *= 3) blocks.push_back(Filled(size));
    ReturnFreeMemory();
    ReturnFreeMemoryOfThread();
    size_t size = 100;
    for (const std::unique_ptr<char[]>& block : blocks) {
      EXPECT_EQ(std::string(block.get(), size), std::string(size, 'x'));
      size *= 3;
    }
  }).join();
}

}  // namespace
}  // namespace weir::net
