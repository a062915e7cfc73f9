// Objects in stable slots, named by generation-checked keys: a stale key is detected, never
// followed.
#ifndef WEIR_TRANSPORT_BASE_SLOT_MAP_H_
#define WEIR_TRANSPORT_BASE_SLOT_MAP_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "transport/base/check.h"

namespace weir {

// Names one object in a SlotMap. The default key names nothing.
struct SlotKey {
  uint32_t index = 0;
  uint32_t generation = 0;  // odd while the slot is in use; 0 is never in use

  friend bool operator==(SlotKey, SlotKey) = default;
};

// Slots come in chunks, the first of `kFirst` and the others of `kChunk`, so an object never moves
// while it lives and a map that never held anything owns no memory. All operations are O(1).
// Thread-compatible.
template <typename T, uint32_t kChunk = 16, uint32_t kFirst = kChunk>
class SlotMap {
  static_assert(0 < kFirst && kFirst <= kChunk);

 public:
  SlotMap() = default;
  // Goes on with the keys of one that had given its memory back at this first_generation().
  explicit SlotMap(uint32_t first_generation) : first_generation_(first_generation) {}
  SlotMap(const SlotMap&) = delete;
  SlotMap& operator=(const SlotMap&) = delete;
  ~SlotMap() {
    ForEach([this](SlotKey key, T&) { Erase(key); });
  }

  size_t size() const { return size_; }

  template <typename... Args>
  std::pair<SlotKey, T*> Emplace(Args&&... args) {
    if (free_head_ == kNoSlot) AddChunk();
    const uint32_t index = free_head_;
    Slot& slot = SlotAt(index);
    // First: when it throws, the slot was not taken.
    T* object = ::new (static_cast<void*>(slot.storage)) T(std::forward<Args>(args)...);
    free_head_ = std::exchange(slot.link, index);
    ++slot.generation;
    ++size_;
    return {SlotKey{index, slot.generation}, object};
  }

  // The object, or nullptr when the key is stale. No other keys than those given out by this map,
  // or by one that this one goes on with, and the default.
  T* Find(SlotKey key) {
    if (key.index >= index_end_) return nullptr;
    WEIR_DCHECK(IsIndex(key.index));
    Slot& slot = SlotAt(key.index);
    if (slot.generation != key.generation || (key.generation & 1) == 0) return nullptr;
    return slot.object();
  }

  const T* Find(SlotKey key) const { return const_cast<SlotMap*>(this)->Find(key); }

  // Of an object in a map of this kind, once it has been made.
  static SlotKey KeyOf(const T& object) {
    static_assert(std::is_standard_layout_v<Slot> && offsetof(Slot, storage) == 0);
    const Slot& slot = *std::launder(reinterpret_cast<const Slot*>(&object));
    return {slot.link, slot.generation};
  }

  // The key must be live.
  void Erase(SlotKey key) {
    T* object = Find(key);
    WEIR_CHECK(object != nullptr);
    object->~T();
    Slot& slot = SlotAt(key.index);
    ++slot.generation;
    slot.link = free_head_;
    free_head_ = key.index;
    --size_;
  }

  // Gives the memory back; the map must be empty. Keys given out before stay stale for ever.
  void ReleaseMemory() {
    WEIR_CHECK(size_ == 0);
    ForEachSlot([this](uint32_t, const Slot& slot) {
      first_generation_ = std::max(first_generation_, slot.generation);
    });
    index_end_ = 0;
    chunks_.clear();
    chunks_.shrink_to_fit();
    free_head_ = kNoSlot;
  }

  // Of slots that are made from now on.
  uint32_t first_generation() const { return first_generation_; }

  // Calls `visit(key, object)` for every object; `visit` may erase the object it is given.
  template <typename Visit>
  void ForEach(Visit visit) {
    ForEachSlot([&visit](uint32_t index, Slot& slot) {
      if ((slot.generation & 1) != 0) visit(SlotKey{index, slot.generation}, *slot.object());
    });
  }

 private:
  static constexpr uint32_t kNoSlot = UINT32_MAX;

  struct Slot {
    alignas(T) unsigned char storage[sizeof(T)];  // first: see KeyOf
    uint32_t generation = 0;
    uint32_t link = kNoSlot;  // of a slot in use its index, of another the next that is free

    T* object() { return std::launder(reinterpret_cast<T*>(storage)); }
  };

  // A shorter first chunk leaves a gap in the indices, so that where a slot is can be computed from
  // its index without a case for it.
  static constexpr bool IsIndex(uint32_t index) { return index < kFirst || index >= kChunk; }

  Slot& SlotAt(uint32_t index) { return chunks_[index / kChunk][index % kChunk]; }

  void AddChunk() {
    const uint32_t count = chunks_.empty() ? kFirst : kChunk;
    const auto first = static_cast<uint32_t>(chunks_.size() * kChunk);
    chunks_.push_back(std::make_unique<Slot[]>(count));
    index_end_ = first + count;
    for (uint32_t i = count; i-- > 0;) {
      Slot& slot = SlotAt(first + i);
      slot.generation = first_generation_;
      slot.link = free_head_;
      free_head_ = first + i;
    }
  }

  template <typename Visit>
  void ForEachSlot(Visit visit) {
    for (uint32_t index = 0; index < index_end_; ++index) {
      if (IsIndex(index)) visit(index, SlotAt(index));
    }
  }

  std::vector<std::unique_ptr<Slot[]>> chunks_;
  uint32_t index_end_ = 0;  // above every index
  uint32_t free_head_ = kNoSlot;
  uint32_t first_generation_ = 0;  // of new slots: as high as any that was ever given back
  size_t size_ = 0;
};

}  // namespace weir

#endif  // WEIR_TRANSPORT_BASE_SLOT_MAP_H_
