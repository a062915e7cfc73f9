#include "transport/http2/frame_writer.h"

#include <algorithm>
#include <cstddef>

namespace weir::http2 {
namespace {

constexpr size_t kGoAwayDebugMax = 256;
}  // namespace

void WriteFieldBlockInParts(OutputBuffer& output, StreamId id, ByteView block, bool ends_stream,
                            uint32_t max_frame_size) {
  FrameType type = FrameType::kHeaders;
  uint8_t frame_flags = ends_stream ? flags::kEndStream : flags::kNone;
  do {
    const ByteView part = block.first(std::min<size_t>(block.size(), max_frame_size));
    block = block.subspan(part.size());
    if (block.empty()) frame_flags |= flags::kEndHeaders;
    uint8_t* const payload = PlaceFrame(output, {.length = static_cast<uint32_t>(part.size()),
                                                 .type = type,
                                                 .flags = frame_flags,
                                                 .stream_id = id});
    std::memcpy(payload, part.data(), part.size());
    type = FrameType::kContinuation;
    frame_flags = flags::kNone;
  } while (!block.empty());
}

void WriteSettings(OutputBuffer& output, std::span<const Setting> settings) {
  uint8_t* entry =
      PlaceFrame(output, {.length = static_cast<uint32_t>(settings.size() * kSettingSize),
                          .type = FrameType::kSettings});
  for (const Setting& setting : settings) {
    StoreBig16(entry, static_cast<uint16_t>(setting.id));
    StoreBig32(entry + 2, setting.value);
    entry += kSettingSize;
  }
}

void WriteSettingsAck(OutputBuffer& output) {
  PlaceFrame(output, {.type = FrameType::kSettings, .flags = flags::kAck});
}

void WriteRstStream(OutputBuffer& output, StreamId id, ErrorCode code) {
  uint8_t* const payload =
      PlaceFrame(output, {.length = 4, .type = FrameType::kRstStream, .stream_id = id});
  StoreBig32(payload, static_cast<uint32_t>(code));
}

void WriteWindowUpdate(OutputBuffer& output, StreamId id, uint32_t increment) {
  uint8_t* const payload =
      PlaceFrame(output, {.length = 4, .type = FrameType::kWindowUpdate, .stream_id = id});
  StoreBig32(payload, increment);
}

void WritePing(OutputBuffer& output, uint64_t payload, bool is_ack) {
  StoreBig64(PlaceFrame(output, {.length = 8,
                                 .type = FrameType::kPing,
                                 .flags = is_ack ? flags::kAck : flags::kNone}),
             payload);
}

void WriteGoAway(OutputBuffer& output, StreamId last_stream_id, ErrorCode code,
                 std::string_view debug) {
  debug = debug.substr(0, kGoAwayDebugMax);
  uint8_t* const payload = PlaceFrame(
      output, {.length = static_cast<uint32_t>(8 + debug.size()), .type = FrameType::kGoAway});
  StoreBig32(payload, last_stream_id);
  StoreBig32(payload + 4, static_cast<uint32_t>(code));
  std::copy(debug.begin(), debug.end(), payload + 8);
}

}  // namespace weir::http2
