#include "transport/http2/violation.h"

#include <array>

namespace weir::http2 {
namespace {

using enum Violation;
using enum ViolationScope;
using enum ErrorCode;

// Where the RFC asks for a stream error and the stream was opened in a legal way, several rows say
// kConnection: an endpoint may treat any stream error as a connection error (RFC 9113 §5.4.1), and
// a stream that the peer can make us reset without sending RST_STREAM itself would let it start
// work without end (CVE-2025-8671, "MadeYouReset"). The overflow of a stream's send window is the
// exception: RFC 9113 §6.9.1 names RST_STREAM, and peers test for it; it is counted instead.
constexpr std::array<ViolationRow, kViolationCount> kRows = {{
    {kNone, "none", kStream, kNoError, "", "no violation"},

    {kBadPreface, "bad_preface", kConnection, kProtocolError, "RFC 9113 §3.4",
     "the connection does not begin with the client preface"},
    {kFirstFrameNotSettings, "first_frame_not_settings", kConnection, kProtocolError,
     "RFC 9113 §3.4", "the first frame of the peer is not SETTINGS"},
    {kPrefaceTimeout, "preface_timeout", kConnection, kProtocolError, "RFC 9113 §3.4",
     "the client preface did not arrive in time"},

    {kFrameTooLarge, "frame_too_large", kConnection, kFrameSizeError, "RFC 9113 §4.2",
     "a frame is longer than SETTINGS_MAX_FRAME_SIZE"},
    {kDataOnConnection, "data_on_connection", kConnection, kProtocolError, "RFC 9113 §6.1",
     "DATA on stream 0"},
    {kDataPadding, "data_padding", kConnection, kProtocolError, "RFC 9113 §6.1",
     "the padding of DATA does not fit its payload"},
    {kHeadersOnConnection, "headers_on_connection", kConnection, kProtocolError, "RFC 9113 §6.2",
     "HEADERS on stream 0"},
    {kHeadersTooShort, "headers_too_short", kConnection, kFrameSizeError, "RFC 9113 §6.2",
     "HEADERS is shorter than the priority fields its flags announce"},
    {kHeadersPadding, "headers_padding", kConnection, kProtocolError, "RFC 9113 §6.2",
     "the padding of HEADERS does not fit its payload"},
    {kPriorityOnConnection, "priority_on_connection", kConnection, kProtocolError, "RFC 9113 §6.3",
     "PRIORITY on stream 0"},
    {kPriorityLength, "priority_length", kConnection, kFrameSizeError, "RFC 9113 §6.3",
     "the payload of PRIORITY is not 5 octets"},
    {kSelfDependency, "self_dependency", kConnection, kProtocolError, "RFC 7540 §5.3.1",
     "a stream depends on itself"},
    {kRstStreamOnConnection, "rst_stream_on_connection", kConnection, kProtocolError,
     "RFC 9113 §6.4", "RST_STREAM on stream 0"},
    {kRstStreamLength, "rst_stream_length", kConnection, kFrameSizeError, "RFC 9113 §6.4",
     "the payload of RST_STREAM is not 4 octets"},
    {kSettingsOnStream, "settings_on_stream", kConnection, kProtocolError, "RFC 9113 §6.5",
     "SETTINGS on a stream other than 0"},
    {kSettingsLength, "settings_length", kConnection, kFrameSizeError, "RFC 9113 §6.5",
     "the length of SETTINGS is not a multiple of 6 octets"},
    {kSettingsAckWithPayload, "settings_ack_with_payload", kConnection, kFrameSizeError,
     "RFC 9113 §6.5", "SETTINGS with the ACK flag has a payload"},
    {kSettingsAckUnexpected, "settings_ack_unexpected", kConnection, kProtocolError,
     "RFC 9113 §6.5.3", "SETTINGS ACK without SETTINGS to acknowledge"},
    {kSettingsAckTimeout, "settings_ack_timeout", kConnection, kSettingsTimeout, "RFC 9113 §6.5.3",
     "our SETTINGS were not acknowledged in time"},
    {kSettingsEnablePush, "settings_enable_push", kConnection, kProtocolError, "RFC 9113 §6.5.2",
     "SETTINGS_ENABLE_PUSH is neither 0 nor 1"},
    {kSettingsInitialWindow, "settings_initial_window", kConnection, kFlowControlError,
     "RFC 9113 §6.5.2", "SETTINGS_INITIAL_WINDOW_SIZE is above 2^31-1"},
    {kSettingsMaxFrameSize, "settings_max_frame_size", kConnection, kProtocolError,
     "RFC 9113 §6.5.2", "SETTINGS_MAX_FRAME_SIZE is not between 2^14 and 2^24-1"},
    {kSettingsNoPriorities, "settings_no_priorities", kConnection, kProtocolError, "RFC 9218 §2.1",
     "SETTINGS_NO_RFC7540_PRIORITIES is neither 0 nor 1, or changed"},
    {kPushPromise, "push_promise", kConnection, kProtocolError, "RFC 9113 §8.4",
     "a client sent PUSH_PROMISE"},
    {kPingOnStream, "ping_on_stream", kConnection, kProtocolError, "RFC 9113 §6.7",
     "PING on a stream other than 0"},
    {kPingLength, "ping_length", kConnection, kFrameSizeError, "RFC 9113 §6.7",
     "the payload of PING is not 8 octets"},
    {kGoAwayOnStream, "goaway_on_stream", kConnection, kProtocolError, "RFC 9113 §6.8",
     "GOAWAY on a stream other than 0"},
    {kGoAwayLength, "goaway_length", kConnection, kFrameSizeError, "RFC 9113 §6.8",
     "GOAWAY is shorter than 8 octets"},
    {kWindowUpdateLength, "window_update_length", kConnection, kFrameSizeError, "RFC 9113 §6.9",
     "the payload of WINDOW_UPDATE is not 4 octets"},
    {kWindowUpdateZero, "window_update_zero", kConnection, kProtocolError, "RFC 9113 §6.9",
     "WINDOW_UPDATE by 0"},
    {kContinuationUnexpected, "continuation_unexpected", kConnection, kProtocolError,
     "RFC 9113 §6.10", "CONTINUATION without an unfinished header block"},
    {kHeaderBlockInterrupted, "header_block_interrupted", kConnection, kProtocolError,
     "RFC 9113 §4.3", "another frame inside a header block"},

    {kEvenStreamId, "even_stream_id", kConnection, kProtocolError, "RFC 9113 §5.1.1",
     "a client used an even stream identifier"},
    {kStreamIdNotGreater, "stream_id_not_greater", kConnection, kProtocolError, "RFC 9113 §5.1.1",
     "a new stream identifier is not greater than those before"},
    {kDataOnIdleStream, "data_on_idle_stream", kConnection, kProtocolError, "RFC 9113 §5.1",
     "DATA on an idle stream"},
    {kRstStreamOnIdleStream, "rst_stream_on_idle_stream", kConnection, kProtocolError,
     "RFC 9113 §6.4", "RST_STREAM on an idle stream"},
    {kWindowUpdateOnIdleStream, "window_update_on_idle_stream", kConnection, kProtocolError,
     "RFC 9113 §5.1", "WINDOW_UPDATE on an idle stream"},
    {kHeadersOnClosedStream, "headers_on_closed_stream", kConnection, kStreamClosed,
     "RFC 9113 §5.1", "HEADERS after the peer's END_STREAM"},
    {kDataOnClosedStream, "data_on_closed_stream", kConnection, kStreamClosed, "RFC 9113 §5.1",
     "DATA after the peer's END_STREAM"},
    {kHeadersAfterReset, "headers_after_reset", kStream, kStreamClosed, "RFC 9113 §5.1",
     "HEADERS after the peer's RST_STREAM"},
    {kDataAfterReset, "data_after_reset", kStream, kStreamClosed, "RFC 9113 §5.1",
     "DATA after the peer's RST_STREAM"},
    {kTrailersWithoutEndStream, "trailers_without_end_stream", kStream, kProtocolError,
     "RFC 9113 §8.1", "a second field section does not end the stream"},
    {kConcurrencyExceeded, "concurrency_exceeded", kStream, kRefusedStream, "RFC 9113 §5.1.2",
     "more streams than SETTINGS_MAX_CONCURRENT_STREAMS"},

    {kConnectionWindowExceeded, "connection_window_exceeded", kConnection, kFlowControlError,
     "RFC 9113 §6.9.1", "DATA beyond the connection's receive window"},
    {kStreamWindowExceeded, "stream_window_exceeded", kStream, kFlowControlError, "RFC 9113 §6.9.1",
     "DATA beyond the stream's receive window"},
    {kConnectionWindowOverflow, "connection_window_overflow", kConnection, kFlowControlError,
     "RFC 9113 §6.9.1", "WINDOW_UPDATE makes the connection's window greater than 2^31-1"},
    {kStreamWindowOverflow, "stream_window_overflow", kStream, kFlowControlError, "RFC 9113 §6.9.1",
     "WINDOW_UPDATE makes a stream's window greater than 2^31-1"},
    {kInitialWindowOverflow, "initial_window_overflow", kConnection, kFlowControlError,
     "RFC 9113 §6.9.2", "SETTINGS_INITIAL_WINDOW_SIZE makes a stream's window exceed 2^31-1"},

    {kCompression, "compression", kConnection, kCompressionError, "RFC 9113 §4.3",
     "a header block cannot be decompressed"},
    {kTableSizeUpdates, "table_size_updates", kConnection, kCompressionError, "RFC 7541 §4.2",
     "more than two table size updates in a header block"},
    {kFieldName, "field_name", kStream, kProtocolError, "RFC 9113 §8.2.1",
     "a field name is empty, has upper case or is not a token"},
    {kFieldValue, "field_value", kStream, kProtocolError, "RFC 9113 §8.2.1",
     "a field value has NUL, CR, LF, or white space at an end"},
    {kPseudoFieldUnknown, "pseudo_field_unknown", kStream, kProtocolError, "RFC 9113 §8.3",
     "a pseudo-header field that requests do not have"},
    {kPseudoFieldDuplicate, "pseudo_field_duplicate", kStream, kProtocolError, "RFC 9113 §8.3",
     "a pseudo-header field appears twice"},
    {kPseudoFieldAfterRegular, "pseudo_field_after_regular", kStream, kProtocolError,
     "RFC 9113 §8.3", "a pseudo-header field after a regular field"},
    {kPseudoFieldInTrailers, "pseudo_field_in_trailers", kStream, kProtocolError, "RFC 9113 §8.1",
     "a pseudo-header field in trailers"},
    {kPseudoFieldMissing, "pseudo_field_missing", kStream, kProtocolError, "RFC 9113 §8.3.1",
     "a request lacks :method, :scheme or :path"},
    {kMethod, "method", kStream, kProtocolError, "RFC 9113 §8.3.1", ":method is not a token"},
    {kScheme, "scheme", kStream, kProtocolError, "RFC 9113 §8.3.1", ":scheme is not a scheme"},
    {kAuthority, "authority", kStream, kProtocolError, "RFC 9113 §8.3.1",
     ":authority has userinfo or an octet that no authority has"},
    {kPath, "path", kStream, kProtocolError, "RFC 9113 §8.3.1",
     ":path is empty or has white space or a control character"},
    {kConnectRequest, "connect_request", kStream, kProtocolError, "RFC 9113 §8.5",
     "a CONNECT request with :scheme or :path, or without :authority"},
    {kConnectionSpecificField, "connection_specific_field", kStream, kProtocolError,
     "RFC 9113 §8.2.2", "a field that belongs to an HTTP/1.1 connection"},
    {kTe, "te", kStream, kProtocolError, "RFC 9113 §8.2.2", "te is not \"trailers\""},
    {kContentLength, "content_length", kStream, kProtocolError, "RFC 9113 §8.1.1",
     "content-length is not a number, or appears with different values"},
    {kContentLengthMismatch, "content_length_mismatch", kStream, kProtocolError, "RFC 9113 §8.1.1",
     "content-length differs from the DATA received"},

    {kHeaderBlockTooLarge, "header_block_too_large", kConnection, kEnhanceYourCalm,
     "RFC 9113 §10.5.1", "a header block has more compressed bytes than accepted"},
    {kTooManyContinuations, "too_many_continuations", kConnection, kEnhanceYourCalm,
     "RFC 9113 §10.5", "a header block has too many, or too small, CONTINUATION frames"},
    {kHeaderBlockTimeout, "header_block_timeout", kConnection, kProtocolError, "RFC 9113 §10.5",
     "a header block was not finished in time"},
    {kHeaderListTooLarge, "header_list_too_large", kConnection, kEnhanceYourCalm,
     "RFC 9113 §10.5.1", "a field section is far larger than SETTINGS_MAX_HEADER_LIST_SIZE"},
    {kTooManyFields, "too_many_fields", kConnection, kEnhanceYourCalm, "RFC 9113 §10.5.1",
     "a field section has far more lines than accepted"},
    {kTooManySettings, "too_many_settings", kConnection, kEnhanceYourCalm, "RFC 9113 §10.5",
     "more settings in one frame than accepted"},
    {kTooManyReplies, "too_many_replies", kAbort, kEnhanceYourCalm, "RFC 9113 §10.5",
     "the peer causes replies and does not read them"},
    {kTooManyPings, "too_many_pings", kConnection, kEnhanceYourCalm, "RFC 9113 §10.5",
     "PING more often than accepted"},
    {kTooManyGlitches, "too_many_glitches", kConnection, kEnhanceYourCalm, "RFC 9113 §10.5",
     "too many stream errors and frames without effect"},
    {kTooManyResets, "too_many_resets", kConnection, kEnhanceYourCalm, "RFC 9113 §10.5",
     "too many requests reset before they were answered"},
    {kTooManyRefusals, "too_many_refusals", kConnection, kEnhanceYourCalm, "RFC 9113 §10.5",
     "too many streams beyond SETTINGS_MAX_CONCURRENT_STREAMS"},
}};

constexpr bool RowsAreInOrder() {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<size_t>(kRows[i].violation) != i) return false;
  }
  return true;
}
static_assert(RowsAreInOrder());

}  // namespace

const ViolationRow& Describe(Violation violation) { return kRows[static_cast<size_t>(violation)]; }

}  // namespace weir::http2
