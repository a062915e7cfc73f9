#include "transport/net/free_memory.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "transport/base/sanitizers.h"

namespace weir::net {
namespace {

// The allocator's own words keep a page of each block in memory, so that large blocks give back
// more. They come out of the arena only if as large ones have been freed before, which is when
// there is much to give back; else they are new to the process and change nothing.
constexpr size_t kLargeBlock = 1024 * 1024;
constexpr size_t kSmallBlock = 64 * 1024;
constexpr size_t kBlocksMax = 512;
// So many bytes without a page in memory: here begins what was never used, or has been returned.
constexpr size_t kUntouchedMax = 2 * 1024 * 1024;

// The whole pages in a block. (The allocator's own words are in front of it and at its beginning.)
struct Pages {
  uint8_t* begin;
  size_t bytes;
};

Pages PagesIn(void* block, size_t size) {
  static const auto page = static_cast<uintptr_t>(std::max(::sysconf(_SC_PAGESIZE), 1L));
  const auto address = reinterpret_cast<uintptr_t>(block);
  const uintptr_t begin = (address + 64 + page - 1) / page * page;
  const uintptr_t end = (address + size) / page * page;
  return {reinterpret_cast<uint8_t*>(begin), end > begin ? end - begin : 0};
}

bool IsInMemory(const Pages& pages) {
  std::array<unsigned char, kLargeBlock / 1024> residence{};  // a byte for each page
  if (::mincore(pages.begin, pages.bytes, residence.data()) != 0) return false;
  return std::ranges::any_of(residence, [](unsigned char page) { return (page & 1) != 0; });
}

// Blocks that have been asked for, and are freed at the end.
class Blocks {
 public:
  Blocks() = default;
  ~Blocks() {
    while (count_ != 0) std::free(blocks_[--count_]);
  }
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;

  // Asks for blocks until nothing of the last ones was in memory, and gives up their pages.
  void TakeAll(size_t size) {
    size_t untouched = 0;
    for (; count_ < blocks_.size() && untouched < kUntouchedMax; untouched += size) {
      void* const block = std::malloc(size);
      if (block == nullptr) return;
      blocks_[count_++] = block;
      const Pages pages = PagesIn(block, size);
      if (pages.bytes == 0 || !IsInMemory(pages)) continue;
      untouched = 0;
      ::madvise(pages.begin, pages.bytes, MADV_DONTNEED);
    }
  }

 private:
  std::array<void*, kBlocksMax> blocks_;
  size_t count_ = 0;
};

}  // namespace

void ReturnFreeMemory() { ::malloc_trim(0); }

// There is no call for it: all that is free is asked for, block by block, and the pages of each are
// given up before they are all freed again.
void ReturnFreeMemoryOfThread() {
  // Sanitizers bring allocators of their own, in which there is nothing to be gained.
  if (kHasAddressSanitizer || kHasThreadSanitizer) return;
  Blocks blocks;
  blocks.TakeAll(kLargeBlock);
  blocks.TakeAll(kSmallBlock);
}

}  // namespace weir::net
