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
  Blocks dropped;  // freed, with all their pages, when the lock is released
  const std::lock_guard lock(mutex_);
  kept_max_ -= bytes;
  Shrink(kept_max_, &dropped);
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
  Blocks dropped;
  const std::lock_guard lock(mutex_);
  if (block.capacity > kept_max_) return;
  Shrink(kept_max_ - block.capacity, &dropped);
  kept_bytes_ += block.capacity;
  std::swap(blocks_[next_], block);
  kept_bytes_ -= block.capacity;
  next_ = (next_ + 1) % blocks_.size();
}

// `next_` is behind the youngest, and so before the oldest.
void LargeBlocks::Shrink(size_t bytes, Blocks* dropped) noexcept {
  for (size_t i = 0; kept_bytes_ > bytes; ++i) {
    Block& oldest = blocks_[(next_ + i) % blocks_.size()];
    kept_bytes_ -= oldest.bytes == nullptr ? 0 : oldest.capacity;
    (*dropped)[i] = std::exchange(oldest, {});
  }
}

void LargeBlocks::Release() noexcept {
  Blocks released;
  const std::lock_guard lock(mutex_);
  blocks_.swap(released);
  kept_bytes_ = 0;
}

size_t LargeBlocks::kept_bytes() const {
  const std::lock_guard lock(mutex_);
  return kept_bytes_;
}

}  // namespace weir
