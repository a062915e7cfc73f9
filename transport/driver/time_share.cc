#include "transport/driver/time_share.h"

#include <algorithm>
#include <chrono>

namespace weir::driver {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// What a person does not notice, and no handler that runs on a worker should take.
constexpr Duration kLongMax = milliseconds(1);
constexpr int kVeryLongFactor = 3;
constexpr int kNewLongFactor = 2;
// A connection has to have its timers and its peer's patience in mind.
constexpr Duration kRestMax = milliseconds(40);
constexpr Duration kNewFor = milliseconds(100);
constexpr Duration kWatchFor = std::chrono::seconds(1);

// Connections that are alike must not rest for each other.
constexpr int kTakesLess = 2;
// A client on the same machine comes back after 20 to 60 us.
constexpr int kCompanyFactor = 8;
constexpr Duration kCompanyMin = microseconds(100);
constexpr Duration kCompanyMax = milliseconds(1);
constexpr Duration kVeryLongCompany = milliseconds(3);
// The pieces of a message whose end takes very long are short services.
constexpr Duration kGuestDelay = milliseconds(100);

}  // namespace

Duration TimeShare::Lap(TimePoint turn_began, TimePoint now) {
  const TimePoint began = lap_began(turn_began);
  lap_began_ = std::max(now, began);
  return lap_began_ - began;
}

TimeShare::Kind TimeShare::KindOf(Duration service) const {
  if (service <= service_time_max_) return kShort;
  return service <= kLongMax ? kLong : kVeryLong;
}

TimeShare::Entry TimeShare::EntryOfNew(TimePoint now) {
  return {.watch_end = now + kNewFor, .suspect_end = now + kNewFor};
}

bool TimeShare::Charge(const void* connection, Entry& entry, Duration used, bool is_measured,
                       TimePoint now) {
  for (Guests& guests : guests_) {
    for (Guest& guest : guests) {
      if (guest.connection != connection) guest.seen = std::min(guest.seen + used, now);
    }
  }
  Kind kind = KindOf(used);
  if (kind == kVeryLong) {
    entry.watch_end = now + kWatchFor;
    if (is_measured) {
      entry.suspect_end = now + kWatchFor;
      entry.guest_from = now + kGuestDelay;
      suspects_rest_end_ = now + std::min(kVeryLongFactor * used, kRestMax);
    } else {
      kind = kLong;
      used = kLongMax;
    }
  }
  // Handshakes are long, and somebody may make many connections for them.
  if (kind == kLong && now < entry.suspect_end) {
    suspects_rest_end_ = std::max(suspects_rest_end_, now + kNewLongFactor * used);
  }
  if (kind != kVeryLong && now >= entry.guest_from) {
    Welcome(guests_[kind], {connection, used, now});
  }
  if (kind == kShort || CompanyEnd(connection, used) <= now) return false;
  entry.service = used;
  entry.rest_end = kind == kVeryLong ? suspects_rest_end_ : now + used;
  return true;
}

bool TimeShare::Postpones(const void* connection, Entry& entry, TimePoint now) const {
  if (now >= suspects_rest_end_ || now >= entry.suspect_end) return false;
  constexpr Duration kVeryLongService = kLongMax + Duration(1);
  if (CompanyEnd(connection, kVeryLongService) <= now) return false;
  entry.service = kVeryLongService;
  entry.rest_end = suspects_rest_end_;
  return true;
}

TimePoint TimeShare::RestEnd(const void* connection, const Entry& entry) const {
  return std::min(entry.rest_end, CompanyEnd(connection, entry.service));
}

TimePoint TimeShare::CompanyEnd(const void* connection, Duration service) const {
  const bool is_very_long = KindOf(service) == kVeryLong;
  TimePoint end = TimePoint::min();
  for (const Guests& guests : guests_) {
    const Guest& other = guests[guests[0].connection == connection ? 1 : 0];
    if (other.connection == nullptr) continue;
    if (!is_very_long && kTakesLess * other.used > service) continue;
    const Duration moment = is_very_long
                                ? kVeryLongCompany
                                : std::clamp(kCompanyFactor * other.used, kCompanyMin, kCompanyMax);
    end = std::max(end, other.seen + moment);
  }
  return end;
}

void TimeShare::Welcome(Guests& guests, const Guest& guest) {
  if (guests[0].connection != guest.connection) guests[1] = guests[0];
  guests[0] = guest;
}

}  // namespace weir::driver
