// SETTINGS of both sides: what may stand in them, and which values are in force (RFC 9113 §6.5).
#ifndef WEIR_TRANSPORT_HTTP2_SETTINGS_H_
#define WEIR_TRANSPORT_HTTP2_SETTINGS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "transport/base/bytes.h"
#include "transport/http2/frame_header.h"
#include "transport/http2/options.h"
#include "transport/http2/violation.h"
#include "transport/http2/window.h"

namespace weir::http2 {

// RFC 9113 §6.5.2 and RFC 9218 §2.1. A peer may send any 16-bit value; others are ignored.
enum class SettingId : uint16_t {
  kHeaderTableSize = 0x1,
  kEnablePush = 0x2,
  kMaxConcurrentStreams = 0x3,
  kInitialWindowSize = 0x4,
  kMaxFrameSize = 0x5,
  kMaxHeaderListSize = 0x6,
  kNoRfc7540Priorities = 0x9,
};

struct Setting {
  SettingId id;
  uint32_t value;
};

inline constexpr size_t kSettingSize = 6;

// What we announce. All of it stays in force for the life of the connection.
struct LocalSettings {
  explicit LocalSettings(const ConnectionOptions& options);

  std::array<Setting, 5> list;
};

// The peer's values that touch what we send.
class PeerSettings {
 public:
  // Applies the entries of one frame in order; `on_setting(setting)` is called for each one behind
  // that. Stops at the first violation.
  template <typename OnSetting>
  Violation Apply(ByteView payload, OnSetting on_setting) {
    for (; payload.size() >= kSettingSize; payload = payload.subspan(kSettingSize)) {
      const Setting setting{static_cast<SettingId>(LoadBig16(payload.data())),
                            LoadBig32(payload.data() + 2)};
      const Violation violation = ApplyOne(setting);
      if (violation != Violation::kNone) return violation;
      on_setting(setting);
    }
    is_first_frame_ = false;
    return Violation::kNone;
  }

  uint32_t max_frame_size() const { return max_frame_size_; }
  uint32_t initial_window_size() const { return initial_window_size_; }
  // SIZE_MAX when the peer set none.
  size_t max_header_list_size() const { return max_header_list_size_; }

 private:
  Violation ApplyOne(const Setting& setting);

  uint32_t max_frame_size_ = kMaxFrameSizeFloor;
  uint32_t initial_window_size_ = kWindowInitial;
  size_t max_header_list_size_ = std::numeric_limits<size_t>::max();
  bool is_first_frame_ = true;
  bool has_no_priorities_ = false;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_SETTINGS_H_
