#include "transport/http2/settings.h"

#include <algorithm>

namespace weir::http2 {

LocalSettings::LocalSettings(const ConnectionOptions& options)
    : list{{
          {SettingId::kMaxConcurrentStreams, options.max_concurrent_streams},
          {SettingId::kInitialWindowSize, std::min(options.stream_window, kWindowMax)},
          {SettingId::kMaxFrameSize,
           std::clamp(options.max_frame_size, kMaxFrameSizeFloor, kMaxFrameSizeCeiling)},
          {SettingId::kMaxHeaderListSize, options.header_list_size_max},
          {SettingId::kNoRfc7540Priorities, 1},
      }} {}

Violation PeerSettings::ApplyOne(const Setting& setting) {
  switch (setting.id) {
    case SettingId::kEnablePush:
      return setting.value <= 1 ? Violation::kNone : Violation::kSettingsEnablePush;
    case SettingId::kInitialWindowSize:
      if (setting.value > kWindowMax) return Violation::kSettingsInitialWindow;
      initial_window_size_ = setting.value;
      return Violation::kNone;
    case SettingId::kMaxFrameSize:
      if (setting.value < kMaxFrameSizeFloor || setting.value > kMaxFrameSizeCeiling) {
        return Violation::kSettingsMaxFrameSize;
      }
      max_frame_size_ = setting.value;
      return Violation::kNone;
    case SettingId::kMaxHeaderListSize:
      max_header_list_size_ = setting.value;
      return Violation::kNone;
    case SettingId::kNoRfc7540Priorities: {
      const bool value = setting.value == 1;
      if (setting.value > 1 || (!is_first_frame_ && value != has_no_priorities_)) {
        return Violation::kSettingsNoPriorities;
      }
      has_no_priorities_ = value;
      return Violation::kNone;
    }
    case SettingId::kHeaderTableSize:       // the encoder's affair
    case SettingId::kMaxConcurrentStreams:  // limits pushed streams, of which there are none
      return Violation::kNone;
  }
  return Violation::kNone;  // unknown: ignored
}

}  // namespace weir::http2
