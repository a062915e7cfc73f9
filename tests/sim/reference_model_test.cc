// Does the reference model catch a server that breaks a rule? Dialogues by hand, most of them with
// exactly one fault.
#include "tests/sim/reference_model.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/sim/session.h"

namespace weir::sim {
namespace {

using namespace frame_type;  // NOLINT: frames are this file's one subject

constexpr uint8_t kEnd = frame_flag::kEndStream;
constexpr uint8_t kEndHeaders = frame_flag::kEndHeaders;
constexpr uint8_t kAck = frame_flag::kAck;

std::string Octets(uint64_t value, int count) {
  std::string octets;
  AppendNumber(value, count, &octets);
  return octets;
}

class ReferenceModelTest : public ::testing::Test {
 protected:
  ReferenceModelTest() {
    ClientSends(kSettings, 0, 0, "");
    ServerSends(kSettings, 0, 0, "");
    ServerSends(kSettings, kAck, 0, "");
    ClientSends(kSettings, kAck, 0, "");
    Settles();
  }

  void ClientSends(uint8_t type, uint8_t flags, uint32_t stream_id, std::string_view payload) {
    const FrameHeader frame{static_cast<uint32_t>(payload.size()), type, flags, stream_id};
    model_.OnReadBegins();
    model_.OnFrameHeader(frame, 0);
    model_.OnFrame(frame, payload);
  }
  void ServerSends(uint8_t type, uint8_t flags, uint32_t stream_id, std::string_view payload) {
    model_.OnServerFrame({static_cast<uint32_t>(payload.size()), type, flags, stream_id}, payload);
  }
  // A request without a body, or with one to come.
  void ClientAsks(uint32_t stream_id, uint8_t flags = kEnd) {
    ClientSends(kHeaders, static_cast<uint8_t>(kEndHeaders | flags), stream_id,
                encoder_.Encode({{":method", "POST"},
                                 {":scheme", "http"},
                                 {":path", "/a.B/C"},
                                 {"content-type", "application/grpc"}}));
  }
  void ServerBegins(uint32_t stream_id) {
    ServerSends(kHeaders, kEndHeaders, stream_id,
                responses_.Encode({{":status", "200"}, {"content-type", "application/grpc"}}));
  }
  void ServerEnds(uint32_t stream_id, const Fields& fields = {{"grpc-status", "0"}}) {
    ServerSends(kHeaders, kEndHeaders | kEnd, stream_id, responses_.Encode(fields));
  }
  void ServerResets(uint32_t stream_id, uint32_t code) {
    ServerSends(kRstStream, 0, stream_id, Octets(code, 4));
  }
  // The server has written all it wants to.
  void Settles() {
    model_.OnOutputTaken();
    model_.OnSettled();
  }
  // What the model said first; "" for nothing.
  const std::string& verdict() const { return referee_.sentence(); }
  ::testing::AssertionResult Says(std::string_view words) const {
    if (verdict().find(words) != std::string::npos) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "the model says: '" << verdict() << "'";
  }

  Trace trace_{/*prints=*/false};
  Coverage coverage_;
  Referee referee_;
  ResponseJudge judge_{{}, SIZE_MAX, true, referee_, trace_, coverage_};
  ReferenceModel model_{Limits(), judge_, referee_, trace_, coverage_};
  HeaderEncoder encoder_;
  HeaderEncoder responses_;

