// Every limit on what a peer may cost, as one table: the option that sets it, what happens when it
// is met, and the name under which each time is counted.
//
// The layers above count here, too: one table answers which limit a server is running into.
#ifndef WEIR_TRANSPORT_HTTP2_LIMIT_H_
#define WEIR_TRANSPORT_HTTP2_LIMIT_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::http2 {

enum class Limit : uint8_t {
  kNone,  // counts what is no limit's

  // Streams.
  kConcurrentStreams,
  kRefusals,
  kPrematureResets,
  kGlitches,
  // Field sections.
  kHeaderBlockBytes,
  kContinuations,
  kHeaderBlockTime,
  kHeaderList,
  kHeaderListAbuse,
  kHeaderFieldsAbuse,
  // Control frames.
  kQueuedRepliesPause,
  kQueuedReplies,
  kSettingsEntries,
  kSettingsAckTime,
  kPings,
  // Received data.
  kReceiveBudget,
  kMessageSize,
  kTurnFrames,
  kServiceTime,
  // Output.
  kOutputPause,
  kWriteStall,
  kStreamStall,
  // Connections.
  kTlsHandshakeTime,
  kPrefaceTime,
  kHandshakes,
  kConnections,
  kConnectionsPerAddress,
  kKeepalive,
  kConnectionIdle,
  kConnectionAge,
  // The process.
  kHandlerQueue,
  kMemoryGrowth,
  kMemoryNewCalls,
  kMemoryReap,
};

inline constexpr size_t kLimitCount = static_cast<size_t>(Limit::kMemoryReap) + 1;

struct LimitRow {
  Limit limit;
  std::string_view name;      // of the counter: snake_case, stable
  std::string_view option;    // that sets it, as `Struct.field`; "" for a constant
  std::string_view unit;      // of the option
  std::string_view reaction;  // what happens when it is met
  std::string_view reason;    // why there is a limit at all
};

const LimitRow& Describe(Limit limit);

// How often each limit was met. Written by one thread, readable by all.
class LimitCounters {
 public:
  void Hit(Limit limit) {
    // The only writer need not lock.
    const std::atomic_ref counter(hits_[static_cast<size_t>(limit)]);
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  uint64_t hits(Limit limit) const {
    return std::atomic_ref(hits_[static_cast<size_t>(limit)]).load(std::memory_order_relaxed);
  }

 private:
  mutable std::array<uint64_t, kLimitCount> hits_ = {};  // an atomic_ref wants no constant
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_LIMIT_H_
