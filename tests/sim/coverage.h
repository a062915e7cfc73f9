// What has a run of simulations met, and how often? A behaviour that never happened was not tested.
#ifndef WEIR_TESTS_SIM_COVERAGE_H_
#define WEIR_TESTS_SIM_COVERAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/call.h"
#include "tests/sim/scenario.h"

namespace weir::sim {

enum class Behaviour : uint8_t {
  // volume
  kConnection,
  kCall,
  kClientFrame,
  kServerFrame,
  kClientByte,
  kServerByte,
  kHandlerRun,
  // responses
  kStatusOk,
  kStatusFailed,
  kTrailersOnly,
  kRefusedStream,
  kDeadlineExceeded,
  kCancelledByServer,
  kResetByServer,
  kResetAfterResponse,
  kCalmCallCompleted,
  kInterceptorAnswered,
  kPoolFull,
  // clients
  kClientCancelled,
  kClientStalled,
  kClientGoAway,
  kClientHalfClosed,
  kConnectionReset,
  kContinuationSent,
  kPaddedData,
  kRequestTrailers,
  kGrant,
  kGrantOfOne,
  kSettingsChanged,
  // flow control
  kServerWindowExhausted,
  kServerWindowNegative,
  kServerUpdatedWindow,
  // sockets and the loop
  kPartialWrite,
  kSpuriousWakeup,
  kOverlookedWakeup,
  kRest,
  kWatchFailed,
  kInjectedError,
  kReadingPaused,
  kLateTurn,
  kServerContinuation,
  // the end
  kDrain,
  kDrainFinished,
  kStreamInDrain,
  kStreamAfterDrain,
  kAbort,
  kGoAwayWithError,
  kTimeoutOfPeer,
  kHandlerOutlivedStream,
  kCount,
};
const char* NameOf(Behaviour behaviour);

class Coverage {
 public:
  void Add(Behaviour behaviour, uint64_t count = 1) {
    behaviours_[static_cast<size_t>(behaviour)] += count;
  }
  void AddBreach(Breach breach) { ++breaches_[static_cast<size_t>(breach)]; }
  // A request with this flaw got the answer it deserves.
  void AddFlaw(Flaw flaw) { ++flaws_[static_cast<size_t>(flaw)]; }

  uint64_t Count(Behaviour behaviour) const { return behaviours_[static_cast<size_t>(behaviour)]; }
  void Merge(const Coverage& other);

  // A table for a person, a line for each.
  std::string Table() const;
  // What never happened.
  std::vector<std::string> Missing() const;

 private:
  std::array<uint64_t, static_cast<size_t>(Behaviour::kCount)> behaviours_ = {};
  std::array<uint64_t, static_cast<size_t>(Breach::kCount)> breaches_ = {};
  std::array<uint64_t, static_cast<size_t>(Flaw::kCount)> flaws_ = {};
};

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_COVERAGE_H_
