// What the fuzzers have found, each as a dialogue that a person can read.
//
// The inputs themselves are not kept: what they mean changes with the language of their programs.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing/frame_builder.h"
#include "tests/testing/scripted_peer.h"
#include "tests/testing/segmenter.h"

namespace weir::fuzz {
namespace {

using testing::Headers;
using testing::OpenRequest;
using testing::ScriptedPeer;
using testing::Settings;
using Lines = std::vector<std::string>;

class Regressions : public ::testing::TestWithParam<testing::Segmentation> {};

INSTANTIATE_TEST_SUITE_P(Split, Regressions, ::testing::ValuesIn(testing::AllSegmentations()),
                         [](const ::testing::TestParamInfo<testing::Segmentation>& of) {
                           return testing::NameOf(of.param);
                         });

// memcpy from a null pointer: undefined, even for no octets.
TEST_P(Regressions, AnEmptyFieldSectionMayBeTheFirstBlock) {
  ScriptedPeer peer(GetParam());
  peer.Starts();
  peer.Sends(testing::Request(1));
  peer.Hears();
  peer.connection().SendTrailers(peer.Key(1), http2::OutputFields{});
  EXPECT_EQ(peer.Hears(), Lines{"HEADERS 1 end"});
}

// Whether DATA was delivered before the reset depended on where the last frame was cut.
TEST_P(Regressions, ABodyShorterThanItsContentLengthIsRefusedWithItsLastFrame) {
  ScriptedPeer peer(GetParam());
  peer.Starts();
  peer.Sends(std::string(Headers(1).Post("/S/M").Field("content-length", "5")));
  peer.Sends(testing::Data(1, "ab"));
  peer.Sends(testing::LastData(1, "cd"));
  EXPECT_EQ(peer.Events(), (Lines{"request 1 POST /S/M", "data 1 'ab'",
                                  "reset 1 by us PROTOCOL_ERROR content_length_mismatch"}));
}

// The update of the table size was put in front of the next block that had fields.
TEST_P(Regressions, AnEmptyFieldSectionCarriesTheTableSizeUpdateThatIsDue) {
  ScriptedPeer peer(GetParam());
  peer.Starts();
  peer.Sends(OpenRequest(1));
  peer.connection().SendHeaders(
      peer.Key(1), std::vector<http2::OutputField>{{.name = ":status", .value = "200"}});
  peer.Sends(Settings({{1, 1000}}));
  peer.Hears();
  const size_t before = peer.heard_octets().size();
  peer.connection().SendTrailers(peer.Key(1), http2::OutputFields{});
  peer.Hears();
  // HEADERS with END_STREAM and END_HEADERS; the size is 31 + 969 (RFC 7541 §6.3).
  const std::string frame = testing::RawFrame(1, 5, 1, "\x3f\xc9\x07");
  EXPECT_EQ(peer.heard_octets().substr(before, frame.size()), frame);
}

// The end of one stream made room in the receive budget, which was announced to the other.
TEST_P(Regressions, NothingIsSentBehindTheLastGoAway) {
  ScriptedPeer peer(GetParam());
  peer.Starts();
  peer.Sends(OpenRequest(1) + OpenRequest(3));
  peer.connection().ExtendWindow(peer.Key(1), 400'000'000);
  peer.connection().ExtendWindow(peer.Key(3), 400'000'000);  // has to wait
  peer.Hears();
  peer.connection().CloseNow(http2::ErrorCode::kNoError, "bye");
  EXPECT_EQ(peer.Hears(), Lines{"GOAWAY 3 NO_ERROR 'bye'"});
}

// The window of a DATA frame was given back before it was refused if it came whole, and not if it
// came in pieces.
TEST_P(Regressions, AFatalDataFrameIsAnsweredWithGoAwayAlone) {
  http2::ConnectionOptions options;
  options.max_frame_size = 64 * 1024;
  options.connection_window = 65535;
  ScriptedPeer peer(GetParam(), options);
  peer.Starts();
  peer.Hears();
  peer.Sends(testing::Data(1, std::string(50'000, 'x')));
  EXPECT_EQ(peer.Hears(), Lines{"GOAWAY 0 PROTOCOL_ERROR 'data_on_idle_stream'"});
}

}  // namespace
}  // namespace weir::fuzz
