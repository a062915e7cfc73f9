#include "tests/hostile/outcome.h"

#include <utility>

#include "tests/hostile/frames.h"

namespace hostile {

std::string ToString(const Outcome& outcome) {
  const auto code = static_cast<uint32_t>(outcome.code);
  const std::string detail = outcome.detail.empty() ? "" : " (" + outcome.detail + ")";
  switch (outcome.kind) {
    case Outcome::Kind::kSurvives:
      return "survives";
    case Outcome::Kind::kGoAway:
      return "GOAWAY " + ErrorName(code) + detail;
    case Outcome::Kind::kGoAwayOpen:
      return "GOAWAY " + ErrorName(code) + detail + ", not closed";
    case Outcome::Kind::kReset:
      return "RST_STREAM " + ErrorName(code);
    case Outcome::Kind::kStatus:
      return "grpc-status " + std::to_string(outcome.code);
    case Outcome::Kind::kHttpStatus:
      return "HTTP " + std::to_string(outcome.code);
    case Outcome::Kind::kClosed:
      return "close";
    case Outcome::Kind::kStopsReading:
      return "stops reading";
    case Outcome::Kind::kRefused:
      return "refused" + detail;
    case Outcome::Kind::kNoReaction:
      return "no reaction";
    case Outcome::Kind::kWrong:
      return outcome.detail;
    case Outcome::Kind::kAny:
      return "anything";
  }
  return "?";
}

std::string ToString(const std::vector<Outcome>& outcomes) {
  std::string text;
  for (const Outcome& each : outcomes) text += (text.empty() ? "" : " or ") + ToString(each);
  return text;
}

bool Covers(const Outcome& expected, const Outcome& seen) {
  if (expected.kind == Outcome::Kind::kAny) {
    return seen.kind != Outcome::Kind::kWrong && seen.kind != Outcome::Kind::kNoReaction;
  }
  return expected.kind == seen.kind && expected.code == seen.code &&
         (expected.detail.empty() || expected.detail == seen.detail);
}

Outcome Survives() { return {Outcome::Kind::kSurvives, 0, {}}; }
Outcome GoesAway(uint32_t code, std::string debug) {
  return {Outcome::Kind::kGoAway, code, std::move(debug)};
}
Outcome Resets(uint32_t code) { return {Outcome::Kind::kReset, code, {}}; }
Outcome Status(int code) { return {Outcome::Kind::kStatus, code, {}}; }
Outcome HttpStatus(int code) { return {Outcome::Kind::kHttpStatus, code, {}}; }
Outcome Closes() { return {Outcome::Kind::kClosed, 0, {}}; }
Outcome StopsReading() { return {Outcome::Kind::kStopsReading, 0, {}}; }
Outcome Refuses() { return {Outcome::Kind::kRefused, 0, {}}; }
Outcome NoReaction() { return {Outcome::Kind::kNoReaction, 0, {}}; }
Outcome Wrong(std::string sentence) { return {Outcome::Kind::kWrong, 0, std::move(sentence)}; }
Outcome Anything() { return {Outcome::Kind::kAny, 0, {}}; }

}  // namespace hostile
