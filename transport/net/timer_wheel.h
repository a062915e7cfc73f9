// Which timers are due, and until when may the loop sleep?
#ifndef WEIR_TRANSPORT_NET_TIMER_WHEEL_H_
#define WEIR_TRANSPORT_NET_TIMER_WHEEL_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "transport/base/intrusive_list.h"
#include "transport/base/time.h"
#include "transport/net/timer.h"

namespace weir::net {

// A hierarchical timing wheel (Varghese and Lauck, SOSP 1987), driven by time values only.
//
// A deadline is rounded up to a tick of 2^20 ns (1.05 ms), and a tick is read as digits of 6 bits.
// A timer sits at the level of the highest digit in which its tick differs from the wheel's
// position, in the slot named by that digit. Three things follow, which the code relies on:
//   1. all timers of one level are due before all timers of the next, and within a level slots are
//      due in ascending order, so the earliest occupied slot is two bit scans away and no level can
//      hide an earlier deadline of another;
//   2. moving the position forward to any tick before that slot leaves every timer in its right
//      place;
//   3. when the position reaches a slot above level 0, its timers move to lower levels: a timer
//      moves at most kLevels - 1 times.
// Arm, disarm and firing are O(1). Timers are not owned. Thread-compatible.
class TimerWheel {
 public:
  // `start` must not be later than any `now` passed in. 8 KiB, no further allocation.
  explicit TimerWheel(TimePoint start);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Arms or moves `timer`. A deadline in the past is due at the next Advance; `kNever` disarms.
  void Arm(Timer& timer, TimePoint deadline);
  void Disarm(Timer& timer) { timer.Unlink(); }

  // Sets aside every timer that is due at `now`, for PopDue. `now` must not go back.
  void Advance(TimePoint now);

  // The next of the timers set aside, disarmed, in order of deadline tick; nullptr when there is no
  // more. One that was disarmed or moved in the meantime does not come.
  Timer* PopDue();

  // When Advance has something to do next: no timer is due before this point. It is the firing time
  // of the earliest timer if that is less than 64 ticks away, else the point at which timers move
  // down a level, at most kLevels - 1 times for one timer. `kNever` when nothing is armed.
  TimePoint NextWake();

 private:
  static constexpr int kTickBits = 20;
  static constexpr int kDigitBits = 6;
  static constexpr uint64_t kSlots = 1 << kDigitBits;
  // 63 bits of nanoseconds are 43 bits of ticks: 8 digits hold every TimePoint there is.
  static constexpr int kLevels = 8;

  using TimerList = IntrusiveList<Timer>;

  struct Level {
    // Bit s may be set while slot s is empty, because a timer leaves without asking the wheel; it
    // is never clear while the slot is occupied.
    uint64_t occupied = 0;
    std::array<TimerList, kSlots> slots;
  };

  struct Place {
    size_t level = 0;
    uint64_t slot = 0;
    uint64_t tick = 0;  // of the slot's beginning
  };

  void Insert(Timer& timer);
  // The earliest occupied slot; false when there is none.
  bool FindEarliest(Place& place);

  uint64_t position_;
  uint64_t levels_occupied_ = 0;  // bit per level, as exact as `Level::occupied`
  std::array<Level, kLevels> levels_;
  TimerList due_;
};

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_TIMER_WHEEL_H_
