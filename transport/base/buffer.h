// An owned run of bytes on the heap that is not zeroed before it is filled.
#ifndef WEIR_TRANSPORT_BASE_BUFFER_H_
#define WEIR_TRANSPORT_BASE_BUFFER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "transport/base/bytes.h"
#include "transport/base/check.h"
#include "transport/base/large_blocks.h"

namespace weir {

// Move-only. Owns nothing until something is put in. Thread-compatible; may be handed from one
// thread to another.
class Buffer {
 public:
  Buffer() = default;
  // `size` bytes of unspecified content.
  explicit Buffer(size_t size) {
    Reserve(size);
    size_ = size;
  }
  ~Buffer() { Free(); }
  Buffer(Buffer&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    if (this == &other) return *this;
    Free();
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  static Buffer CopyOf(ByteView source) {
    Buffer copy(source.size());
    if (!source.empty()) std::memcpy(copy.data(), source.data(), source.size());
    return copy;
  }

  uint8_t* data() { return bytes_.get(); }
  const uint8_t* data() const { return bytes_.get(); }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  ByteView view() const { return {bytes_.get(), size_}; }

  // Adds `count` bytes of unspecified content at the end and returns where they start. Grows the
  // capacity by doubling, so appending is O(1) amortised per byte.
  uint8_t* Extend(size_t count) {
    if (capacity_ - size_ < count) Reserve(std::max(size_ + count, capacity_ * 2));
    uint8_t* place = bytes_.get() + size_;
    size_ += count;
    return place;
  }

  void Append(ByteView source) {
    if (!source.empty()) std::memcpy(Extend(source.size()), source.data(), source.size());
  }

  void Reserve(size_t capacity) {
    if (capacity <= capacity_) return;
    LargeBlocks::Block grown = Allocate(capacity);
    if (size_ != 0) std::memcpy(grown.bytes.get(), bytes_.get(), size_);
    Free();
    bytes_ = std::move(grown.bytes);
    capacity_ = grown.capacity;
  }

  // Drops the bytes from `size` on; keeps the capacity.
  void Truncate(size_t size) {
    WEIR_DCHECK(size <= size_);
    size_ = size;
  }

  // Drops the first `count` bytes; keeps the capacity. Costs a move of the rest.
  void DropFront(size_t count) {
    WEIR_DCHECK(count <= size_);
    size_ -= count;
    if (size_ != 0 && count != 0) std::memmove(bytes_.get(), bytes_.get() + count, size_);
  }

  // Gives the memory away: all of capacity(), of which the first size() bytes count.
  std::unique_ptr<uint8_t[]> TakeBytes() {
    size_ = capacity_ = 0;
    return std::move(bytes_);
  }

  // Gives the memory back.
  void Release() { *this = Buffer(); }

 private:
  static LargeBlocks::Block Allocate(size_t capacity) {
    if (capacity >= LargeBlocks::kBlockMin) return LargeBlocks::OfProcess().Take(capacity);
    return {std::make_unique_for_overwrite<uint8_t[]>(capacity), capacity};
  }
  void Free() noexcept {
    if (capacity_ < LargeBlocks::kBlockMin) return;  // bytes_ frees itself
    LargeBlocks::OfProcess().Give({std::move(bytes_), capacity_});
  }

  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace weir

#endif  // WEIR_TRANSPORT_BASE_BUFFER_H_
