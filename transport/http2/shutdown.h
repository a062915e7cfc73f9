// How a connection comes to its end (RFC 9113 §5.4.1, §6.8): the states, what leads from one to the
// next, and which GOAWAY goes with it.
//
//   running ──► announced ──► draining        graceful: GOAWAY(2^31-1) and PING, then GOAWAY(id)
//      └───────────┴─────────────┴──► closed  by our own decision
//                                └──► failed  by a violation
#ifndef WEIR_TRANSPORT_HTTP2_SHUTDOWN_H_
#define WEIR_TRANSPORT_HTTP2_SHUTDOWN_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "transport/http2/stream_id.h"

namespace weir::http2 {

enum class ShutdownState : uint8_t {
  kRunning,
  kAnnounced,  // the first GOAWAY is out; streams are still accepted
  kDraining,   // the final GOAWAY is out; new streams are ignored
  kClosed,
  kFailed,
};
inline constexpr size_t kShutdownStateCount = 5;

enum class ShutdownInput : uint8_t {
  kBegin,
  kConfirmed,  // the peer has seen the first GOAWAY, or had its time
  kClose,
  kFail,
};
inline constexpr size_t kShutdownInputCount = 4;

enum class ShutdownAction : uint8_t {
  kNothing,
  kAnnounce,    // GOAWAY(2^31-1, NO_ERROR) and PING
  kSetLimit,    // GOAWAY(highest stream processed, NO_ERROR)
  kSayGoodbye,  // GOAWAY(highest stream processed, the reason), the last frame
};

struct ShutdownStep {
  ShutdownState next;
  ShutdownAction action;
};

namespace shutdown_table {

using enum ShutdownState;
using enum ShutdownAction;

// Rows: state; columns: input, in the order of their enums.
inline constexpr std::array<std::array<ShutdownStep, kShutdownInputCount>, kShutdownStateCount>
    kTable = {{
        // kRunning
        {{{kAnnounced, kAnnounce},
          {kRunning, kNothing},
          {kClosed, kSayGoodbye},
          {kFailed, kSayGoodbye}}},
        // kAnnounced
        {{{kAnnounced, kNothing},
          {kDraining, kSetLimit},
          {kClosed, kSayGoodbye},
          {kFailed, kSayGoodbye}}},
        // kDraining: an error supersedes the calm end (CVE-2022-27664).
        {{{kDraining, kNothing},
          {kDraining, kNothing},
          {kClosed, kSayGoodbye},
          {kFailed, kSayGoodbye}}},
        // kClosed
        {{{kClosed, kNothing}, {kClosed, kNothing}, {kClosed, kNothing}, {kClosed, kNothing}}},
        // kFailed
        {{{kFailed, kNothing}, {kFailed, kNothing}, {kFailed, kNothing}, {kFailed, kNothing}}},
    }};

}  // namespace shutdown_table

constexpr const ShutdownStep& StepOf(ShutdownState state, ShutdownInput input) {
  return shutdown_table::kTable[static_cast<size_t>(state)][static_cast<size_t>(input)];
}

class Shutdown {
 public:
  ShutdownAction On(ShutdownInput input) {
    const ShutdownStep& step = StepOf(state_, input);
    state_ = step.next;
    return step.action;
  }

  ShutdownState state() const { return state_; }
  bool is_over() const {
    return state_ == ShutdownState::kClosed || state_ == ShutdownState::kFailed;
  }
  bool has_begun() const { return state_ != ShutdownState::kRunning; }

  // The identifier for a GOAWAY that tells which streams were or might be processed. It must never
  // grow from one GOAWAY to the next (RFC 9113 §6.8).
  StreamId SetLimit(StreamId highest_processed) {
    limit_ = std::min(limit_, highest_processed);
    return limit_;
  }

  // True for a stream that the peer opened after it was told, or before it could know, that it
  // would not be processed.
  bool Ignores(StreamId id) const { return id > limit_; }

 private:
  ShutdownState state_ = ShutdownState::kRunning;
  StreamId limit_ = kStreamIdMax;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_SHUTDOWN_H_
