// Memory for what lives as long as a connection, apart from what comes and goes with its calls.
//
// A page can go back to the system when nothing in it is in use. If what stays lay between what
// comes and goes, ten thousand connections that have fallen silent would keep the pages that they
// needed when all of them were busy.
#ifndef WEIR_TRANSPORT_BASE_LONG_LIVED_H_
#define WEIR_TRANSPORT_BASE_LONG_LIVED_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <type_traits>

#include "transport/base/intrusive_list.h"

namespace weir {

// Slots of equal size share chunks; a chunk is freed with the last slot in it, but for one of each
// size. Thread-safe: connections may end on another thread than they began on. Beginnings and ends
// are rare, and so is that a connection falls dormant or wakes up.
class LongLivedMemory {
 public:
  // Larger things are not what there is one of for each connection.
  static constexpr size_t kSizeMax = 16 * 1024;

  LongLivedMemory() = default;
  // Nothing may be in use any more.
  ~LongLivedMemory();
  LongLivedMemory(const LongLivedMemory&) = delete;
  LongLivedMemory& operator=(const LongLivedMemory&) = delete;

  // Never destroyed: objects that outlive main() may still free something. With AddressSanitizer
  // it is the allocator, which watches over what is used after it was freed.
  static LongLivedMemory& OfProcess();

  // `size` bytes (at most kSizeMax) of unspecified content, aligned for any ordinary type. Throws
  // std::bad_alloc.
  void* Allocate(size_t size);
  // nullptr is ignored.
  void Free(void* place) noexcept;

  // Frees the chunks in which nothing is in use.
  void ReleaseIdle() noexcept;

  size_t chunks() const;

 private:
  struct Chunk;
  struct Slot;

  // The sizes of objects are rounded to 16, and above 2 KiB to 1 KiB.
  static constexpr size_t kFineStep = 16;
  static constexpr size_t kFineMax = 2048;
  static constexpr size_t kCoarseStep = 1024;
  static constexpr size_t kClasses = kFineMax / kFineStep + (kSizeMax - kFineMax) / kCoarseStep + 1;
  static size_t ClassOf(size_t size);
  static size_t SizeOfClass(size_t size_class);

  void Drop(Chunk& chunk) noexcept;

  mutable std::mutex mutex_;
  std::array<IntrusiveList<Chunk>, kClasses> with_room_;
  size_t chunks_ = 0;
};

// Up to the next of 32, 48, 64, 96, 128, 192 and so on.
constexpr size_t RoundPeerSize(size_t size) {
  const size_t power = std::bit_ceil(std::max<size_t>(size, 32));
  return size > power / 4 * 3 || power == 32 ? power : power / 4 * 3;
}

// Base of a class whose objects are made there by `new`.
class LongLived {
 public:
  static void* operator new(size_t size) { return LongLivedMemory::OfProcess().Allocate(size); }
  static void* operator new(size_t size, std::align_val_t alignment) = delete;
  static void operator delete(void* place) noexcept { LongLivedMemory::OfProcess().Free(place); }

 protected:
  ~LongLived() = default;
};

// An array of plain values that is made there.
struct LongLivedDelete {
  void operator()(void* place) const noexcept { LongLivedMemory::OfProcess().Free(place); }
};
template <typename T>
using LongLivedArray = std::unique_ptr<T[], LongLivedDelete>;

// Of unspecified content; `count` values take at most LongLivedMemory::kSizeMax bytes. Peers choose
// such sizes, so they are rounded to a few: else those who stay, each with one in a chunk that was
// full of as large ones, could hold many chunks of many sizes.
template <typename T>
LongLivedArray<T> MakeLongLived(size_t count) {
  static_assert(std::is_trivially_destructible_v<T> &&
                std::is_trivially_default_constructible_v<T>);
  return LongLivedArray<T>(
      static_cast<T*>(LongLivedMemory::OfProcess().Allocate(RoundPeerSize(count * sizeof(T)))));
}

}  // namespace weir

#endif  // WEIR_TRANSPORT_BASE_LONG_LIVED_H_
