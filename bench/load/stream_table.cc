#include "bench/load/stream_table.h"

#include <algorithm>
#include <utility>

namespace load {
namespace {

constexpr size_t kFirstSlots = 2;  // so that an idle connection costs little

}  // namespace

StreamTable::StreamTable() : index_(2 * kFirstSlots, kNone) {}

Stream* StreamTable::Insert(uint32_t id) {
  if (free_.empty()) Grow();
  const uint32_t slot = free_.back();
  free_.pop_back();
  Stream& stream = streams_[slot];
  // The text of the answer keeps its memory.
  std::string compressed = std::move(stream.answer.compressed);
  compressed.clear();
  stream = {};
  stream.answer.compressed = std::move(compressed);
  stream.id = id;
  Place(slot);
  ++size_;
  return &stream;
}

Stream* StreamTable::Find(uint32_t id) {
  for (size_t place = HomeOf(id); index_[place] != kNone; place = Next(place)) {
    Stream& stream = streams_[index_[place]];
    if (stream.id == id) return &stream;
  }
  return nullptr;
}

void StreamTable::Remove(Stream* stream) {
  const auto slot = static_cast<uint32_t>(stream - streams_.data());
  size_t hole = HomeOf(stream->id);
  while (index_[hole] != slot) hole = Next(hole);
  // Whoever stands behind and could have stood in the hole moves there, so that no search ends
  // early.
  for (size_t place = Next(hole); index_[place] != kNone; place = Next(place)) {
    const size_t home = HomeOf(streams_[index_[place]].id);
    const bool stays = hole <= place ? hole < home && home <= place : hole < home || home <= place;
    if (stays) continue;
    index_[hole] = index_[place];
    hole = place;
  }
  index_[hole] = kNone;
  stream->id = 0;
  free_.push_back(slot);
  --size_;
}

void StreamTable::Place(uint32_t slot) {
  size_t place = HomeOf(streams_[slot].id);
  while (index_[place] != kNone) place = Next(place);
  index_[place] = slot;
}

void StreamTable::Grow() {
  const size_t old_size = streams_.size();
  const size_t new_size = std::max(kFirstSlots, 2 * old_size);
  streams_.resize(new_size);
  for (size_t slot = new_size; slot > old_size; --slot) {
    free_.push_back(static_cast<uint32_t>(slot - 1));
  }
  index_.assign(2 * new_size, kNone);
  for (size_t slot = 0; slot < old_size; ++slot) {
    if (streams_[slot].id != 0) Place(static_cast<uint32_t>(slot));
  }
}

}  // namespace load
