// How are gRPC messages written by hand: prefixes, the few protobuf messages of the test service,
// and compressed bodies that are larger inside than outside?
#ifndef WEIR_TESTS_HOSTILE_MESSAGES_H_
#define WEIR_TESTS_HOSTILE_MESSAGES_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace hostile {

inline constexpr size_t kPrefixBytes = 5;
inline constexpr size_t kMessageMax = 4 * 1024 * 1024;  // what servers accept by default

// A prefix that may declare any length (gRPC PROTOCOL-HTTP2 "Length-Prefixed-Message").
std::string MessagePrefix(uint32_t length, uint8_t flag = 0);
std::string Message(std::string_view body, uint8_t flag = 0);
// The message with no bytes: what Empty and every other message's defaults look like.
extern const std::string kEmptyMessage;

// SimpleRequest with a payload of zeros, and the size of the payload wanted back.
std::string UnaryRequest(size_t payload_bytes, size_t response_bytes);
// SimpleRequest that asks for this status.
std::string StatusRequest(int code, std::string_view message);
// StreamingOutputCallRequest for `count` responses of `bytes` each, `interval_us` before each.
std::string OutputRequest(size_t count, size_t bytes, size_t interval_us = 0);
// StreamingInputCallRequest with a payload of zeros.
std::string InputRequest(size_t payload_bytes);
// Any request that is one text in field `number`: those of health and reflection.
std::string NameRequest(int number, std::string_view name);

std::string Gzip(std::string_view text);
std::string Zstd(std::string_view text);

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_MESSAGES_H_
