#include "tests/hostile/frames.h"

namespace hostile {

const std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

std::string ErrorName(uint32_t code) {
  static constexpr const char* kNames[] = {"NO_ERROR",
                                           "PROTOCOL_ERROR",
                                           "INTERNAL_ERROR",
                                           "FLOW_CONTROL_ERROR",
                                           "SETTINGS_TIMEOUT",
                                           "STREAM_CLOSED",
                                           "FRAME_SIZE_ERROR",
                                           "REFUSED_STREAM",
                                           "CANCEL",
                                           "COMPRESSION_ERROR",
                                           "CONNECT_ERROR",
                                           "ENHANCE_YOUR_CALM",
                                           "INADEQUATE_SECURITY",
                                           "HTTP_1_1_REQUIRED"};
  return code < std::size(kNames) ? kNames[code] : std::to_string(code);
}

std::string BigEndian32(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

uint32_t ReadBigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

std::string FrameHeader(size_t length, FrameType type, uint8_t flags, uint32_t stream) {
  std::string header = BigEndian32(static_cast<uint32_t>(length)).substr(1);
  header += static_cast<char>(type);
  header += static_cast<char>(flags);
  header += BigEndian32(stream);
  return header;
}

std::string Frame(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload) {
  return FrameHeader(payload.size(), type, flags, stream).append(payload);
}

std::string Data(uint32_t stream, std::string_view payload, bool ends) {
  return Frame(FrameType::kData, ends ? kEndStream : kNoFlags, stream, payload);
}

std::string PaddedData(uint32_t stream, std::string_view payload, uint8_t claimed, size_t padding,
                       bool ends) {
  std::string content(1, static_cast<char>(claimed));
  content.append(payload).append(padding, '\0');
  return Frame(FrameType::kData, static_cast<uint8_t>(kPadded | (ends ? kEndStream : 0)), stream,
               content);
}

std::string Headers(uint32_t stream, std::string_view block, bool ends) {
  return Frame(FrameType::kHeaders, static_cast<uint8_t>(kEndHeaders | (ends ? kEndStream : 0)),
               stream, block);
}

std::string OpenHeaders(uint32_t stream, std::string_view fragment, bool ends) {
  return Frame(FrameType::kHeaders, ends ? kEndStream : kNoFlags, stream, fragment);
}

std::string Continuation(uint32_t stream, std::string_view fragment, bool ends_block) {
  return Frame(FrameType::kContinuation, ends_block ? kEndHeaders : kNoFlags, stream, fragment);
}

std::string Priority(uint32_t stream, uint32_t dependency, uint8_t weight) {
  return Frame(FrameType::kPriority, kNoFlags, stream,
               BigEndian32(dependency) + static_cast<char>(weight));
}

std::string RstStream(uint32_t stream, uint32_t code) {
  return Frame(FrameType::kRstStream, kNoFlags, stream, BigEndian32(code));
}

std::string Settings(SettingsList list) {
  std::string payload;
  for (const auto& [id, value] : list) {
    payload += static_cast<char>(id >> 8);
    payload += static_cast<char>(id);
    payload += BigEndian32(value);
  }
  return Frame(FrameType::kSettings, kNoFlags, 0, payload);
}

std::string SettingsAck() { return Frame(FrameType::kSettings, kAck, 0, {}); }

std::string Ping(uint64_t payload, bool is_ack) {
  return Frame(FrameType::kPing, is_ack ? kAck : kNoFlags, 0,
               BigEndian32(static_cast<uint32_t>(payload >> 32)) +
                   BigEndian32(static_cast<uint32_t>(payload)));
}

std::string GoAway(uint32_t last_stream, uint32_t code, std::string_view debug) {
  return Frame(FrameType::kGoAway, kNoFlags, 0,
               (BigEndian32(last_stream) + BigEndian32(code)).append(debug));
}

std::string WindowUpdate(uint32_t stream, uint32_t increment) {
  return Frame(FrameType::kWindowUpdate, kNoFlags, stream, BigEndian32(increment));
}

std::string Repeat(std::string_view text, size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace hostile
