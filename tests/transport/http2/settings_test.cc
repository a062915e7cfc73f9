#include "transport/http2/settings.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "tests/testing/frame_builder.h"

namespace weir::http2 {
namespace {

constexpr uint16_t kEnablePush = 2, kInitialWindowSize = 4, kMaxFrameSize = 5,
                   kMaxHeaderListSize = 6, kNoPriorities = 9;

class PeerSettingsTest : public ::testing::Test {
 protected:
  Violation Apply(std::initializer_list<std::pair<uint16_t, uint32_t>> settings) {
    const std::string frame = weir::testing::Settings(settings);
    applied_.clear();
    return settings_.Apply(AsBytes(frame).subspan(9), [this](const Setting& setting) {
      applied_.push_back(static_cast<uint16_t>(setting.id));
    });
  }

  PeerSettings settings_;
  std::vector<uint16_t> applied_;
};

TEST_F(PeerSettingsTest, StartWithTheValuesOfTheRfc) {
  EXPECT_EQ(settings_.initial_window_size(), 65535u);
  EXPECT_EQ(settings_.max_frame_size(), 16384u);
  EXPECT_EQ(settings_.max_header_list_size(), std::numeric_limits<size_t>::max());
}

TEST_F(PeerSettingsTest, ApplyInOrderAndTheLastCounts) {
  EXPECT_EQ(Apply({{kInitialWindowSize, 100}, {kMaxFrameSize, 20000}, {kInitialWindowSize, 1}}),
            Violation::kNone);
  EXPECT_EQ(settings_.initial_window_size(), 1u);
  EXPECT_EQ(settings_.max_frame_size(), 20000u);
  EXPECT_EQ(applied_, (std::vector<uint16_t>{4, 5, 4}));
}

TEST_F(PeerSettingsTest, RefuseValuesOneOutsideTheirRange) {
  EXPECT_EQ(Apply({{kEnablePush, 1}}), Violation::kNone);
  EXPECT_EQ(Apply({{kEnablePush, 2}}), Violation::kSettingsEnablePush);
  EXPECT_EQ(Apply({{kInitialWindowSize, 0x7fffffff}}), Violation::kNone);
  EXPECT_EQ(Apply({{kInitialWindowSize, 0x80000000}}), Violation::kSettingsInitialWindow);
  EXPECT_EQ(Apply({{kMaxFrameSize, 16384}}), Violation::kNone);
  EXPECT_EQ(Apply({{kMaxFrameSize, 16383}}), Violation::kSettingsMaxFrameSize);
  EXPECT_EQ(Apply({{kMaxFrameSize, 0}}), Violation::kSettingsMaxFrameSize);
  EXPECT_EQ(Apply({{kMaxFrameSize, 16777215}}), Violation::kNone);
  EXPECT_EQ(Apply({{kMaxFrameSize, 16777216}}), Violation::kSettingsMaxFrameSize);
  EXPECT_EQ(Apply({{kNoPriorities, 2}}), Violation::kSettingsNoPriorities);
}

TEST_F(PeerSettingsTest, StopAtTheFirstViolation) {
  EXPECT_EQ(Apply({{kInitialWindowSize, 5}, {kEnablePush, 7}, {kInitialWindowSize, 6}}),
            Violation::kSettingsEnablePush);
  EXPECT_EQ(settings_.initial_window_size(), 5u);
}

TEST_F(PeerSettingsTest, PrioritiesAreSaidAtFirstOrNever) {
  EXPECT_EQ(Apply({{kNoPriorities, 1}}), Violation::kNone);
  EXPECT_EQ(Apply({{kNoPriorities, 1}}), Violation::kNone);
  EXPECT_EQ(Apply({{kNoPriorities, 0}}), Violation::kSettingsNoPriorities);
  settings_ = PeerSettings();
  EXPECT_EQ(Apply({}), Violation::kNone);
  EXPECT_EQ(Apply({{kNoPriorities, 0}}), Violation::kNone);
  EXPECT_EQ(Apply({{kNoPriorities, 1}}), Violation::kSettingsNoPriorities);
}

TEST_F(PeerSettingsTest, IgnoreWhatTheyDoNotKnow) {
  EXPECT_EQ(Apply({{0, 7}, {0xffff, 0xffffffff}, {8, 5}, {kMaxHeaderListSize, 0}}),
            Violation::kNone);
  EXPECT_EQ(settings_.max_header_list_size(), 0u);
}

TEST(LocalSettings, KeepTheirValuesInTheRangeOfTheRfc) {
  ConnectionOptions options;
  options.stream_window = 0xffffffff;
  options.max_frame_size = 1;
  const LocalSettings settings(options);
  uint32_t window = 0;
  uint32_t frame_size = 0;
  for (const Setting& setting : settings.list) {
    if (setting.id == SettingId::kInitialWindowSize) window = setting.value;
    if (setting.id == SettingId::kMaxFrameSize) frame_size = setting.value;
  }
  EXPECT_EQ(window, 0x7fffffffu);
  EXPECT_EQ(frame_size, 16384u);
}

}  // namespace
}  // namespace weir::http2
