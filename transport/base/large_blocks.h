// Memory of large messages, kept by each thread for its next one.
//
// The allocator returns large blocks to the system as soon as they are free, and each page that
// comes back costs a page fault: for a message of 4 MiB those take longer than everything else that
// is done with it.
#ifndef WEIR_TRANSPORT_BASE_LARGE_BLOCKS_H_
#define WEIR_TRANSPORT_BASE_LARGE_BLOCKS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "transport/base/sanitizers.h"

namespace weir {

// Of one thread. Blocks may come from one and go to another. A thread keeps none unless it has been
// told to: those that run handlers go on for ever, and nobody could make them let go.
class LargeBlocks {
 public:
  struct Block {
    std::unique_ptr<uint8_t[]> bytes;
    size_t capacity = 0;
  };

  // Smaller ones are left to the allocator, which keeps those itself.
  static constexpr size_t kBlockMin = 256 * 1024;
  static constexpr size_t kBlockStep = 64 * 1024;
  // What a worker keeps, all together: two messages of the usual limit.
  static constexpr size_t kKeptByWorker =
      kHasAddressSanitizer || kHasThreadSanitizer ? 0 : 8 * 1024 * 1024 + 2 * kBlockStep;

  static LargeBlocks& OfThread() {
    thread_local LargeBlocks blocks;
    return blocks;
  }

  // Keeps so many bytes from now on. Default 0.
  void KeepUpTo(size_t bytes) { kept_max_ = bytes; }

  // `size` bytes of unspecified content.
  Block Take(size_t size) {
    const size_t rounded = Round(size);
    for (Block& kept : blocks_) {
      if (kept.bytes == nullptr || kept.capacity != rounded) continue;
      kept_bytes_ -= rounded;
      return {std::exchange(kept, {}).bytes, size};
    }
    return {std::make_unique_for_overwrite<uint8_t[]>(rounded), size};
  }

  // Keeps a block that was taken, here or elsewhere, in place of what was kept before it if there
  // is no more room, or frees it.
  void Give(Block block) noexcept {
    block.capacity = Round(block.capacity);
    if (block.capacity > kept_max_) return;
    while (kept_bytes_ + block.capacity > kept_max_ || blocks_[next_].bytes != nullptr) {
      kept_bytes_ -= std::exchange(blocks_[next_], {}).capacity;
      if (kept_bytes_ + block.capacity > kept_max_) next_ = (next_ + 1) % blocks_.size();
    }
    kept_bytes_ += block.capacity;
    blocks_[next_] = std::move(block);
    next_ = (next_ + 1) % blocks_.size();
  }

  void Release() noexcept {
    for (Block& kept : blocks_) kept = {};
    kept_bytes_ = 0;
  }

  size_t kept_bytes() const { return kept_bytes_; }

 private:
  // Messages that are nearly as large as each other can use the same memory.
  static constexpr size_t Round(size_t size) {
    return (size + kBlockStep - 1) / kBlockStep * kBlockStep;
  }

  std::array<Block, 8> blocks_;
  size_t next_ = 0;  // where the next one goes
  size_t kept_bytes_ = 0;
  size_t kept_max_ = 0;
};

}  // namespace weir

#endif  // WEIR_TRANSPORT_BASE_LARGE_BLOCKS_H_
