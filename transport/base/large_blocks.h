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

namespace weir {

// Of one thread. Blocks may come from one and go to another.
class LargeBlocks {
 public:
  struct Block {
    std::unique_ptr<uint8_t[]> bytes;
    size_t capacity = 0;
  };

  // Smaller ones are left to the allocator, which keeps those itself.
  static constexpr size_t kBlockMin = 256 * 1024;
  static constexpr size_t kBlockStep = 64 * 1024;
  // All kept blocks together: two messages of the usual limit.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr size_t kKeptMax = 0;  // so that the use of a block after its end is found out
#else
  static constexpr size_t kKeptMax = 8 * 1024 * 1024 + 2 * kBlockStep;
#endif

  static LargeBlocks& OfThread() {
    thread_local LargeBlocks blocks;
    return blocks;
  }

  // `size` bytes of unspecified content.
  Block Take(size_t size) {
    const size_t rounded = Round(size);
    for (Block& kept : blocks_) {
      if (kept.bytes == nullptr || kept.capacity != rounded) continue;
      kept_bytes_ -= rounded;
      kept.capacity = 0;
      return {std::move(kept.bytes), size};
    }
    return {std::make_unique_for_overwrite<uint8_t[]>(rounded), size};
  }

  // Keeps a block that was taken, here or elsewhere, if there is room, and frees it otherwise.
  void Give(Block block) noexcept {
    block.capacity = Round(block.capacity);
    if (kept_bytes_ + block.capacity > kKeptMax) return;
    for (Block& place : blocks_) {
      if (place.bytes != nullptr) continue;
      kept_bytes_ += block.capacity;
      place = std::move(block);
      return;
    }
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
  size_t kept_bytes_ = 0;
};

}  // namespace weir

#endif  // WEIR_TRANSPORT_BASE_LARGE_BLOCKS_H_
