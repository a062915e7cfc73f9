// Everything a peer can do wrong, as one table.
//
// A rule is checked where it is known; the check returns a `Violation`, and one place in the
// connection turns it into RST_STREAM or GOAWAY. The tag is what metrics, logs, the debug data of
// GOAWAY and tests call it.
#ifndef WEIR_TRANSPORT_HTTP2_VIOLATION_H_
#define WEIR_TRANSPORT_HTTP2_VIOLATION_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "transport/http2/error_code.h"
#include "transport/http2/limit.h"

namespace weir::http2 {

enum class Violation : uint8_t {
  kNone,

  // The connection preface (RFC 9113 §3.4).
  kBadPreface,
  kFirstFrameNotSettings,
  kPrefaceTimeout,

  // Single frames (RFC 9113 §4 and §6), in the order of the frame types.
  kFrameTooLarge,
  kDataOnConnection,
  kDataPadding,
  kHeadersOnConnection,
  kHeadersTooShort,
  kHeadersPadding,
  kPriorityOnConnection,
  kPriorityLength,
  kSelfDependency,
  kRstStreamOnConnection,
  kRstStreamLength,
  kSettingsOnStream,
  kSettingsLength,
  kSettingsAckWithPayload,
  kSettingsAckUnexpected,
  kSettingsAckTimeout,
  kSettingsEnablePush,
  kSettingsInitialWindow,
  kSettingsMaxFrameSize,
  kSettingsNoPriorities,
  kPushPromise,
  kPingOnStream,
  kPingLength,
  kGoAwayOnStream,
  kGoAwayLength,
  kWindowUpdateLength,
  kWindowUpdateZero,
  kContinuationUnexpected,
  kHeaderBlockInterrupted,

  // Streams and their states (RFC 9113 §5.1).
  kEvenStreamId,
  kStreamIdNotGreater,
  kDataOnIdleStream,
  kRstStreamOnIdleStream,
  kWindowUpdateOnIdleStream,
  kHeadersOnClosedStream,
  kDataOnClosedStream,
  kHeadersAfterReset,
  kDataAfterReset,
  kTrailersWithoutEndStream,
  kConcurrencyExceeded,

  // Flow control (RFC 9113 §5.2 and §6.9).
  kConnectionWindowExceeded,
  kStreamWindowExceeded,
  kConnectionWindowOverflow,
  kStreamWindowOverflow,
  kInitialWindowOverflow,

  // Field sections (RFC 7541; RFC 9113 §8).
  kCompression,
  kTableSizeUpdates,
  kFieldName,
  kFieldValue,
  kPseudoFieldUnknown,
  kPseudoFieldDuplicate,
  kPseudoFieldAfterRegular,
  kPseudoFieldInTrailers,
  kPseudoFieldMissing,
  kMethod,
  kScheme,
  kAuthority,
  kPath,
  kConnectRequest,
  kConnectionSpecificField,
  kTe,
  kContentLength,
  kContentLengthMismatch,

  // Behaviour that no section forbids and no server can afford (RFC 9113 §10.5).
  kHeaderBlockTooLarge,
  kTooManyContinuations,
  kHeaderBlockTimeout,
  kHeaderListTooLarge,
  kTooManyFields,
  kTooManySettings,
  kTooManyReplies,
  kTooManyPings,
  kTooManyGlitches,
  kTooManyResets,
  kTooManyRefusals,
  kStreamStalled,
  kStreamReaped,
  kMemoryShort,
  kKeepaliveTimeout,
};

inline constexpr size_t kViolationCount = static_cast<size_t>(Violation::kKeepaliveTimeout) + 1;

enum class ViolationScope : uint8_t {
  kStream,      // RST_STREAM; the connection goes on
  kConnection,  // GOAWAY; nothing after it is interpreted
  kAbort,       // the connection ends without another word: the peer does not read what we send
};

// What a stream error costs the peer besides its stream (see ConnectionOptions::glitches).
enum class Charge : uint8_t {
  kGlitch,   // of its allowance of glitches
  kRefusal,  // of its allowance of refusals
  kNothing,  // it did nothing wrong: a busy client must not pay for what is ours to bear
};

struct ViolationRow {
  Violation violation;
  std::string_view tag;  // snake_case, stable
  ViolationScope scope;
  ErrorCode code;
  std::string_view section;         // where the rule stands
  std::string_view text;            // one sentence for a log
  Limit limit = Limit::kNone;       // that was met, if it is one of ours
  Charge charge = Charge::kGlitch;  // of a stream error
};

const ViolationRow& Describe(Violation violation);

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_VIOLATION_H_
