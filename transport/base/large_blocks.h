// Memory of large messages, kept for the next one.
//
// The allocator returns large blocks to the system as soon as they are free, and each page that
// comes back costs a page fault: for a message of 4 MiB those take longer than everything else that
// is done with it. Kept for the whole process, since a message that a handler's thread writes is
// freed by a worker, and the other way round; next to what is done with 256 KiB, a lock is nothing.
#ifndef WEIR_TRANSPORT_BASE_LARGE_BLOCKS_H_
#define WEIR_TRANSPORT_BASE_LARGE_BLOCKS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "transport/base/sanitizers.h"

namespace weir {

// Thread-safe. Keeps nothing unless it has been told to.
class LargeBlocks {
 public:
  struct Block {
    std::unique_ptr<uint8_t[]> bytes;
    size_t capacity = 0;
  };

  // Smaller ones are left to the allocator, which keeps those itself.
  static constexpr size_t kBlockMin = 256 * 1024;
  static constexpr size_t kBlockStep = 64 * 1024;
  // What is kept for a worker, all together: two messages of the usual limit.
  static constexpr size_t kKeptByWorker =
      kHasAddressSanitizer || kHasThreadSanitizer ? 0 : 8 * 1024 * 1024 + 2 * kBlockStep;

  // Never destroyed: objects that outlive main() may still give something back.
  static LargeBlocks& OfProcess();

  // Keeps up to so many bytes more from now on, or less.
  void KeepMore(size_t bytes);
  void KeepLess(size_t bytes);

  // `size` bytes of unspecified content.
  Block Take(size_t size);

  // Keeps a block that was taken, here or elsewhere, in place of what was kept before it if there
  // is no more room, or frees it.
  void Give(Block block) noexcept;

  void Release() noexcept;

  size_t kept_bytes() const;

 private:
  // As many of the smallest as are kept for one worker.
  static constexpr size_t kBlocksMax = 32;

  // Messages that are nearly as large as each other can use the same memory.
  static constexpr size_t Round(size_t size) {
    return (size + kBlockStep - 1) / kBlockStep * kBlockStep;
  }

  using Blocks = std::array<Block, kBlocksMax>;

  Block TakeKept(size_t rounded);
  // Moves the oldest away until no more than that is kept.
  void Shrink(size_t bytes, Blocks* dropped) noexcept;

  mutable std::mutex mutex_;
  Blocks blocks_;
  size_t next_ = 0;  // where the next one goes, and what is kept there is the oldest
  size_t kept_bytes_ = 0;
  size_t kept_max_ = 0;
};

}  // namespace weir

#endif  // WEIR_TRANSPORT_BASE_LARGE_BLOCKS_H_
