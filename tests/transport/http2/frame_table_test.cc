#include "transport/http2/frame_table.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/testing/frame_builder.h"

namespace weir::http2 {
namespace {

constexpr uint32_t kMax = kMaxFrameSizeFloor;

Violation Check(FrameType type, StreamId id, uint32_t length) {
  return CheckFrameHeader({.length = length, .type = type, .stream_id = id}, kMax);
}

TEST(FrameHeader, IsReadAsItIsWritten) {
  uint8_t octets[kFrameHeaderSize];
  StoreFrameHeader(octets, {.length = 0x123456,
                            .type = FrameType::kContinuation,
                            .flags = 0xa5,
                            .stream_id = 0x7edcba98});
  const FrameHeader header = ParseFrameHeader(octets);
  EXPECT_EQ(header.length, 0x123456u);
  EXPECT_EQ(header.type, FrameType::kContinuation);
  EXPECT_EQ(header.flags, 0xa5);
  EXPECT_EQ(header.stream_id, 0x7edcba98u);
}

TEST(FrameHeader, IgnoresTheReservedBitAndKnowsNoExtensions) {
  const std::string octets = testing::FrameHeaderOnly(0, 0x0a, 0, 0x80000001);
  const FrameHeader header = ParseFrameHeader(reinterpret_cast<const uint8_t*>(octets.data()));
  EXPECT_EQ(header.stream_id, 1u);
  EXPECT_EQ(header.type, FrameType::kExtension);
}

TEST(FrameTable, KnowsWhichStreamsAFrameMayBeOn) {
  EXPECT_EQ(Check(FrameType::kData, 0, 1), Violation::kDataOnConnection);
  EXPECT_EQ(Check(FrameType::kHeaders, 0, 1), Violation::kHeadersOnConnection);
  EXPECT_EQ(Check(FrameType::kPriority, 0, 5), Violation::kPriorityOnConnection);
  EXPECT_EQ(Check(FrameType::kRstStream, 0, 4), Violation::kRstStreamOnConnection);
  EXPECT_EQ(Check(FrameType::kContinuation, 0, 1), Violation::kContinuationUnexpected);
  EXPECT_EQ(Check(FrameType::kSettings, 1, 0), Violation::kSettingsOnStream);
  EXPECT_EQ(Check(FrameType::kPing, 1, 8), Violation::kPingOnStream);
  EXPECT_EQ(Check(FrameType::kGoAway, 1, 8), Violation::kGoAwayOnStream);
  EXPECT_EQ(Check(FrameType::kPushPromise, 1, 8), Violation::kPushPromise);
  EXPECT_EQ(Check(FrameType::kPushPromise, 0, 8), Violation::kPushPromise);
  for (const StreamId id : {0u, 1u, 2u}) {
    EXPECT_EQ(Check(FrameType::kWindowUpdate, id, 4), Violation::kNone);
    EXPECT_EQ(Check(FrameType::kExtension, id, 0), Violation::kNone);
  }
}

TEST(FrameTable, KnowsLengthsOneBelowAtAndOneAbove) {
  struct Row {
    FrameType type;
    StreamId id;
    uint32_t length;
    Violation violation;
  };
  constexpr std::array<Row, 5> kFixed = {{
      {FrameType::kPriority, 1, 5, Violation::kPriorityLength},
      {FrameType::kRstStream, 1, 4, Violation::kRstStreamLength},
      {FrameType::kPing, 0, 8, Violation::kPingLength},
      {FrameType::kWindowUpdate, 0, 4, Violation::kWindowUpdateLength},
      {FrameType::kWindowUpdate, 1, 4, Violation::kWindowUpdateLength},
  }};
  for (const Row& row : kFixed) {
    EXPECT_EQ(Check(row.type, row.id, row.length - 1), row.violation);
    EXPECT_EQ(Check(row.type, row.id, row.length), Violation::kNone);
    EXPECT_EQ(Check(row.type, row.id, row.length + 1), row.violation);
  }
  EXPECT_EQ(Check(FrameType::kGoAway, 0, 7), Violation::kGoAwayLength);
  EXPECT_EQ(Check(FrameType::kGoAway, 0, 8), Violation::kNone);
  EXPECT_EQ(Check(FrameType::kGoAway, 0, 9), Violation::kNone);
  for (uint32_t length = 0; length < 20; ++length) {
    EXPECT_EQ(Check(FrameType::kSettings, 0, length),
              length % 6 == 0 ? Violation::kNone : Violation::kSettingsLength);
  }
}

TEST(FrameTable, RefusesAnyFrameOneOctetAboveTheMaximum) {
  for (size_t type = 0; type < kFrameTypeCount; ++type) {
    const FrameType frame_type = static_cast<FrameType>(type);
    EXPECT_EQ(Check(frame_type, 1, kMax + 1), Violation::kFrameTooLarge);
    EXPECT_NE(Check(frame_type, 1, kMax), Violation::kFrameTooLarge);
  }
}

}  // namespace
}  // namespace weir::http2