 private:
  static ModelLimits Limits() {
    ServerProfile profile;
    profile.worker.http2.connection_window = 65'535;
    profile.worker.http2.stream_window = 65'535;
    profile.worker.http2.stream_window_max = 65'535;
    profile.worker.http2.max_concurrent_streams = 2;
    profile.receive_message_max = 1'000;
    return LimitsOf(profile);
  }
};

TEST_F(ReferenceModelTest, AcceptsAnOrdinaryCall) {
  ClientAsks(1);
  ServerBegins(1);
  ServerEnds(1);
  Settles();
  EXPECT_EQ(verdict(), "");
}

TEST_F(ReferenceModelTest, RefusesAResponseThatNobodyAskedFor) {
  ServerBegins(1);
  EXPECT_TRUE(Says("has not opened"));
}

TEST_F(ReferenceModelTest, RefusesDataBeforeHeaders) {
  ClientAsks(1);
  ServerSends(kData, 0, 1, "x");
  EXPECT_TRUE(Says("before the response's HEADERS"));
}

TEST_F(ReferenceModelTest, RefusesFramesAfterTheEnd) {
  ClientAsks(1);
  ServerBegins(1);
  ServerEnds(1);
  ServerSends(kData, 0, 1, "x");
  EXPECT_TRUE(Says("after END_STREAM"));
}

TEST_F(ReferenceModelTest, RefusesFramesAfterTheServersReset) {
  ClientAsks(1, 0);
  ServerBegins(1);
  ServerEnds(1);
  ServerResets(1, error_code::kNoError);
  EXPECT_EQ(verdict(), "");
  ServerSends(kWindowUpdate, 0, 1, Octets(1, 4));
  EXPECT_TRUE(Says("after RST_STREAM"));
}

TEST_F(ReferenceModelTest, AllowsWhatWasUnderWayWhenTheClientResets) {
  ClientAsks(1, 0);
  ClientSends(kRstStream, 0, 1, Octets(error_code::kCancel, 4));
  ServerBegins(1);
  EXPECT_EQ(verdict(), "");
  Settles();
  ServerEnds(1);
  EXPECT_TRUE(Says("after the client's RST_STREAM"));
}

TEST_F(ReferenceModelTest, RefusesASecondGrpcStatus) {
  ClientAsks(1);
  ServerBegins(1);
  ServerEnds(1, {{"grpc-status", "0"}, {"grpc-status", "0"}});
  EXPECT_TRUE(Says("grpc-status comes 2 times"));
}

TEST_F(ReferenceModelTest, RefusesAResponseWithoutGrpcStatus) {
  ClientAsks(1);
  ServerBegins(1);
  ServerEnds(1, {{"x-other", "0"}});
  EXPECT_TRUE(Says("grpc-status comes 0 times"));
}

TEST_F(ReferenceModelTest, RefusesPseudoFieldsInTrailers) {
  ClientAsks(1);
  ServerBegins(1);
  ServerEnds(1, {{":status", "200"}, {"grpc-status", "0"}});
  EXPECT_TRUE(Says("trailers hold the pseudo-header field"));
}

TEST_F(ReferenceModelTest, RefusesDataBeyondTheConnectionsWindow) {
  ClientAsks(1);
  ServerBegins(1);
  // One message of 16 MB, as far as it comes.
  ServerSends(kData, 0, 1, std::string("\0\1\0\0\0", 5) + std::string(16'379, 'm'));
  for (int i = 0; i < 2; ++i) ServerSends(kData, 0, 1, std::string(16'384, 'm'));
  EXPECT_EQ(verdict(), "");
  ServerSends(kData, 0, 1, std::string(16'384, 'm'));
  EXPECT_TRUE(Says("exceeds the connection's window"));
}

TEST_F(ReferenceModelTest, RefusesCreditBeyondTheConnectionsWindow) {
  ServerSends(kWindowUpdate, 0, 0, Octets(1, 4));
  EXPECT_TRUE(Says("gives the connection more than its window"));
}

TEST_F(ReferenceModelTest, AppliesSettingsOnlyFromTheirAcknowledgementOn) {
  ClientAsks(1);
  ServerBegins(1);
  std::string payload;
  AppendSetting(setting_id::kInitialWindowSize, 0, &payload);
  ClientSends(kSettings, 0, 0, payload);
  ServerSends(kData, 0, 1, std::string(1, '\0'));
  EXPECT_EQ(verdict(), "");
}

TEST_F(ReferenceModelTest, RefusesDataBelowANegativeWindow) {
  ClientAsks(1);
  ClientSends(kWindowUpdate, 0, 0, Octets(100'000, 4));
  ServerBegins(1);
  std::string payload;
  AppendSetting(setting_id::kInitialWindowSize, 0, &payload);
  ClientSends(kSettings, 0, 0, payload);
  ServerSends(kSettings, kAck, 0, "");
  ServerSends(kData, 0, 1, "x");
  EXPECT_TRUE(Says("exceeds the stream's window"));
}

TEST_F(ReferenceModelTest, RefusesFramesLargerThanTheClientAccepts) {
  ClientAsks(1);
  ServerBegins(1);
  ServerSends(kData, 0, 1, std::string(16'385, '\0'));
  EXPECT_TRUE(Says("larger than the client accepts"));
}

TEST_F(ReferenceModelTest, MissesAnAcknowledgementOfSettings) {
  ClientSends(kSettings, 0, 0, "");
  Settles();
  EXPECT_TRUE(Says("SETTINGS were not acknowledged"));
}

TEST_F(ReferenceModelTest, RefusesOneAcknowledgementTooMany) {
  ServerSends(kSettings, kAck, 0, "");
  EXPECT_TRUE(Says("acknowledges what was not sent"));
}

TEST_F(ReferenceModelTest, RefusesPingsAcknowledgedOutOfOrder) {
  ClientSends(kPing, 0, 0, "first...");
  ClientSends(kPing, 0, 0, "second..");
  ServerSends(kPing, kAck, 0, "second..");
  EXPECT_TRUE(Says("than the oldest"));
}

TEST_F(ReferenceModelTest, MissesTheReactionToABrokenRule) {
  ClientSends(kRstStream, 0, 9, Octets(0, 4));
  Settles();
  EXPECT_TRUE(Says("did not react to: RST_STREAM on an idle stream"));
}

TEST_F(ReferenceModelTest, AcceptsTheRightReactionAndRefusesAnother) {
  ClientSends(kRstStream, 0, 9, Octets(0, 4));
  ServerSends(kGoAway, 0, 0, Octets(0, 4) + Octets(error_code::kProtocol, 4));
  Settles();
  EXPECT_EQ(verdict(), "");
}

TEST_F(ReferenceModelTest, RefusesAWrongErrorCode) {
  ClientSends(kRstStream, 0, 9, Octets(0, 4));
  ServerSends(kGoAway, 0, 0, Octets(0, 4) + Octets(error_code::kInternal, 4));
  EXPECT_TRUE(Says("ends the connection with code 2 for no reason"));
}

TEST_F(ReferenceModelTest, RefusesAResetForNoReason) {
  ClientAsks(1);
  ServerResets(1, error_code::kInternal);
  EXPECT_TRUE(Says("for no reason"));
}

TEST_F(ReferenceModelTest, RefusesToRefuseBelowTheLimit) {
  ClientAsks(1);
  ServerResets(1, error_code::kRefusedStream);
  EXPECT_TRUE(Says("refuses a stream below the limit"));
}

TEST_F(ReferenceModelTest, AllowsToRefuseAtTheLimit) {
  for (const uint32_t id : {1, 3, 5}) ClientAsks(id);
  ServerResets(5, error_code::kRefusedStream);
  EXPECT_EQ(verdict(), "");
}

TEST_F(ReferenceModelTest, RefusesAGoAwayThatGrows) {
  ClientAsks(1);
  ServerSends(kGoAway, 0, 0, Octets(0, 4) + Octets(0, 4));
  ServerSends(kGoAway, 0, 0, Octets(1, 4) + Octets(0, 4));
  EXPECT_TRUE(Says("raises the last stream"));
}

TEST_F(ReferenceModelTest, RefusesAnAnswerAboveTheLastStream) {
  ClientAsks(1);
  ServerSends(kGoAway, 0, 0, Octets(0, 4) + Octets(0, 4));
  ServerBegins(1);
  EXPECT_TRUE(Says("above the last one of GOAWAY"));
}

TEST_F(ReferenceModelTest, RefusesFramesAfterAGoAwayWithAnError) {
  ClientSends(kRstStream, 0, 9, Octets(0, 4));
  ServerSends(kGoAway, 0, 0, Octets(0, 4) + Octets(error_code::kProtocol, 4));
  ServerSends(kPing, 0, 0, "too late");
  EXPECT_TRUE(Says("comes after the last GOAWAY"));
}

TEST_F(ReferenceModelTest, RefusesToEndWhileAStreamIsOpen) {
  ClientAsks(1);
  ServerSends(kGoAway, 0, 0, Octets(1, 4) + Octets(0, 4));
  model_.OnServerShutsDown();
  EXPECT_TRUE(Says("while stream 1 has no end"));
}

TEST_F(ReferenceModelTest, RefusesToCloseForNoReason) {
  model_.OnServerCloses(/*was_told_of_end=*/false);
  EXPECT_TRUE(Says("closes a connection for no reason"));
}

TEST_F(ReferenceModelTest, MissesCreditForTheConnection) {
  ClientAsks(1, 0);
  for (int i = 0; i < 3; ++i) ClientSends(kData, 0, 1, std::string(16'384, '\0'));
  Settles();
  EXPECT_TRUE(Says("the connection's receive window is down to"));
}

TEST_F(ReferenceModelTest, RefusesCreditBeyondWindowAndMessage) {
  ClientAsks(1, 0);
  ServerSends(kWindowUpdate, 0, 1, Octets(2'000, 4));
  EXPECT_TRUE(Says("more than its window and its largest message"));
}

TEST_F(ReferenceModelTest, RefusesAHeaderBlockThatDoesNotDecode) {
  ClientAsks(1);
  ServerSends(kHeaders, kEndHeaders, 1, "\xff\xff\xff\xff\xff\xff");
  EXPECT_TRUE(Says("does not understand"));
}

TEST_F(ReferenceModelTest, RefusesAFrameInsideAHeaderBlock) {
  ClientAsks(1);
  ServerSends(kHeaders, 0, 1, "\x88");
  ServerSends(kPing, 0, 0, "between!");
  EXPECT_TRUE(Says("does not go with the header block"));
}

}  // namespace
}  // namespace weir::sim
