#include "transport/http2/frame_sequence.h"

#include <gtest/gtest.h>

namespace weir::http2 {
namespace {

class FrameSequenceTest : public ::testing::Test {
 protected:
  Violation Admit(FrameType type, uint8_t frame_flags, StreamId id, uint32_t length = 0) {
    return sequence_.Admit({.length = length, .type = type, .flags = frame_flags, .stream_id = id});
  }
  void Start() { ASSERT_EQ(Admit(FrameType::kSettings, 0, 0), Violation::kNone); }
  Violation Begin(StreamId id, uint32_t length = 0) {
    return Admit(FrameType::kHeaders, flags::kNone, id, length);
  }
  Violation Continue(StreamId id, uint32_t length) {
    return Admit(FrameType::kContinuation, flags::kNone, id, length);
  }
  Violation End(StreamId id, uint32_t length) {
    return Admit(FrameType::kContinuation, flags::kEndHeaders, id, length);
  }

  ConnectionOptions options_;
  FrameSequence sequence_{options_};
};

TEST_F(FrameSequenceTest, SettingsComesFirst) {
  for (size_t type = 0; type < kFrameTypeCount; ++type) {
    FrameSequence sequence(options_);
    const FrameHeader header{.type = static_cast<FrameType>(type)};
    EXPECT_EQ(sequence.Admit(header), header.type == FrameType::kSettings
                                          ? Violation::kNone
                                          : Violation::kFirstFrameNotSettings);
  }
}

TEST_F(FrameSequenceTest, AnAcknowledgementIsNotThePeersSettings) {
  EXPECT_EQ(Admit(FrameType::kSettings, flags::kAck, 0), Violation::kFirstFrameNotSettings);
}

TEST_F(FrameSequenceTest, OnlyContinuationOfTheSameStreamMayFollowAnUnfinishedBlock) {
  for (size_t type = 0; type < kFrameTypeCount; ++type) {
    for (const StreamId id : {1u, 3u}) {
      FrameSequence sequence(options_);
      ASSERT_EQ(sequence.Admit({.type = FrameType::kSettings}), Violation::kNone);
      ASSERT_EQ(sequence.Admit({.type = FrameType::kHeaders, .stream_id = 1}), Violation::kNone);
      EXPECT_TRUE(sequence.in_header_block());
      const FrameType next = static_cast<FrameType>(type);
      const bool is_right = next == FrameType::kContinuation && id == 1;
      EXPECT_EQ(sequence.Admit({.type = next, .stream_id = id}),
                is_right ? Violation::kNone : Violation::kHeaderBlockInterrupted);
    }
  }
}

TEST_F(FrameSequenceTest, ContinuationNeedsAnUnfinishedBlock) {
  Start();
  EXPECT_EQ(Continue(1, 0), Violation::kContinuationUnexpected);
  EXPECT_EQ(Begin(1), Violation::kNone);
  EXPECT_EQ(End(1, 0), Violation::kNone);
  EXPECT_FALSE(sequence_.in_header_block());
  EXPECT_EQ(End(1, 0), Violation::kContinuationUnexpected);
}

TEST_F(FrameSequenceTest, CountsTheOctetsOfABlock) {
  options_.header_block_bytes_max = 4000;
  Start();
  EXPECT_EQ(Begin(1, 4001), Violation::kHeaderBlockTooLarge);
  EXPECT_EQ(Begin(1, 2000), Violation::kNone);
  EXPECT_EQ(End(1, 2000), Violation::kNone);
  EXPECT_EQ(Begin(3, 2000), Violation::kNone);
  EXPECT_EQ(End(3, 2001), Violation::kHeaderBlockTooLarge);
}

TEST_F(FrameSequenceTest, CountsTheContinuationsOfABlock) {
  options_.continuation_frames_max = 3;
  Start();
  for (const StreamId id : {1u, 3u}) {
    EXPECT_EQ(Begin(id), Violation::kNone);
    EXPECT_EQ(Continue(id, 1024), Violation::kNone);
    EXPECT_EQ(Continue(id, 1024), Violation::kNone);
    EXPECT_EQ(End(id, 1024), Violation::kNone);
  }
  EXPECT_EQ(Begin(5), Violation::kNone);
  EXPECT_EQ(Continue(5, 1024), Violation::kNone);
  EXPECT_EQ(Continue(5, 1024), Violation::kNone);
  EXPECT_EQ(Continue(5, 1024), Violation::kNone);
  EXPECT_EQ(End(5, 1024), Violation::kTooManyContinuations);
}

TEST_F(FrameSequenceTest, TakesTwoSmallContinuationsThatDoNotEndTheBlock) {
  Start();
  EXPECT_EQ(Begin(1), Violation::kNone);
  EXPECT_EQ(Continue(1, 0), Violation::kNone);
  EXPECT_EQ(Continue(1, 1023), Violation::kNone);
  EXPECT_EQ(End(1, 0), Violation::kNone);
  EXPECT_EQ(Begin(3), Violation::kNone);
  EXPECT_EQ(Continue(3, 0), Violation::kNone);
  EXPECT_EQ(Continue(3, 0), Violation::kNone);
  EXPECT_EQ(Continue(3, 0), Violation::kTooManyContinuations);
}

TEST_F(FrameSequenceTest, CountsTheEntriesOfSettings) {
  options_.settings_entries_max = 3;
  Start();
  EXPECT_EQ(Admit(FrameType::kSettings, 0, 0, 18), Violation::kNone);
  EXPECT_EQ(Admit(FrameType::kSettings, 0, 0, 24), Violation::kTooManySettings);
}

}  // namespace
}  // namespace weir::http2
