#include "transport/http2/stream_state.h"

#include <gtest/gtest.h>

namespace weir::http2 {
namespace {

using enum ReceiveInput;

constexpr bool IsHeaders(ReceiveInput input) { return input == kHeaders || input == kHeadersEnd; }
constexpr bool IsData(ReceiveInput input) { return input == kData || input == kDataEnd; }
constexpr bool EndsStream(ReceiveInput input) { return input == kHeadersEnd || input == kDataEnd; }

// The receive half in the words of RFC 9113 §5.1, one paragraph a state, without a table.
ReceiveStep Expected(ReceiveState state, ReceiveInput input) {
  const auto accept = [](ReceiveState next) {
    return ReceiveStep{next, Reaction::kAccept, Violation::kNone};
  };
  const auto refuse = [](ReceiveState next, Violation violation) {
    return ReceiveStep{next, Reaction::kRefuse, violation};
  };
  const ReceiveStep ignore{state, Reaction::kIgnore, Violation::kNone};
  switch (state) {
    case ReceiveState::kIdle:
      // Only HEADERS opens a stream. (PRIORITY is not an input: it is ignored everywhere.)
      if (IsHeaders(input)) {
        return accept(EndsStream(input) ? ReceiveState::kEnded : ReceiveState::kOpen);
      }
      if (input == kOurReset) return accept(ReceiveState::kResetByUs);
      if (IsData(input)) return refuse(state, Violation::kDataOnIdleStream);
      if (input == kRstStream) return refuse(state, Violation::kRstStreamOnIdleStream);
      return refuse(state, Violation::kWindowUpdateOnIdleStream);
    case ReceiveState::kOpen:
      if (input == kHeaders) {
        return refuse(ReceiveState::kResetByUs, Violation::kTrailersWithoutEndStream);
      }
      if (input == kRstStream) return accept(ReceiveState::kResetByPeer);
      if (input == kOurReset) return accept(ReceiveState::kResetByUs);
      return accept(EndsStream(input) ? ReceiveState::kEnded : ReceiveState::kOpen);
    case ReceiveState::kEnded:
      // Half-closed (remote), and closed by END_STREAM on both sides: STREAM_CLOSED, and because
      // the peer did it itself, for the connection.
      if (IsHeaders(input)) return refuse(state, Violation::kHeadersOnClosedStream);
      if (IsData(input)) return refuse(state, Violation::kDataOnClosedStream);
      if (input == kRstStream) return accept(ReceiveState::kResetByPeer);
      if (input == kOurReset) return accept(ReceiveState::kResetByUs);
      return accept(state);
    case ReceiveState::kResetByPeer:
      if (IsHeaders(input)) {
        return refuse(ReceiveState::kResetByUs, Violation::kHeadersAfterReset);
      }
      if (IsData(input)) return refuse(ReceiveState::kResetByUs, Violation::kDataAfterReset);
      return ignore;
    case ReceiveState::kResetByUs:
      return ignore;
    case ReceiveState::kSkipped:
      if (IsHeaders(input)) return refuse(state, Violation::kStreamIdNotGreater);
      if (IsData(input)) return refuse(state, Violation::kDataOnClosedStream);
      return ignore;
  }
  return ignore;
}

TEST(StreamState, ReceiveTableSaysWhatTheRfcSaysForEveryStateAndInput) {
  for (size_t state = 0; state < kReceiveStateCount; ++state) {
    for (size_t input = 0; input < kReceiveInputCount; ++input) {
      SCOPED_TRACE(::testing::Message() << "state " << state << " input " << input);
      const ReceiveStep& step =
          StepOf(static_cast<ReceiveState>(state), static_cast<ReceiveInput>(input));
      const ReceiveStep expected =
          Expected(static_cast<ReceiveState>(state), static_cast<ReceiveInput>(input));
      EXPECT_EQ(step.next, expected.next);
      EXPECT_EQ(step.reaction, expected.reaction);
      EXPECT_EQ(step.violation, expected.violation);
    }
  }
}

TEST(StreamState, ARefusalOfTheStreamResetsItAndOneOfTheConnectionMovesNothing) {
  for (size_t state = 0; state < kReceiveStateCount; ++state) {
    for (size_t input = 0; input < kReceiveInputCount; ++input) {
      const ReceiveStep& step =
          StepOf(static_cast<ReceiveState>(state), static_cast<ReceiveInput>(input));
      if (step.reaction != Reaction::kRefuse) continue;
      const bool is_stream_error = Describe(step.violation).scope == ViolationScope::kStream;
      EXPECT_EQ(step.next,
                is_stream_error ? ReceiveState::kResetByUs : static_cast<ReceiveState>(state));
    }
  }
}

// Once, in order: headers, DATA, the end; a reset at any time before the end.
bool MaySend(SendState state, SendInput input) {
  switch (input) {
    case SendInput::kHeaders:
      return state == SendState::kIdle;
    case SendInput::kData:
    case SendInput::kTrailersQueued:
      return state == SendState::kHeadersSent;
    case SendInput::kTrailersFramed:
    case SendInput::kReset:
      return !IsOver(state);
  }
  return false;
}

SendState After(SendInput input) {
  switch (input) {
    case SendInput::kHeaders:
    case SendInput::kData:
      return SendState::kHeadersSent;
    case SendInput::kTrailersQueued:
      return SendState::kEnding;
    case SendInput::kTrailersFramed:
      return SendState::kEnded;
    case SendInput::kReset:
      return SendState::kReset;
  }
  return SendState::kReset;
}

TEST(StreamState, SendTableAllowsHeadersDataAndOneEnd) {
  for (size_t i = 0; i < kSendStateCount; ++i) {
    for (size_t j = 0; j < kSendInputCount; ++j) {
      SCOPED_TRACE(::testing::Message() << "state " << i << " input " << j);
      const auto state = static_cast<SendState>(i);
      const auto input = static_cast<SendInput>(j);
      const SendStep step = StepOf(state, input);
      EXPECT_EQ(step.is_allowed, MaySend(state, input));
      EXPECT_EQ(step.next, step.is_allowed ? After(input) : state);
    }
  }
}

}  // namespace
}  // namespace weir::http2
