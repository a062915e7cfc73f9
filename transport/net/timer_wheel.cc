#include "transport/net/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace weir::net {

namespace {

// Rounded down: the position that time `now` has reached.
constexpr uint64_t TickAt(TimePoint now, int tick_bits) {
  const int64_t nanoseconds = now.time_since_epoch().count();
  return nanoseconds <= 0 ? 0 : static_cast<uint64_t>(nanoseconds) >> tick_bits;
}

// Rounded up: at the first instant of this tick the deadline has passed.
constexpr uint64_t DueTick(TimePoint deadline, int tick_bits) {
  const int64_t nanoseconds = deadline.time_since_epoch().count();
  if (nanoseconds <= 0) return 0;
  const uint64_t whole = static_cast<uint64_t>(nanoseconds) >> tick_bits;
  return whole + ((whole << tick_bits) != static_cast<uint64_t>(nanoseconds) ? 1 : 0);
}

}  // namespace

TimerWheel::TimerWheel(TimePoint start) : position_(TickAt(start, kTickBits)) {}

void TimerWheel::Arm(Timer& timer, TimePoint deadline) {
  timer.Unlink();
  if (deadline == kNever) return;
  timer.deadline_ = deadline;
  Insert(timer);
}

void TimerWheel::Insert(Timer& timer) {
  const uint64_t tick = std::max(DueTick(timer.deadline_, kTickBits), position_);
  const uint64_t difference = tick ^ position_;
  const auto level = static_cast<size_t>((std::bit_width(difference | 1) - 1) / kDigitBits);
  const uint64_t slot = (tick >> (level * kDigitBits)) % kSlots;
  levels_[level].slots[slot].PushBack(timer);
  levels_[level].occupied |= uint64_t{1} << slot;
  levels_occupied_ |= uint64_t{1} << level;
}

bool TimerWheel::FindEarliest(Place& place) {
  for (; levels_occupied_ != 0; levels_occupied_ &= levels_occupied_ - 1) {
    const auto index = static_cast<size_t>(std::countr_zero(levels_occupied_));
    Level& level = levels_[index];
    for (; level.occupied != 0; level.occupied &= level.occupied - 1) {
      const auto slot = static_cast<uint64_t>(std::countr_zero(level.occupied));
      if (level.slots[slot].empty()) continue;
      const size_t shift = index * kDigitBits;
      const uint64_t digits_above = position_ >> shift >> kDigitBits << kDigitBits;
      place = {index, slot, (digits_above | slot) << shift};
      return true;
    }
  }
  return false;
}

void TimerWheel::Advance(TimePoint now) {
  const uint64_t now_tick = TickAt(now, kTickBits);
  Place place;
  while (FindEarliest(place) && place.tick <= now_tick) {
    position_ = place.tick;
    Level& level = levels_[place.level];
    level.occupied &= ~(uint64_t{1} << place.slot);
    if (place.level == 0) {
      due_.TakeAll(level.slots[place.slot]);
      continue;
    }
    TimerList moving;
    moving.TakeAll(level.slots[place.slot]);
    while (!moving.empty()) Insert(moving.PopFront());
  }
  position_ = std::max(position_, now_tick);
}

Timer* TimerWheel::PopDue() { return due_.empty() ? nullptr : &due_.PopFront(); }

TimePoint TimerWheel::NextWake() {
  Place place;
  if (!due_.empty()) {
    place.tick = position_;
  } else if (!FindEarliest(place)) {
    return kNever;
  }
  // The tick after the last representable one, which a deadline next to kNever is rounded up to.
  if (place.tick > TickAt(kNever, kTickBits)) return kNever;
  return TimePoint(Duration(static_cast<int64_t>(place.tick << kTickBits)));
}

}  // namespace weir::net
