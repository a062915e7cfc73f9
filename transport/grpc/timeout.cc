#include "transport/grpc/timeout.h"

#include <chrono>
#include <cstdint>

namespace weir::grpc {

namespace {

constexpr size_t kDigitsMax = 8;

// How long one of `unit` is; zero for what is no unit.
constexpr Duration UnitOf(char unit) {
  switch (unit) {
    case 'H':
      return std::chrono::hours(1);
    case 'M':
      return std::chrono::minutes(1);
    case 'S':
      return std::chrono::seconds(1);
    case 'm':
      return std::chrono::milliseconds(1);
    case 'u':
      return std::chrono::microseconds(1);
    case 'n':
      return std::chrono::nanoseconds(1);
    default:
      return Duration::zero();
  }
}

}  // namespace

std::optional<Duration> ParseTimeout(std::string_view text) {
  if (text.size() < 2 || text.size() > kDigitsMax + 1) return std::nullopt;
  int64_t count = 0;
  for (const char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    count = count * 10 + (c - '0');
  }
  const Duration unit = UnitOf(text.back());
  if (unit == Duration::zero()) return std::nullopt;
  if (count > Duration::max() / unit) return Duration::max();
  return count * unit;
}

}  // namespace weir::grpc
