#include "transport/http2/frame_table.h"

#include <array>

namespace weir::http2 {
namespace {

using enum StreamRule;

constexpr uint32_t kAny = kMaxFrameSizeCeiling;

constexpr std::array<FrameRow, kFrameTypeCount> kRows = {{
    // type, stream rule; length min, max, multiple; octets kept
    {FrameType::kData, kStreamOnly, Violation::kDataOnConnection,  //
     0, kAny, 1, Violation::kNone, kAny},
    {FrameType::kHeaders, kStreamOnly, Violation::kHeadersOnConnection,  //
     0, kAny, 1, Violation::kNone, kAny},
    {FrameType::kPriority, kStreamOnly, Violation::kPriorityOnConnection,  //
     5, 5, 1, Violation::kPriorityLength, 5},
    {FrameType::kRstStream, kStreamOnly, Violation::kRstStreamOnConnection,  //
     4, 4, 1, Violation::kRstStreamLength, 4},
    {FrameType::kSettings, kConnectionOnly, Violation::kSettingsOnStream,  //
     0, kAny, 6, Violation::kSettingsLength, kAny},
    {FrameType::kPushPromise, kNever, Violation::kPushPromise,  //
     0, kAny, 1, Violation::kNone, 0},
    {FrameType::kPing, kConnectionOnly, Violation::kPingOnStream,  //
     8, 8, 1, Violation::kPingLength, 8},
    {FrameType::kGoAway, kConnectionOnly, Violation::kGoAwayOnStream,  //
     8, kAny, 1, Violation::kGoAwayLength, 8},
    {FrameType::kWindowUpdate, kEither, Violation::kNone,  //
     4, 4, 1, Violation::kWindowUpdateLength, 4},
    {FrameType::kContinuation, kStreamOnly, Violation::kContinuationUnexpected,  //
     0, kAny, 1, Violation::kNone, kAny},
    {FrameType::kExtension, kEither, Violation::kNone,  //
     0, kAny, 1, Violation::kNone, 0},
}};

constexpr bool RowsAreInOrder() {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<size_t>(kRows[i].type) != i || kRows[i].length_multiple == 0) return false;
  }
  return true;
}
static_assert(RowsAreInOrder());

constexpr bool StreamIsAllowed(StreamRule rule, StreamId id) {
  switch (rule) {
    case kStreamOnly:
      return id != kConnectionStreamId;
    case kConnectionOnly:
      return id == kConnectionStreamId;
    case kEither:
      return true;
    case kNever:
      return false;
  }
  return false;
}

}  // namespace

const FrameRow& FrameRowOf(FrameType type) { return kRows[static_cast<size_t>(type)]; }

Violation CheckFrameHeader(const FrameHeader& header, uint32_t max_frame_size) {
  if (header.length > max_frame_size) return Violation::kFrameTooLarge;
  const FrameRow& row = FrameRowOf(header.type);
  if (!StreamIsAllowed(row.stream_rule, header.stream_id)) return row.stream_violation;
  // A division would be the dearest instruction on the path of every frame: only SETTINGS has it.
  if (header.length < row.length_min || header.length > row.length_max ||
      (row.length_multiple != 1 && header.length % row.length_multiple != 0)) {
    return row.length_violation;
  }
  return Violation::kNone;
}

}  // namespace weir::http2
