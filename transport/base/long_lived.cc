#include "transport/base/long_lived.h"

#include <algorithm>
#include <new>

#include "transport/base/check.h"
#include "transport/base/sanitizers.h"

namespace weir {
namespace {

// Also their alignment: so a slot's address tells its chunk's.
constexpr size_t kChunkSize = 64 * 1024;

}  // namespace

struct LongLivedMemory::Slot {
  Slot* next;
};

// At the start of its memory; the slots are behind it.
struct LongLivedMemory::Chunk final : ListNode<Chunk> {
  explicit Chunk(size_t its_class) : size_class(its_class), slot_size(SizeOfClass(its_class)) {}

  static constexpr size_t kSlotsBegin = 64;

  bool HasRoom() const { return free != nullptr || end + slot_size <= kChunkSize; }

  void* Take() {
    ++used;
    if (Slot* const slot = free; slot != nullptr) {
      free = slot->next;
      return slot;
    }
    // Pages are touched when their slots are needed.
    std::byte* const slot = reinterpret_cast<std::byte*>(this) + end;
    end += slot_size;
    return slot;
  }

  void Give(void* place) {
    --used;
    free = new (place) Slot{free};
  }

  const size_t size_class;
  const size_t slot_size;
  size_t end = kSlotsBegin;  // of the slots that were ever taken
  size_t used = 0;
  Slot* free = nullptr;
};

LongLivedMemory& LongLivedMemory::OfProcess() {
  alignas(LongLivedMemory) static std::byte place[sizeof(LongLivedMemory)];
  static LongLivedMemory& memory = *new (place) LongLivedMemory;
  return memory;
}

LongLivedMemory::~LongLivedMemory() {
  ReleaseIdle();
  WEIR_CHECK(chunks_ == 0);
}

void LongLivedMemory::ReleaseIdle() noexcept {
  const std::lock_guard lock(mutex_);
  for (IntrusiveList<Chunk>& chunks : with_room_) {
    chunks.ForEach([this](Chunk& chunk) {
      if (chunk.used == 0) Drop(chunk);
    });
  }
}

void LongLivedMemory::Drop(Chunk& chunk) noexcept {
  chunk.Unlink();
  --chunks_;
  ::operator delete(&chunk, std::align_val_t(kChunkSize));
}

size_t LongLivedMemory::ClassOf(size_t size) {
  if (size <= kFineMax) return (std::max<size_t>(size, 1) + kFineStep - 1) / kFineStep;
  return (kFineMax / kFineStep) + (size - kFineMax + kCoarseStep - 1) / kCoarseStep;
}

size_t LongLivedMemory::SizeOfClass(size_t size_class) {
  constexpr size_t kFineClasses = kFineMax / kFineStep;
  if (size_class <= kFineClasses) return size_class * kFineStep;
  return kFineMax + (size_class - kFineClasses) * kCoarseStep;
}

void* LongLivedMemory::Allocate(size_t size) {
  if constexpr (kHasAddressSanitizer) return ::operator new(size);
  WEIR_CHECK(size <= kSizeMax);
  static_assert(sizeof(Chunk) <= Chunk::kSlotsBegin);
  const size_t size_class = ClassOf(size);
  const std::lock_guard lock(mutex_);
  IntrusiveList<Chunk>& with_room = with_room_[size_class];
  if (with_room.empty()) {
    void* const memory = ::operator new(kChunkSize, std::align_val_t(kChunkSize));
    with_room.PushFront(*new (memory) Chunk(size_class));
    ++chunks_;
  }
  Chunk& chunk = with_room.Front();
  void* const place = chunk.Take();
  if (!chunk.HasRoom()) chunk.Unlink();
  return place;
}

void LongLivedMemory::Free(void* place) noexcept {
  if (place == nullptr) return;
  if constexpr (kHasAddressSanitizer) {
    ::operator delete(place);
    return;
  }
  const auto address = reinterpret_cast<uintptr_t>(place);
  auto* const chunk = reinterpret_cast<Chunk*>(address & ~uintptr_t{kChunkSize - 1});
  const std::lock_guard lock(mutex_);
  IntrusiveList<Chunk>& with_room = with_room_[chunk->size_class];
  chunk->Give(place);
  // Behind the others: what is in use gathers in the first, and the last become empty.
  if (!chunk->is_linked()) with_room.PushBack(*chunk);
  if (chunk->used == 0 && &with_room.Front() != chunk) Drop(*chunk);
}

size_t LongLivedMemory::chunks() const {
  const std::lock_guard lock(mutex_);
  return chunks_;
}

}  // namespace weir
