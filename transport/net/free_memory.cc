#include "transport/net/free_memory.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace weir::net {
namespace {

// Sanitizers bring allocators of their own, in which there is nothing to be gained.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

constexpr size_t kBlockBytes = 64 * 1024;
constexpr size_t kBlocksMax = 512;
// So many blocks without a page in memory: here begins what was never used, or has been returned.
constexpr size_t kUntouchedMax = 32;

// The whole pages in a block. (The allocator's own words are in front of it and at its beginning.)
struct Pages {
  uint8_t* begin;
  size_t bytes;
};

Pages PagesIn(void* block) {
  static const auto page = static_cast<uintptr_t>(std::max(::sysconf(_SC_PAGESIZE), 1L));
  const auto address = reinterpret_cast<uintptr_t>(block);
  const uintptr_t begin = (address + 64 + page - 1) / page * page;
  const uintptr_t end = (address + kBlockBytes) / page * page;
  return {reinterpret_cast<uint8_t*>(begin), end > begin ? end - begin : 0};
}

bool IsInMemory(const Pages& pages) {
  std::array<unsigned char, kBlockBytes / 1024> residence{};  // a byte for each page
  if (::mincore(pages.begin, pages.bytes, residence.data()) != 0) return false;
  return std::ranges::any_of(residence, [](unsigned char page) { return (page & 1) != 0; });
}

}  // namespace

void ReturnFreeMemory() { ::malloc_trim(0); }

// There is no call for it: all that is free is asked for, block by block, and the pages of each are
// given up before they are all freed again.
void ReturnFreeMemoryOfThread() {
  if (kIsSanitized) return;
  std::array<void*, kBlocksMax> blocks;
  size_t count = 0;
  for (size_t untouched = 0; count < kBlocksMax && untouched < kUntouchedMax; ++untouched) {
    void* const block = std::malloc(kBlockBytes);
    if (block == nullptr) break;
    blocks[count++] = block;
    const Pages pages = PagesIn(block);
    if (pages.bytes == 0 || !IsInMemory(pages)) continue;
    untouched = 0;
    ::madvise(pages.begin, pages.bytes, MADV_DONTNEED);
  }
  while (count != 0) std::free(blocks[--count]);
}

}  // namespace weir::net
