// The states of a stream (RFC 9113 §5.1) as two small machines, one for each direction, with
// complete tables. The RFC's names are pairs of them: "open" is receive kOpen with a send half that
// has not ended, "half-closed (remote)" is receive kEnded with such a send half, and so on.
#ifndef WEIR_TRANSPORT_HTTP2_STREAM_STATE_H_
#define WEIR_TRANSPORT_HTTP2_STREAM_STATE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "transport/http2/violation.h"

namespace weir::http2 {

// What the peer has sent.
enum class ReceiveState : uint8_t {
  kIdle,
  kOpen,
  kEnded,        // END_STREAM
  kResetByPeer,  // RST_STREAM
  kResetByUs,    // what still arrives was sent before the peer could know
  kSkipped,      // never used, and closed by a higher identifier (RFC 9113 §5.1.1)
};
inline constexpr size_t kReceiveStateCount = 6;

enum class ReceiveInput : uint8_t {
  kHeaders,     // a field section
  kHeadersEnd,  // a field section with END_STREAM
  kData,
  kDataEnd,  // the end of DATA with END_STREAM
  kRstStream,
  kWindowUpdate,
  kOurReset,  // we send RST_STREAM
};
inline constexpr size_t kReceiveInputCount = 7;

enum class Reaction : uint8_t {
  kAccept,
  kIgnore,  // keep the compression state and the connection's window right, and drop it
  kRefuse,  // `violation` says what it is
};

struct ReceiveStep {
  ReceiveState next;
  Reaction reaction;
  Violation violation;
};

namespace receive_table {

constexpr ReceiveStep Accept(ReceiveState next) {
  return {next, Reaction::kAccept, Violation::kNone};
}
constexpr ReceiveStep Ignore(ReceiveState next) {
  return {next, Reaction::kIgnore, Violation::kNone};
}
constexpr ReceiveStep Refuse(ReceiveState next, Violation violation) {
  return {next, Reaction::kRefuse, violation};
}

using enum ReceiveState;
using enum Violation;

// Rows: state; columns: input, in the order of their enums. A refusal of a stream leads to
// kResetByUs, since RST_STREAM is sent; a refusal of the connection leads nowhere.
inline constexpr std::array<std::array<ReceiveStep, kReceiveInputCount>, kReceiveStateCount>
    kTable = {{
        // kIdle
        {{Accept(kOpen), Accept(kEnded), Refuse(kIdle, kDataOnIdleStream),
          Refuse(kIdle, kDataOnIdleStream), Refuse(kIdle, kRstStreamOnIdleStream),
          Refuse(kIdle, kWindowUpdateOnIdleStream), Accept(kResetByUs)}},
        // kOpen: a second field section is trailers, and trailers end the stream.
        {{Refuse(kResetByUs, kTrailersWithoutEndStream), Accept(kEnded), Accept(kOpen),
          Accept(kEnded), Accept(kResetByPeer), Accept(kOpen), Accept(kResetByUs)}},
        // kEnded
        {{Refuse(kEnded, kHeadersOnClosedStream), Refuse(kEnded, kHeadersOnClosedStream),
          Refuse(kEnded, kDataOnClosedStream), Refuse(kEnded, kDataOnClosedStream),
          Accept(kResetByPeer), Accept(kEnded), Accept(kResetByUs)}},
        // kResetByPeer
        {{Refuse(kResetByUs, kHeadersAfterReset), Refuse(kResetByUs, kHeadersAfterReset),
          Refuse(kResetByUs, kDataAfterReset), Refuse(kResetByUs, kDataAfterReset),
          Ignore(kResetByPeer), Ignore(kResetByPeer), Ignore(kResetByPeer)}},
        // kResetByUs
        {{Ignore(kResetByUs), Ignore(kResetByUs), Ignore(kResetByUs), Ignore(kResetByUs),
          Ignore(kResetByUs), Ignore(kResetByUs), Ignore(kResetByUs)}},
        // kSkipped
        {{Refuse(kSkipped, kStreamIdNotGreater), Refuse(kSkipped, kStreamIdNotGreater),
          Refuse(kSkipped, kDataOnClosedStream), Refuse(kSkipped, kDataOnClosedStream),
          Ignore(kSkipped), Ignore(kSkipped), Ignore(kSkipped)}},
    }};

constexpr bool TableIsSound() {
  for (size_t state = 0; state < kReceiveStateCount; ++state) {
    for (const ReceiveStep& step : kTable[state]) {
      if ((step.reaction == Reaction::kRefuse) != (step.violation != kNone)) return false;
      // Nothing becomes idle or unused again.
      if (step.next == kIdle && state != static_cast<size_t>(kIdle)) return false;
      if (step.next == kSkipped && state != static_cast<size_t>(kSkipped)) return false;
    }
  }
  return true;
}
static_assert(TableIsSound());

}  // namespace receive_table

constexpr const ReceiveStep& StepOf(ReceiveState state, ReceiveInput input) {
  return receive_table::kTable[static_cast<size_t>(state)][static_cast<size_t>(input)];
}

// What we have sent.
enum class SendState : uint8_t {
  kIdle,
  kHeadersSent,
  kEnding,  // the last field section waits behind queued DATA
  kEnded,   // END_STREAM was framed
  kReset,   // by either side
};
inline constexpr size_t kSendStateCount = 5;

// Commands of the layer above, except kTrailersFramed, which completes kTrailersQueued later.
enum class SendInput : uint8_t {
  kHeaders,
  kData,
  kTrailersQueued,
  kTrailersFramed,
  kReset,
};
inline constexpr size_t kSendInputCount = 5;

struct SendStep {
  SendState next;
  bool is_allowed;
};

namespace send_table {

constexpr SendStep Go(SendState next) { return {next, true}; }
constexpr SendStep Not(SendState state) { return {state, false}; }

using enum SendState;

// Rows: state; columns: input, in the order of their enums.
inline constexpr std::array<std::array<SendStep, kSendInputCount>, kSendStateCount> kTable = {{
    // kIdle
    {{Go(kHeadersSent), Not(kIdle), Not(kIdle), Go(kEnded), Go(kReset)}},
    // kHeadersSent
    {{Not(kHeadersSent), Go(kHeadersSent), Go(kEnding), Go(kEnded), Go(kReset)}},
    // kEnding
    {{Not(kEnding), Not(kEnding), Not(kEnding), Go(kEnded), Go(kReset)}},
    // kEnded
    {{Not(kEnded), Not(kEnded), Not(kEnded), Not(kEnded), Not(kEnded)}},
    // kReset
    {{Not(kReset), Not(kReset), Not(kReset), Not(kReset), Not(kReset)}},
}};

}  // namespace send_table

constexpr SendStep StepOf(SendState state, SendInput input) {
  return send_table::kTable[static_cast<size_t>(state)][static_cast<size_t>(input)];
}

// True when the half will not move again.
constexpr bool IsOver(ReceiveState state) {
  return state != ReceiveState::kIdle && state != ReceiveState::kOpen;
}
constexpr bool IsOver(SendState state) {
  return state == SendState::kEnded || state == SendState::kReset;
}

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_STREAM_STATE_H_
