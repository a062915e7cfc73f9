#include "bench/load/frames.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace load {
namespace {

using weir::http2::FrameType;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct Setting {
  uint16_t id;
  uint32_t value;
};
// RFC 9113 §6.5.2.
constexpr Setting kSettings[] = {{2 /* ENABLE_PUSH */, 0},
                                 {4 /* INITIAL_WINDOW_SIZE */, kWindowMax}};
constexpr uint32_t kSettingBytes = 6;

}  // namespace

void AppendClientPreface(weir::Buffer* out) {
  out->Append(weir::AsBytes(kPreface));
  uint8_t* place = PlaceFrame(
      {.length = kSettingBytes * std::size(kSettings), .type = FrameType::kSettings}, out);
  for (const Setting& setting : kSettings) {
    weir::StoreBig16(place, setting.id);
    weir::StoreBig32(place + 2, setting.value);
    place += kSettingBytes;
  }
  AppendWindowUpdate(0, kWindowMax - static_cast<uint32_t>(kInitialWindow), out);
}

void AppendSettingsAck(weir::Buffer* out) {
  PlaceFrame({.type = FrameType::kSettings, .flags = weir::http2::flags::kAck}, out);
}

void AppendPingAck(weir::ByteView opaque, weir::Buffer* out) {
  uint8_t* const place = PlaceFrame({.length = static_cast<uint32_t>(opaque.size()),
                                     .type = FrameType::kPing,
                                     .flags = weir::http2::flags::kAck},
                                    out);
  std::copy(opaque.begin(), opaque.end(), place);
}

void AppendWindowUpdate(uint32_t stream, uint32_t increment, weir::Buffer* out) {
  weir::StoreBig32(
      PlaceFrame({.length = 4, .type = FrameType::kWindowUpdate, .stream_id = stream}, out),
      increment);
}

void AppendRstStream(uint32_t stream, weir::http2::ErrorCode code, weir::Buffer* out) {
  weir::StoreBig32(
      PlaceFrame({.length = 4, .type = FrameType::kRstStream, .stream_id = stream}, out),
      static_cast<uint32_t>(code));
}

void AppendGoAway(weir::Buffer* out) {
  // Last stream 0, for a server opens none; NO_ERROR.
  std::fill_n(PlaceFrame({.length = 8, .type = FrameType::kGoAway}, out), 8, uint8_t{0});
}

}  // namespace load
