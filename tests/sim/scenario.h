// What kind of world does a seed make? Limits of the server, manners of the clients, faults of the
// network; each seed leaves most of what is possible out, so that what is in happens often.
#ifndef WEIR_TESTS_SIM_SCENARIO_H_
#define WEIR_TESTS_SIM_SCENARIO_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/sim/call.h"
#include "tests/sim/link.h"
#include "tests/sim/random.h"
#include "tests/sim/sim_loop.h"
#include "transport/driver/worker.h"

namespace weir::sim {

// How a client gives flow-control credit.
enum class Credit : uint8_t {
  kAtOnce,  // all that it received
  kHalf,    // when half a window has come together
  kDrip,    // from one octet up, when it feels like it
  kNever,   // what it began with is all there is
};

// How a client ends its connection.
enum class Departure : uint8_t {
  kGoAway,  // GOAWAY, then close
  kClose,
  kHalfClose,  // ends its own direction and waits for the server
  kReset,
  kStay,  // until the server has closed
};

// A rule that a client breaks on purpose, once.
enum class Breach : uint8_t {
  kNone,
  kBadPreface,
  kFirstFrameNotSettings,
  kStreamWindowExceeded,
  kConnectionWindowExceeded,
  kWindowUpdateZero,
  kStreamWindowOverflow,
  kConnectionWindowOverflow,
  kSettingsOutOfRange,
  kSettingsLength,
  kSettingsAckWithPayload,
  kSettingsAckUnexpected,
  kInitialWindowOverflow,
  kEvenStreamId,
  kLowerStreamId,
  kFrameOnIdleStream,
  kAfterEndStream,
  kAfterReset,
  kFrameTooLarge,
  kFrameOnWrongStream,
  kFrameLength,
  kContinuationAlone,
  kBlockInterrupted,
  kPushPromise,
  kPadding,
  kCompression,
  kTrailersWithoutEnd,
  kSelfDependency,
  kTooManyStreams,
  kTooManyPings,
  kTooManyGlitches,
  kTooManyResets,
  kTooManySettings,
  kTooManyContinuations,
  kHeaderBlockTooLarge,
  kHeaderListBomb,
  kUnfinishedBlock,  // and nothing more
  kNoSettingsAck,    // ever
  kNoPreface,        // ever
  kUnreadReplies,    // PINGs whose answers it does not read
  kCount,
};
const char* NameOf(Breach breach);

struct ServerProfile {
  driver::WorkerOptions worker;
  size_t receive_message_max = 0;
  size_t send_message_max = 0;
  int interceptors = 0;       // that only pass on
  bool refuses_some = false;  // an interceptor that answers every third call itself
  LoopFaults loop;
  Duration turn_delay_max = Duration::zero();  // from readiness to the turn
  uint32_t long_pause_one_in = 0;              // turns that begin seconds late
};

struct ClientProfile {
  // Never cancels, breaks no rule, gives credit in the end and meets no fault: each of its calls
  // has to be answered.
  bool is_calm = true;
  NetworkProfile network;
  Duration starts_at = Duration::zero();
  Duration pace_max = Duration::zero();  // between two things it does
  Duration patience = Duration::zero();  // then it leaves, whatever is unfinished

  // Its SETTINGS.
  std::vector<std::pair<uint16_t, uint32_t>> settings;
  uint32_t initial_window = 65535;  // as in there
  uint32_t connection_credit = 0;   // WINDOW_UPDATE at the start
  uint32_t settings_changes = 0;
  Credit credit = Credit::kAtOnce;
  uint32_t stalls = 0;  // times it stops reading for a while
  Duration stall_max = Duration::zero();

  std::vector<CallPlan> calls;
  uint32_t calls_at_once = 100;               // besides what the server allows
  bool ignores_concurrency_at_start = false;  // does not wait for the server's SETTINGS
  uint32_t chunk_max = 16384;                 // of DATA
  uint32_t padded_one_in = 0;
  uint32_t continuation_one_in = 0;
  uint32_t empty_data = 0;  // frames of DATA without content
  uint32_t pings = 0;
  uint32_t priorities = 0;
  uint32_t unknown_frames = 0;
  Breach breach = Breach::kNone;
  Departure leave = Departure::kClose;
};

struct Scenario {
  ServerProfile server;
  std::vector<ClientProfile> clients;

  // The server's end; kNever for not before all clients have left.
  Duration drain_at = Duration::max();
  Duration abort_at = Duration::max();
  bool aborts_at_end = false;  // instead of draining
};

Scenario MakeScenario(Random& random);

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_SCENARIO_H_
