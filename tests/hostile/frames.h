// How is any HTTP/2 frame written, legal or not?
//
// Pure functions from values to bytes (RFC 9113 §4.1 and §6), with no check of anything: an
// attacker has no HTTP/2 library in its way.
#ifndef WEIR_TESTS_HOSTILE_FRAMES_H_
#define WEIR_TESTS_HOSTILE_FRAMES_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace hostile {

enum class FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kRstStream = 3,
  kSettings = 4,
  kPushPromise = 5,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
  kAltSvc = 10,
  kOrigin = 12,
  kPriorityUpdate = 16,
};

inline constexpr size_t kFrameHeaderBytes = 9;
inline constexpr size_t kMaxFrameBytes = 16384;  // every peer accepts as much (RFC 9113 §4.2)
inline constexpr uint32_t kWindowMax = 0x7fffffff;
inline constexpr int64_t kInitialWindow = 65535;

inline constexpr uint8_t kNoFlags = 0;
inline constexpr uint8_t kAck = 0x1;
inline constexpr uint8_t kEndStream = 0x1;
inline constexpr uint8_t kEndHeaders = 0x4;
inline constexpr uint8_t kPadded = 0x8;
inline constexpr uint8_t kHasPriority = 0x20;

// RFC 9113 §7.
enum ErrorCode : uint32_t {
  kNoError = 0,
  kProtocolError = 1,
  kInternalError = 2,
  kFlowControlError = 3,
  kSettingsTimeout = 4,
  kStreamClosed = 5,
  kFrameSizeError = 6,
  kRefusedStream = 7,
  kCancel = 8,
  kCompressionError = 9,
  kEnhanceYourCalm = 11,
};

// "PROTOCOL_ERROR"; a number for codes without a name.
std::string ErrorName(uint32_t code);

// RFC 9113 §6.5.2.
enum SettingId : uint16_t {
  kHeaderTableSize = 1,
  kEnablePush = 2,
  kMaxConcurrentStreams = 3,
  kInitialWindowSize = 4,
  kMaxFrameSize = 5,
  kMaxHeaderListSize = 6,
};
using SettingsList = std::initializer_list<std::pair<uint16_t, uint32_t>>;

std::string BigEndian32(uint32_t value);
uint32_t ReadBigEndian(std::string_view bytes);

// "PRI * HTTP/2.0 ..." (RFC 9113 §3.4).
extern const std::string_view kPreface;

std::string FrameHeader(size_t length, FrameType type, uint8_t flags, uint32_t stream);
std::string Frame(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload);

std::string Data(uint32_t stream, std::string_view payload, bool ends = false);
// With a pad length octet that may lie: `claimed` octets of padding, `padding` of them present.
std::string PaddedData(uint32_t stream, std::string_view payload, uint8_t claimed, size_t padding,
                       bool ends = false);
// One frame with END_HEADERS.
std::string Headers(uint32_t stream, std::string_view block, bool ends);
// The beginning of a block, and its further pieces.
std::string OpenHeaders(uint32_t stream, std::string_view fragment, bool ends = true);
std::string Continuation(uint32_t stream, std::string_view fragment, bool ends_block = false);
// `dependency` and `weight` as RFC 7540 §6.3 had them.
std::string Priority(uint32_t stream, uint32_t dependency, uint8_t weight = 16);
std::string RstStream(uint32_t stream, uint32_t code = kCancel);
std::string Settings(SettingsList list = {});
std::string SettingsAck();
std::string Ping(uint64_t payload, bool is_ack = false);
std::string GoAway(uint32_t last_stream, uint32_t code, std::string_view debug = {});
std::string WindowUpdate(uint32_t stream, uint32_t increment);

// `text` `count` times.
std::string Repeat(std::string_view text, size_t count);

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_FRAMES_H_
