#include "transport/http2/frame_writer.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/testing/frame_builder.h"

namespace weir::http2 {
namespace {

namespace frame_flag = weir::testing::frame_flag;
namespace frame_type = weir::testing::frame_type;
using weir::testing::RawFrame;

class FrameWriterTest : public ::testing::Test {
 protected:
  std::string Written() {
    std::array<iovec, 1> part;
    if (output_.Describe(part) == 0) return {};
    std::string octets(static_cast<const char*>(part[0].iov_base), part[0].iov_len);
    output_.Clear();
    return octets;
  }
  OutputBuffer output_;
};

TEST_F(FrameWriterTest, WritesEachFrameAsTheRfcDrawsIt) {
  WriteRstStream(output_, 5, ErrorCode::kCancel);
  EXPECT_EQ(Written(), weir::testing::RstStream(5));
  WriteWindowUpdate(output_, 3, 0x7fffffff);
  EXPECT_EQ(Written(), weir::testing::WindowUpdate(3, 0x7fffffff));
  WritePing(output_, 0x0102030405060708, false);
  EXPECT_EQ(Written(), weir::testing::Ping(0x0102030405060708));
  WritePing(output_, 7, true);
  EXPECT_EQ(Written(), weir::testing::PingAck(7));
  WriteSettingsAck(output_);
  EXPECT_EQ(Written(), weir::testing::SettingsAck());
  constexpr std::array<Setting, 2> kSettings = {
      {{SettingId::kInitialWindowSize, 70000}, {SettingId::kMaxFrameSize, 16384}}};
  WriteSettings(output_, kSettings);
  EXPECT_EQ(Written(), weir::testing::Settings({{4, 70000}, {5, 16384}}));
  std::string_view("abc").copy(reinterpret_cast<char*>(PlaceData(output_, 9, 3)), 3);
  EXPECT_EQ(Written(), weir::testing::Data(9, "abc"));
}

TEST_F(FrameWriterTest, CutsTheDebugDataOfGoAway) {
  WriteGoAway(output_, 11, ErrorCode::kEnhanceYourCalm, "too_many_pings");
  EXPECT_EQ(Written(), weir::testing::GoAway(11, ErrorCode::kEnhanceYourCalm, "too_many_pings"));
  const std::string long_text(257, 'x');
  WriteGoAway(output_, 1, ErrorCode::kNoError, long_text);
  EXPECT_EQ(Written(), weir::testing::GoAway(1, ErrorCode::kNoError, long_text.substr(1)));
}

TEST_F(FrameWriterTest, WritesABlockThatFitsAsOneFrame) {
  const std::string block(20, 'b');
  WriteFieldBlock(output_, 1, AsBytes(block), /*ends_stream=*/false, 20);
  EXPECT_EQ(Written(), RawFrame(frame_type::kHeaders, frame_flag::kEndHeaders, 1, block));
}

TEST_F(FrameWriterTest, SplitsABlockAtTheFrameSize) {
  const std::string block = std::string(20, 'a') + std::string(20, 'b') + "c";
  WriteFieldBlock(output_, 1, AsBytes(block), /*ends_stream=*/true, 20);
  EXPECT_EQ(Written(),
            RawFrame(frame_type::kHeaders, frame_flag::kEndStream, 1, block.substr(0, 20)) +
                weir::testing::Continuation(1, block.substr(20, 20), false) +
                weir::testing::Continuation(1, "c", true));
  WriteFieldBlock(output_, 1, AsBytes(block).first(40), /*ends_stream=*/false, 20);
  EXPECT_EQ(Written(), RawFrame(frame_type::kHeaders, 0, 1, block.substr(0, 20)) +
                           weir::testing::Continuation(1, block.substr(20, 20), true));
}

}  // namespace
}  // namespace weir::http2
