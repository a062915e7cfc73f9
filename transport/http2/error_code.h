// Error codes of RST_STREAM and GOAWAY (RFC 9113 §7).
#ifndef WEIR_TRANSPORT_HTTP2_ERROR_CODE_H_
#define WEIR_TRANSPORT_HTTP2_ERROR_CODE_H_

#include <cstdint>
#include <string_view>

namespace weir::http2 {

// A peer may send any 32-bit value; values outside the list are carried unchanged and have no
// special meaning (RFC 9113 §7).
enum class ErrorCode : uint32_t {
  kNoError = 0x0,
  kProtocolError = 0x1,
  kInternalError = 0x2,
  kFlowControlError = 0x3,
  kSettingsTimeout = 0x4,
  kStreamClosed = 0x5,
  kFrameSizeError = 0x6,
  kRefusedStream = 0x7,
  kCancel = 0x8,
  kCompressionError = 0x9,
  kConnectError = 0xa,
  kEnhanceYourCalm = 0xb,
  kInadequateSecurity = 0xc,
  kHttp11Required = 0xd,
};

// The name as the RFC writes it ("PROTOCOL_ERROR"), or "UNKNOWN".
std::string_view ErrorCodeName(ErrorCode code);

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_ERROR_CODE_H_
