#include "transport/http2/frame_payload.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/testing/frame_builder.h"

namespace weir::http2 {
namespace {

namespace frame_flag = weir::testing::frame_flag;

Frame FrameOf(FrameType type, uint8_t frame_flags, StreamId id, std::string_view payload) {
  Frame frame;
  frame.header = {.length = static_cast<uint32_t>(payload.size()),
                  .type = type,
                  .flags = frame_flags,
                  .stream_id = id};
  frame.payload = AsBytes(payload);
  return frame;
}

struct ParsedHeaders {
  Violation violation;
  std::string fragment;
};

ParsedHeaders Parse(uint8_t frame_flags, std::string_view payload) {
  ByteView fragment;
  const Violation violation =
      ParseHeaders(FrameOf(FrameType::kHeaders, frame_flags, 3, payload), &fragment);
  return {violation, std::string(AsText(fragment))};
}

constexpr uint8_t kBoth = frame_flag::kPadded | frame_flag::kPriority;

TEST(FramePayload, TakesPaddingAndPriorityOffHeaders) {
  EXPECT_EQ(Parse(0, "block").fragment, "block");
  EXPECT_EQ(Parse(frame_flag::kPadded, std::string_view("\x02"
                                                        "blockxx"))
                .fragment,
            "block");
  EXPECT_EQ(Parse(frame_flag::kPriority, std::string_view("\0\0\0\x01\x0f"
                                                          "block",
                                                          10))
                .fragment,
            "block");
  EXPECT_EQ(Parse(kBoth, std::string_view("\x01\0\0\0\x01\x0f"
                                          "blockx",
                                          12))
                .fragment,
            "block");
}

TEST(FramePayload, PaddingMayFillWhatIsLeftOfHeadersAndNoMore) {
  EXPECT_EQ(Parse(frame_flag::kPadded, "\x03xxx").violation, Violation::kNone);
  EXPECT_EQ(Parse(frame_flag::kPadded, "\x04xxx").violation, Violation::kHeadersPadding);
  EXPECT_EQ(Parse(frame_flag::kPadded, "").violation, Violation::kHeadersPadding);
  EXPECT_EQ(Parse(kBoth, std::string_view("\x01\0\0\0\x01\x0f", 6)).violation,
            Violation::kHeadersPadding);
}

TEST(FramePayload, PriorityFieldsMustFitIntoHeaders) {
  EXPECT_EQ(Parse(frame_flag::kPriority, std::string_view("\0\0\0\x01", 4)).violation,
            Violation::kHeadersTooShort);
  EXPECT_EQ(Parse(frame_flag::kPriority, std::string_view("\0\0\0\x01\x0f", 5)).violation,
            Violation::kNone);
  EXPECT_EQ(Parse(kBoth, std::string_view("\0\0\0\0\x01", 5)).violation,
            Violation::kHeadersTooShort);
}

TEST(FramePayload, AStreamCannotDependOnItself) {
  EXPECT_EQ(Parse(frame_flag::kPriority, std::string_view("\0\0\0\x03\x0f", 5)).violation,
            Violation::kSelfDependency);
  // The exclusive bit does not make it another stream.
  EXPECT_EQ(Parse(frame_flag::kPriority, std::string_view("\x80\0\0\x03\x0f", 5)).violation,
            Violation::kSelfDependency);
  const std::string_view on_five("\0\0\0\x05\x0f", 5);
  EXPECT_EQ(CheckPriority(FrameOf(FrameType::kPriority, 0, 3, on_five)), Violation::kNone);
  EXPECT_EQ(CheckPriority(FrameOf(FrameType::kPriority, 0, 5, on_five)),
            Violation::kSelfDependency);
}

TEST(FramePayload, ReadsTheNumbersInTheOtherFrames) {
  EXPECT_EQ(ParseRstStream(FrameOf(FrameType::kRstStream, 0, 1, std::string_view("\0\0\0\x08", 4))),
            ErrorCode::kCancel);
  EXPECT_EQ(ParsePing(FrameOf(FrameType::kPing, 0, 0, "\x01\x02\x03\x04\x05\x06\x07\x08")),
            0x0102030405060708u);
  EXPECT_EQ(ParseGoAway(FrameOf(FrameType::kGoAway, 0, 0,
                                std::string_view("\x7f\xff\xff\xff\0\0\0\x0b", 8))),
            ErrorCode::kEnhanceYourCalm);
  EXPECT_EQ(ParseWindowUpdate(FrameOf(FrameType::kWindowUpdate, 0, 1, "\xff\xff\xff\xff")),
            0x7fffffffu);
}

}  // namespace
}  // namespace weir::http2
