// The debug data of GOAWAY: ours is short, and the peer's is not kept (RFC 9113 §6.8).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/testing/scripted_peer.h"
#include "tests/testing/segmenter.h"

namespace weir::limits {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using ::testing::ElementsAre;

constexpr size_t kDebugMax = 256;

class GoAwayDebug : public ::testing::TestWithParam<Segmentation> {};

INSTANTIATE_TEST_SUITE_P(Split, GoAwayDebug, ::testing::ValuesIn(AllSegmentations()),
                         [](const auto& test) { return NameOf(test.param); });

std::string GoAwayLine(size_t debug_bytes) {
  return "GOAWAY 0 NO_ERROR [" + std::to_string(debug_bytes) + "]";
}

TEST_P(GoAwayDebug, OfOursIsCutAfter256Octets) {
  for (const size_t size : {kDebugMax - 1, kDebugMax, kDebugMax + 1, size_t{100'000}}) {
    ScriptedPeer peer(GetParam(), {}, Settings());
    peer.connection().CloseNow(http2::ErrorCode::kNoError, std::string(size, 'd'));
    EXPECT_THAT(peer.Hears(), ElementsAre(GoAwayLine(std::min(size, kDebugMax))));
  }
}

TEST_P(GoAwayDebug, OfADrainIsCutInBothFrames) {
  ScriptedPeer peer(GetParam(), {}, Settings());
  peer.connection().BeginDrain(std::string(kDebugMax + 1, 'd'));
  EXPECT_EQ(peer.Hears().front(), "GOAWAY 2147483647 NO_ERROR [256]");
  peer.Sends(PingAck(0x64'72'61'69'6e'21'21'21));
  EXPECT_THAT(peer.Hears(), ElementsAre(GoAwayLine(kDebugMax)));
}

TEST_P(GoAwayDebug, OfThePeerIsNotKept) {
  ScriptedPeer peer(GetParam(), {}, Settings());
  const std::string frame = GoAway(0, http2::ErrorCode::kNoError, std::string(16'000, 'd'));
  peer.Sends(frame.substr(0, 12'000));
  EXPECT_LE(peer.connection().buffered_bytes(), 8u);
  peer.Sends(frame.substr(12'000));
  EXPECT_THAT(peer.Events(), ElementsAre("going away NO_ERROR"));
  EXPECT_EQ(peer.connection().buffered_bytes(), 0u);
}

}  // namespace
}  // namespace weir::limits
