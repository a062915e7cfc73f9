// How was a stream closed that there is no record of any more?
//
// A frame on a closed stream is harmless when it was sent before the peer could know, and a
// connection error when the peer closed the stream itself (RFC 9113 §5.1). The last streams are
// remembered in four octets each.
#ifndef WEIR_TRANSPORT_HTTP2_CLOSED_STREAMS_H_
#define WEIR_TRANSPORT_HTTP2_CLOSED_STREAMS_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "transport/http2/stream_id.h"
#include "transport/http2/stream_state.h"

namespace weir::http2 {

class ClosedStreams {
 public:
  // More than a peer can have in flight when it is told of a reset, in almost all cases; the others
  // are taken to be in flight, too (see StateOf).
  static constexpr size_t kRemembered = 128;

  // `state` is kEnded, kResetByPeer or kResetByUs, and replaces what was remembered of the stream.
  void Remember(StreamId id, ReceiveState state) {
    while (capacity_ < kRemembered && !HasPlaceFor(id)) Grow();
    uint32_t& entry = entries_[IndexOf(id)];
    const uint32_t added = Pack(id, state);
    // Of two that share a place, the younger stays.
    const bool is_younger = entry == 0 || IdIn(entry) <= id;
    if (entry == 0 || IdIn(entry) != id) Forget(is_younger ? entry : added);
    if (is_younger) entry = added;
  }

  // `id` is odd, not greater than the highest the peer has used, and not that of a live stream.
  // kSkipped when the peer never used it.
  ReceiveState StateOf(StreamId id) const {
    const uint32_t entry = capacity_ == 0 ? 0 : entries_[IndexOf(id)];
    if (entry != 0 && IdIn(entry) == id) return StateIn(entry);
    // If the id had been closed, it would have a place, or would have taken this one.
    const bool is_missing = capacity_ < kRemembered || entry == 0 || IdIn(entry) < id;
    if (is_missing && id > forgotten_) return ReceiveState::kSkipped;
    // Up to the last reset of ours that is forgotten, every id has the benefit of the doubt.
    return id <= forgotten_reset_ ? ReceiveState::kResetByUs : ReceiveState::kEnded;
  }

  // Forgets every stream.
  void ReleaseIdleMemory() {
    for (size_t i = 0; i < capacity_; ++i) {
      const uint32_t entry = entries_[i];
      Forget(entry);
      forgotten_ = std::max(forgotten_, entry == 0 ? 0 : IdIn(entry));
    }
    entries_.reset();
    capacity_ = 0;
  }

 private:
  // Many connections have few streams.
  static constexpr uint32_t kCapacityMin = 8;
  static_assert(std::has_single_bit(kRemembered));

  // The identifiers are odd and have 31 bits, which leaves two for the state; 0 is a free entry.
  static constexpr uint32_t kHighBit = 0x80000000;
  static constexpr uint32_t Pack(StreamId id, ReceiveState state) {
    switch (state) {
      case ReceiveState::kEnded:
        return id;
      case ReceiveState::kResetByPeer:
        return id | kHighBit;
      case ReceiveState::kResetByUs:
      case ReceiveState::kIdle:
      case ReceiveState::kOpen:
      case ReceiveState::kSkipped:
        break;
    }
    return (id - 1) | kHighBit;
  }
  static constexpr StreamId IdIn(uint32_t entry) { return (entry | 1) & ~kHighBit; }
  static constexpr ReceiveState StateIn(uint32_t entry) {
    if ((entry & 1) == 0) return ReceiveState::kResetByUs;
    return (entry & kHighBit) != 0 ? ReceiveState::kResetByPeer : ReceiveState::kEnded;
  }
  void Forget(uint32_t entry) {
    if (entry != 0 && StateIn(entry) == ReceiveState::kResetByUs) {
      forgotten_reset_ = std::max(forgotten_reset_, IdIn(entry));
    }
  }
  size_t IndexOf(StreamId id) const { return (id >> 1) & (capacity_ - 1); }
  // Whether nothing need be forgotten.
  bool HasPlaceFor(StreamId id) const {
    if (capacity_ == 0) return false;
    const uint32_t entry = entries_[IndexOf(id)];
    return entry == 0 || IdIn(entry) == id;
  }
  // Those that had a place each have one in twice as many.
  void Grow() {
    const uint32_t old_capacity = capacity_;
    const uint32_t capacity = std::max(2 * old_capacity, kCapacityMin);
    const auto old = std::exchange(entries_, std::make_unique<uint32_t[]>(capacity));
    capacity_ = capacity;
    for (uint32_t i = 0; i < old_capacity; ++i) {
      if (old[i] != 0) entries_[IndexOf(IdIn(old[i]))] = old[i];
    }
  }

  std::unique_ptr<uint32_t[]> entries_;
  uint32_t capacity_ = 0;         // a power of two
  StreamId forgotten_ = 0;        // all ids up to this one were forgotten, or never used
  StreamId forgotten_reset_ = 0;  // the highest forgotten one that we had reset
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_CLOSED_STREAMS_H_
