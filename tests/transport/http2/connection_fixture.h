// What the tests of the whole connection share: every one of them runs at every segmentation.
#ifndef WEIR_TESTS_TRANSPORT_HTTP2_CONNECTION_FIXTURE_H_
#define WEIR_TESTS_TRANSPORT_HTTP2_CONNECTION_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "tests/testing/frame_builder.h"
#include "tests/testing/scripted_peer.h"
#include "tests/testing/segmenter.h"

namespace weir::http2 {

class ConnectionTest : public ::testing::TestWithParam<weir::testing::Segmentation> {
 protected:
  ConnectionOptions options_;  // to be changed before Peer()

  // A peer behind the prefaces.
  weir::testing::ScriptedPeer Peer(const std::string& settings = weir::testing::Settings()) {
    return weir::testing::ScriptedPeer(GetParam(), options_, settings);
  }
};

inline constexpr std::array<OutputField, 1> kOkFields = {{{.name = ":status", .value = "200"}}};
inline constexpr std::array<OutputField, 1> kEndFields = {
    {{.name = "grpc-status", .value = "0", .indexed = true}}};
inline const FieldTemplate kOkTemplate{kOkFields};
inline const FieldTemplate kEndTemplate{kEndFields};

inline Buffer BufferOf(std::string_view text) { return Buffer::CopyOf(AsBytes(text)); }

// Headers and trailers without a body.
inline void Answer(weir::testing::ScriptedPeer& peer, StreamId id) {
  peer.connection().SendHeaders(peer.Key(id), kOkTemplate);
  peer.connection().SendTrailers(peer.Key(id), kEndTemplate);
  peer.connection().ReleaseStream(peer.Key(id));
}

#define WEIR_AT_EVERY_SEGMENTATION(Fixture)                                                        \
  INSTANTIATE_TEST_SUITE_P(Split, Fixture, ::testing::ValuesIn(weir::testing::AllSegmentations()), \
                           [](const auto& test) { return weir::testing::NameOf(test.param); })

}  // namespace weir::http2

#endif  // WEIR_TESTS_TRANSPORT_HTTP2_CONNECTION_FIXTURE_H_
