#include "transport/base/large_blocks.h"

#include <new>
#include <utility>

namespace weir {

LargeBlocks& LargeBlocks::OfProcess() {
  alignas(LargeBlocks) static std::byte place[sizeof(LargeBlocks)];
  static LargeBlocks& blocks = *new (place) LargeBlocks;
  return blocks;
}

void LargeBlocks::KeepMore(size_t bytes) {
  const std::lock_guard lock(mutex_);
  kept_max_ += bytes;
}

void LargeBlocks::KeepLess(size_t bytes) {
  const std::lock_guard lock(mutex_);
  kept_max_ -= bytes;
  while (kept_bytes_ > kept_max_) DropOldest();
}

LargeBlocks::Block LargeBlocks::Take(size_t size) {
  const size_t rounded = Round(size);
  std::unique_ptr<uint8_t[]> bytes = TakeKept(rounded).bytes;
  if (bytes == nullptr) bytes = std::make_unique_for_overwrite<uint8_t[]>(rounded);
  return {std::move(bytes), size};
}

LargeBlocks::Block LargeBlocks::TakeKept(size_t rounded) {
  const std::lock_guard lock(mutex_);
  for (Block& kept : blocks_) {
    if (kept.bytes == nullptr || kept.capacity != rounded) continue;
    kept_bytes_ -= rounded;
    return std::exchange(kept, {});
  }
  return {};
}

void LargeBlocks::Give(Block block) noexcept {
  block.capacity = Round(block.capacity);
  const std::lock_guard lock(mutex_);
  if (block.capacity > kept_max_) return;
  while (kept_bytes_ + block.capacity > kept_max_) DropOldest();
  kept_bytes_ += block.capacity;
  std::swap(blocks_[next_], block);
  kept_bytes_ -= block.capacity;
  next_ = (next_ + 1) % blocks_.size();
}

// `next_` is behind the youngest, and so before the oldest.
void LargeBlocks::DropOldest() {
  size_t oldest = next_;
  while (blocks_[oldest].bytes == nullptr) oldest = (oldest + 1) % blocks_.size();
  kept_bytes_ -= std::exchange(blocks_[oldest], {}).capacity;
}

void LargeBlocks::Release() noexcept {
  std::array<Block, kBlocksMax> released;
  const std::lock_guard lock(mutex_);
  blocks_.swap(released);  // freed behind the lock
  kept_bytes_ = 0;
}

size_t LargeBlocks::kept_bytes() const {
  const std::lock_guard lock(mutex_);
  return kept_bytes_;
}

}  // namespace weir
