// How long may one connection keep the others of its worker waiting?
//
// A worker serves its connections one after another and cannot be interrupted: while it inflates
// four megabytes for one of them, the others wait. What can be divided is read in smaller pieces
// next time (ConnectionDriver::AdaptReadSize). For what cannot, who took long rests afterwards, so
// that who takes less has its share of the thread.
#ifndef WEIR_TRANSPORT_DRIVER_TIME_SHARE_H_
#define WEIR_TRANSPORT_DRIVER_TIME_SHARE_H_

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

#include "transport/base/time.h"

namespace weir::driver {

// The account of one worker. A *service* is what it does for a connection at one go: it reads and
// handles what came, or it writes much. There are three kinds:
//
//   short     up to `service_time_max`
//   long      up to a millisecond; the connection rests as long as it took; if it was one of the
//             first long services of a new one, and part of a handshake or more than twice as long
//             as what is short, all suspects rest twice as long
//   very long beyond; it rests three times as long (for 40 ms at most), and so does every suspect:
//             who is new, or took very long in the last second. So they all together have a quarter
//             of the thread, however many connections somebody opens for that.
//
// A thread can be kept from running, by other threads or by the quota of its control group, and
// nobody who is served just then is to suffer for it. So very long is only who was watched, that
// is, whose services are measured in time of the processor: who is new, or seemed to take very long
// in the last second. The first time it counts as long. Measuring costs system calls, and threads
// are kept from running often: who is no suspect, and of whom 64 services in a row, over 100 ms,
// were not very long, is not watched any more.
//
// Nobody rests for nothing, but only in company: while another connection is there that was served
// a moment ago and took less. After a long service that is one that took half of that or less, for
// eight times what it took (100 us to 1 ms); after a very long one, any that did not, for 3 ms. A
// client that asks again when it is answered is back within that moment; and who keeps others from
// the thread by coming often has to use some of it.
//
// Driven by values. Connections are told apart by their addresses, which are never followed.
class TimeShare {
 public:
  // What the account knows of one connection.
  struct Entry {
    TimePoint watch_end = TimePoint::min();
    TimePoint suspect_end = TimePoint::min();
    TimePoint rest_end = TimePoint::min();  // while it rests
    uint32_t watched_services = 0;          // that were not very long, since it is watched
    uint32_t first_long_services = 0;       // how many there were, as long as they are few
    Duration service = Duration::zero();    // what it rests for
  };

  struct Service {
    TimePoint end;
    Duration used = Duration::zero();
    // At least so long in time of the processor, or short; since the connection was watched when
    // it began.
    bool is_measured = false;
    bool is_handshake = false;
  };

  // The longest rest after one service: peers have patience, and connections have timers.
  static constexpr Duration kRestMax = std::chrono::milliseconds(40);

  explicit TimeShare(Duration service_time_max) : service_time_max_(service_time_max) {}

  static Entry EntryOfNew(TimePoint now);
  // Whether that is what it rests for, or as if it were.
  static bool WasVeryLong(const Entry& entry);
  // Whether its next service is to be measured in time of the processor.
  static bool IsWatched(const Entry& entry, TimePoint now) { return now < entry.watch_end; }
  // New, or just found to take very long: nobody's company.
  static bool IsStranger(const Entry& entry, TimePoint now) {
    return now < entry.watch_end && now < entry.suspect_end;
  }

  // The thread turns to something else: returns how long it was at what it did until now. That
  // began with the last lap, or with the turn.
  Duration Lap(TimePoint turn_began, TimePoint now);

  // When the present lap began, in a turn that began then.
  TimePoint lap_began(TimePoint turn_began) const { return std::max(turn_began, lap_began_); }

  // The connection has been served. Returns whether it has to rest.
  bool Charge(const void* connection, Entry& entry, const Service& service);

  // Whether a connection that is ready has to rest instead of being served, for what others took.
  bool Postpones(const void* connection, Entry& entry, TimePoint now) const;

  // When the rest of a connection is over, unless company comes meanwhile.
  TimePoint RestEnd(const void* connection, const Entry& entry) const;

 private:
  enum Kind : uint8_t { kShort, kLong, kVeryLong };

  struct Guest {
    const void* connection = nullptr;
    Duration used = Duration::zero();
    TimePoint seen = TimePoint::min();  // stands still while the thread is at something else
  };
  // Two different connections: whoever asks, one of them is another.
  using Guests = std::array<Guest, 2>;

  Kind KindOf(Duration service) const;
  TimePoint CompanyEnd(const void* connection, Duration service) const;
  void Welcome(Guests& guests, const Guest& guest);

  const Duration service_time_max_;
  TimePoint lap_began_ = TimePoint::min();
  std::array<Guests, 2> guests_;  // after short services; after long ones
  TimePoint suspects_rest_end_ = TimePoint::min();
};

}  // namespace weir::driver

#endif  // WEIR_TRANSPORT_DRIVER_TIME_SHARE_H_
