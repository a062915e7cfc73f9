#include "tests/sim/wire.h"

#include <cstdio>

namespace weir::sim {
namespace {

const char* NameOf(uint8_t type) {
  static constexpr const char* kNames[] = {
      "DATA",         "HEADERS", "PRIORITY", "RST_STREAM",    "SETTINGS",
      "PUSH_PROMISE", "PING",    "GOAWAY",   "WINDOW_UPDATE", "CONTINUATION"};
  return type < std::size(kNames) ? kNames[type] : "UNKNOWN";
}

}  // namespace

std::string Describe(const FrameHeader& frame) {
  char text[96];
  std::snprintf(text, sizeof(text), "%s stream %u length %u flags 0x%x", NameOf(frame.type),
                frame.stream_id, frame.length, frame.flags);
  return text;
}

void AppendNumber(uint64_t value, int octets, std::string* out) {
  for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(value >> shift));
  }
}

uint64_t LoadNumber(std::string_view octets) {
  uint64_t value = 0;
  for (const char octet : octets) value = value << 8 | static_cast<uint8_t>(octet);
  return value;
}

void AppendFrameHeader(const FrameHeader& frame, std::string* out) {
  AppendNumber(frame.length, 3, out);
  AppendNumber(frame.type, 1, out);
  AppendNumber(frame.flags, 1, out);
  AppendNumber(frame.stream_id, 4, out);
}

void AppendFrame(uint8_t type, uint8_t flags, uint32_t stream_id, std::string_view payload,
                 std::string* out) {
  AppendFrameHeader({static_cast<uint32_t>(payload.size()), type, flags, stream_id}, out);
  out->append(payload);
}

void AppendSetting(uint16_t id, uint32_t value, std::string* payload) {
  AppendNumber(id, 2, payload);
  AppendNumber(value, 4, payload);
}

FrameHeader FrameSplitter::Parse(std::string_view octets) {
  return {.length = static_cast<uint32_t>(LoadNumber(octets.substr(0, 3))),
          .type = static_cast<uint8_t>(octets[3]),
          .flags = static_cast<uint8_t>(octets[4]),
          .stream_id = static_cast<uint32_t>(LoadNumber(octets.substr(5, 4))) & 0x7fffffff};
}

}  // namespace weir::sim
