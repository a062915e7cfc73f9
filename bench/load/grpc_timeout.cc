#include "bench/load/grpc_timeout.h"

#include "bench/load/clock.h"

namespace load {
namespace {

constexpr int64_t kMostDigits = 99'999'999;  // eight

struct Unit {
  int64_t ns;
  char letter;
};

constexpr Unit kUnits[] = {{1, 'n'}, {kMicrosecond, 'u'}, {kMillisecond, 'm'}, {kSecond, 'S'}};

int64_t RoundUp(int64_t value, int64_t unit) { return (value + unit - 1) / unit; }

std::string Text(int64_t value, char unit) { return std::to_string(value) + unit; }

}  // namespace

std::string FormatAsGrpcGo(int64_t timeout) {
  for (const Unit& unit : kUnits) {
    const int64_t value = RoundUp(timeout, unit.ns);
    if (value <= kMostDigits) return Text(value, unit.letter);
  }
  return Text(kMostDigits, 'S');
}

std::string FormatAsGrpcJava(int64_t timeout) {
  for (const Unit& unit : kUnits) {
    // Compared before the division: 99,999,999.9 microseconds are still microseconds.
    if (timeout < (kMostDigits + 1) * unit.ns) return Text(timeout / unit.ns, unit.letter);
  }
  return Text(kMostDigits, 'S');
}

RoundedTimeout RoundAsGrpcCpp(int64_t timeout) {
  const int64_t ms = RoundUp(timeout, kMillisecond);
  if (ms < 1000) return {ms, Text(ms, 'm')};
  // Whole seconds are written as seconds, whole minutes as minutes.
  const int64_t step = ms < 10'000 ? 10 : ms < 100'000 ? 100 : 1000;
  const int64_t rounded = RoundUp(ms, step) * step;
  if (rounded % 1000 != 0) return {rounded, Text(rounded, 'm')};
  if (rounded % 60'000 != 0) return {rounded, Text(rounded / 1000, 'S')};
  return {rounded, Text(rounded / 60'000, 'M')};
}

}  // namespace load
