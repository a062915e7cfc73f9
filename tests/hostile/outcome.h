// How did one round of an attack end, as the attacker saw it?
#ifndef WEIR_TESTS_HOSTILE_OUTCOME_H_
#define WEIR_TESTS_HOSTILE_OUTCOME_H_

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace hostile {

struct Outcome {
  enum class Kind {
    kSurvives,      // the connection still answers calls
    kGoAway,        // GOAWAY with this code, then the end of the connection
    kGoAwayOpen,    // GOAWAY with this code, and a second later the connection is still there
    kReset,         // RST_STREAM with this code; the connection still answers calls
    kStatus,        // a response with this grpc-status; the connection still answers calls
    kHttpStatus,    // a response with this :status and no grpc-status
    kClosed,        // the connection ended without GOAWAY
    kStopsReading,  // the server takes no more bytes for now
    kRefused,       // no connection, or no handshake
    kNoReaction,    // nothing for longer than anybody should wait
    kWrong,         // something that no correct server does; `detail` says what
    kAny,           // in expectations: whatever it is, as long as the server lives
  };

  Kind kind;
  int64_t code = 0;    // of RFC 9113 §7, or a status
  std::string detail;  // debug data of GOAWAY in expectations that name it; of kWrong always

  auto operator<=>(const Outcome&) const = default;
};

// "GOAWAY ENHANCE_YOUR_CALM (too_many_pings)", "RST_STREAM CANCEL", "grpc-status 12", ...
std::string ToString(const Outcome& outcome);
// Joined with " or ".
std::string ToString(const std::vector<Outcome>& outcomes);

// Whether an expectation covers what was seen. One without detail covers any.
bool Covers(const Outcome& expected, const Outcome& seen);

// Short names for the rows of the table.
Outcome Survives();
Outcome GoesAway(uint32_t code, std::string debug = "");
Outcome Resets(uint32_t code);
Outcome Status(int code);
Outcome HttpStatus(int code);
Outcome Closes();
Outcome StopsReading();
Outcome Refuses();
Outcome NoReaction();
Outcome Wrong(std::string sentence);
Outcome Anything();

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_OUTCOME_H_
