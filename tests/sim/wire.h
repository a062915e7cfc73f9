// Frames of HTTP/2 as octets, both ways, for the client and the model (RFC 9113 §4.1, §6).
//
// Written without the engine's reader and writer: the simulation judges them.
#ifndef WEIR_TESTS_SIM_WIRE_H_
#define WEIR_TESTS_SIM_WIRE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::sim {

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

namespace frame_type {
inline constexpr uint8_t kData = 0, kHeaders = 1, kPriority = 2, kRstStream = 3, kSettings = 4,
                         kPushPromise = 5, kPing = 6, kGoAway = 7, kWindowUpdate = 8,
                         kContinuation = 9, kUnknown = 0xbe, kNone = 0xff;
}  // namespace frame_type

namespace frame_flag {
inline constexpr uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8, kPriority = 0x20;
}  // namespace frame_flag

// RFC 9113 §7.
namespace error_code {
inline constexpr uint32_t kNoError = 0, kProtocol = 1, kInternal = 2, kFlowControl = 3,
                          kSettingsTimeout = 4, kStreamClosed = 5, kFrameSize = 6,
                          kRefusedStream = 7, kCancel = 8, kCompression = 9, kEnhanceYourCalm = 11;
}  // namespace error_code

// RFC 9113 §6.5.2.
namespace setting_id {
inline constexpr uint16_t kHeaderTableSize = 1, kEnablePush = 2, kMaxConcurrentStreams = 3,
                          kInitialWindowSize = 4, kMaxFrameSize = 5, kMaxHeaderListSize = 6;
}  // namespace setting_id

inline constexpr int64_t kWindowMax = 0x7fffffff;  // RFC 9113 §6.9.1
inline constexpr int64_t kWindowDefault = 65535;   // RFC 9113 §6.9.2
inline constexpr uint32_t kStreamIdMax = 0x7fffffff;
inline constexpr uint32_t kFrameSizeDefault = 16384;
inline constexpr size_t kFrameHeaderSize = 9;

struct FrameHeader {
  uint32_t length = 0;
  uint8_t type = frame_type::kNone;
  uint8_t flags = 0;
  uint32_t stream_id = 0;

  bool Has(uint8_t flag) const { return (flags & flag) != 0; }
};

// "DATA stream 5 length 100 flags 0x1"
std::string Describe(const FrameHeader& frame);

// Big-endian octets.
void AppendNumber(uint64_t value, int octets, std::string* out);
uint64_t LoadNumber(std::string_view octets);

void AppendFrameHeader(const FrameHeader& frame, std::string* out);
void AppendFrame(uint8_t type, uint8_t flags, uint32_t stream_id, std::string_view payload,
                 std::string* out);
void AppendSetting(uint16_t id, uint32_t value, std::string* payload);

// Cuts a stream of octets into frames.
class FrameSplitter {
 public:
  // With `expects_preface`, the first octets are taken to be the client's preface.
  explicit FrameSplitter(bool expects_preface)
      : preface_left_(expects_preface ? kPreface.size() : 0) {}

  // Calls, in order: `sink.OnPreface(matches)`; `sink.OnFrameHeader(header, pad_length)` as soon as
  // a receiver can know both (the padding only of padded DATA, else 0), and
  // `sink.OnFrame(header, payload)` when the frame is complete.
  template <typename Sink>
  void Feed(std::string_view octets, Sink& sink) {
    held_.append(octets);
    size_t used = 0;
    while (Step(std::string_view(held_).substr(used), &used, sink)) {
    }
    held_.erase(0, used);
  }

  bool is_inside_frame() const { return !held_.empty() || is_announced_; }

 private:
  template <typename Sink>
  bool Step(std::string_view rest, size_t* used, Sink& sink) {
    if (preface_left_ != 0) {
      const size_t offset = kPreface.size() - preface_left_;
      const size_t count = std::min(rest.size(), preface_left_);
      if (count == 0) return false;
      const bool matches = rest.substr(0, count) == kPreface.substr(offset, count);
      preface_left_ -= count;
      *used += count;
      if (!matches || preface_left_ == 0) sink.OnPreface(matches);
      return preface_left_ == 0;
    }
    if (rest.size() < kFrameHeaderSize) return false;
    const FrameHeader header = Parse(rest);
    if (!is_announced_) {
      const bool has_padding =
          header.type == frame_type::kData && header.Has(frame_flag::kPadded) && header.length != 0;
      if (has_padding && rest.size() == kFrameHeaderSize) return false;
      is_announced_ = true;
      sink.OnFrameHeader(header, has_padding ? static_cast<uint8_t>(rest[kFrameHeaderSize]) : 0);
    }
    if (rest.size() - kFrameHeaderSize < header.length) return false;
    is_announced_ = false;
    *used += kFrameHeaderSize + header.length;
    sink.OnFrame(header, rest.substr(kFrameHeaderSize, header.length));
    return true;
  }

  static FrameHeader Parse(std::string_view octets);

  size_t preface_left_;
  std::string held_;
  bool is_announced_ = false;
};

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_WIRE_H_
