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
// To measure is dear, and who wants to do harm as a stranger does it soon.
constexpr Duration kStrangeFor = milliseconds(100);
constexpr Duration kSuspectFor = std::chrono::seconds(1);
constexpr uint32_t kWatchedServicesMax = 64;
// More than a handshake has. What is long later is not why somebody makes new connections.
constexpr uint32_t kFirstLongServices = 4;
// What was only disturbed, by an interrupt or by a neighbour of the processor, is not so long.
constexpr int kNewLongServices = 2;

// Connections that are alike must not rest for each other.
constexpr int kTakesLess = 2;
// A client on the same machine comes back after 20 to 60 us.
constexpr int kCompanyFactor = 8;
constexpr Duration kCompanyMin = microseconds(100);
constexpr Duration kCompanyMax = milliseconds(1);
constexpr Duration kVeryLongCompany = milliseconds(3);

Duration MomentOf(Duration used) {
  return std::clamp(kCompanyFactor * used, kCompanyMin, kCompanyMax);
}

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
  return {.watch_end = now + kStrangeFor, .suspect_end = now + kSuspectFor};
}

bool TimeShare::WasVeryLong(const Entry& entry) { return entry.service > kLongMax; }

bool TimeShare::Charge(const void* connection, Entry& entry, const Service& service) {
  const TimePoint now = service.end;
  Duration used = service.used;
  for (Guests& guests : guests_) {
    for (Guest& guest : guests) {
      if (guest.connection != connection) guest.seen = std::min(guest.seen + used, now);
    }
  }
  Kind kind = KindOf(used);
  if (kind == kVeryLong) {
    entry.watch_end = now + kSuspectFor;
    entry.watched_services = 0;
    if (service.is_measured) {
      entry.suspect_end = now + kSuspectFor;
      suspects_rest_end_ = now + std::min(kVeryLongFactor * used, kRestMax);
    } else {
      kind = kLong;
      used = kLongMax;
    }
  }
  const bool is_cleared = service.is_measured && kind != kVeryLong && now >= entry.suspect_end;
  const bool is_long_ago = now + kSuspectFor >= entry.watch_end + kStrangeFor;
  if (is_cleared && ++entry.watched_services >= kWatchedServicesMax && is_long_ago) {
    entry.watch_end = now;
  }
  // Handshakes are long, and somebody may make many connections for them.
  const bool is_clearly_long =
      kind == kLong && (service.is_handshake || used > kNewLongServices * service_time_max_);
  if (is_clearly_long && now < entry.suspect_end &&
      entry.first_long_services < kFirstLongServices) {
    ++entry.first_long_services;
    suspects_rest_end_ = std::max(suspects_rest_end_, now + kNewLongFactor * used);
  }
  if (kind != kVeryLong && !IsStranger(entry, now)) {
    Welcome(guests_[kind], {connection, used, now});
  }
  if (kind == kShort || CompanyEnd(connection, used) <= now) return false;
  const TimePoint rest_end = kind == kVeryLong ? suspects_rest_end_ : now + used;
  // Who rests already, and has only written what he was served with, does not rest less for it.
  if (rest_end <= entry.rest_end) return true;
  entry.service = used;
  entry.rest_end = rest_end;
  return true;
}

bool TimeShare::Postpones(const void* connection, Entry& entry, TimePoint now) const {
  if (now >= suspects_rest_end_ || now >= entry.suspect_end) return false;
  constexpr Duration kVeryLongService = kLongMax + Duration(1);
  if (CompanyEnd(connection, kVeryLongService) <= now) return false;
  // It is not to grow old by waiting.
  if (IsStranger(entry, now)) entry.watch_end = entry.suspect_end;
  entry.service = kVeryLongService;
  entry.rest_end = suspects_rest_end_;
  return true;
}

TimePoint TimeShare::RestEnd(const void* connection, const Entry& entry) const {
  // Who waits for others waits for all that have been served meanwhile.
  const TimePoint end = WasVeryLong(entry) ? suspects_rest_end_ : entry.rest_end;
  return std::min(end, CompanyEnd(connection, entry.service));
}

TimePoint TimeShare::CompanyEnd(const void* connection, Duration service) const {
  const bool is_very_long = KindOf(service) == kVeryLong;
  TimePoint end = TimePoint::min();
  for (const Guests& guests : guests_) {
    for (const Guest& other : guests) {
      if (other.connection == nullptr || other.connection == connection) continue;
      if (!is_very_long && kTakesLess * other.used > service) continue;
      end = std::max(end, other.seen + (is_very_long ? kVeryLongCompany : MomentOf(other.used)));
    }
  }
  return end;
}

// Who takes more does not push out who takes less, until that one's moment is over.
void TimeShare::Welcome(Guests& guests, const Guest& guest) {
  const auto is_gone = [&](const Guest& each) {
    return each.connection == nullptr || each.seen + MomentOf(each.used) <= guest.seen;
  };
  for (Guest& each : guests) {
    if (each.connection == guest.connection) {
      each = guest;
      return;
    }
  }
  Guest& place = is_gone(guests[0]) || (!is_gone(guests[1]) && guests[0].used > guests[1].used)
                     ? guests[0]
                     : guests[1];
  if (is_gone(place) || place.used >= guest.used) place = guest;
}

}  // namespace weir::driver
