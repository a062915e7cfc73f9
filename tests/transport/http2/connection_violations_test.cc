// Every refusal of what a peer does: what it sends, what the layer above is told, and the very
// octets the peer hears.
#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "tests/transport/http2/connection_fixture.h"

namespace weir::http2 {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

using Change = std::function<void(ConnectionOptions&)>;

// A dialogue that ends in a violation of connection or stream scope. Stream 1 is where it happens.
struct Case {
  Violation violation;
  std::string octets;  // behind the prefaces
  StreamId last_stream_id = 0;
  Change change = [](ConnectionOptions&) {};
  bool has_preface = true;
};

std::string Repeat(size_t count, const std::string& octets) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += octets;
  return all;
}

std::string Frame(uint8_t type, uint8_t flags, StreamId id, size_t length) {
  return RawFrame(type, flags, id, std::string(length, '\0'));
}

std::vector<Case> ConnectionCases() {
  using namespace frame_type;  // NOLINT
  namespace flag = frame_flag;
  const auto bad_request = [](StreamId id) {
    return std::string(Headers(id).Post("/").Field("te", "x").EndStream());
  };
  const std::string closed = Request(1) + RstStream(1);
  std::string refused_streams;
  std::string malformed_requests;
  std::string resets;
  for (StreamId id = 1; id <= 7; id += 2) {
    refused_streams += Request(id);
    malformed_requests += bad_request(id);
    resets += Request(id) + RstStream(id);
  }
  const Allowance few{.burst = 3, .per_second = 1};
  return {
      {Violation::kBadPreface, "GET / HTTP/1.1\r\n\r\n", 0, [](auto&) {}, false},
      {Violation::kFirstFrameNotSettings, std::string(kPreface) + Ping(1), 0, [](auto&) {}, false},
      {Violation::kFirstFrameNotSettings, std::string(kPreface) + SettingsAck(), 0, [](auto&) {},
       false},
      {Violation::kFrameTooLarge, FrameHeaderOnly(16385, kData, 0, 1)},
      {Violation::kFrameTooLarge, FrameHeaderOnly(16385, kHeaders, 4, 1)},
      {Violation::kFrameTooLarge, FrameHeaderOnly(16385, kUnknown, 0, 0)},
      {Violation::kDataOnConnection, Data(0, "x")},
      {Violation::kDataPadding, OpenRequest(1) + RawFrame(kData, flag::kPadded, 1, "\x05xxx"), 1},
      {Violation::kHeadersOnConnection, Headers(0).Post("/")},
      {Violation::kHeadersTooShort, RawFrame(kHeaders, flag::kPriority | 4, 1, "1234")},
      {Violation::kHeadersPadding, RawFrame(kHeaders, flag::kPadded | 4, 1, "\x05xxx")},
      {Violation::kPriorityOnConnection, Priority(0, 1)},
      {Violation::kPriorityLength, Request(1) + Frame(kPriority, 0, 1, 4), 1},
      {Violation::kSelfDependency, Headers(1).Post("/").DependsOn(1)},
      {Violation::kSelfDependency, Request(1) + Priority(1, 1), 1},
      {Violation::kRstStreamOnConnection, RstStream(0)},
      {Violation::kRstStreamLength, Request(1) + Frame(kRstStream, 0, 1, 3), 1},
      {Violation::kSettingsOnStream, RawFrame(kSettings, 0, 1, "")},
      {Violation::kSettingsLength, Frame(kSettings, 0, 0, 3)},
      {Violation::kSettingsAckWithPayload, Frame(kSettings, flag::kAck, 0, 6)},
      {Violation::kSettingsAckUnexpected, SettingsAck()},
      {Violation::kSettingsEnablePush, Settings({{2, 2}})},
      {Violation::kSettingsInitialWindow, Settings({{4, 0x80000000}})},
      {Violation::kSettingsMaxFrameSize, Settings({{5, 16383}})},
      {Violation::kSettingsMaxFrameSize, Settings({{5, 0x1000000}})},
      {Violation::kSettingsNoPriorities, Settings({{9, 2}})},
      {Violation::kSettingsNoPriorities, Settings({{9, 1}})},
      {Violation::kPushPromise, Frame(kPushPromise, 4, 1, 4)},
      {Violation::kPingOnStream, Frame(kPing, 0, 1, 8)},
      {Violation::kPingLength, Frame(kPing, 0, 0, 7)},
      {Violation::kPingLength, Frame(kPing, flag::kAck, 0, 9)},
      {Violation::kGoAwayOnStream, Frame(kGoAway, 0, 1, 8)},
      {Violation::kGoAwayLength, Frame(kGoAway, 0, 0, 7)},
      {Violation::kWindowUpdateLength, Frame(kWindowUpdate, 0, 0, 3)},
      {Violation::kWindowUpdateZero, WindowUpdate(0, 0)},
      {Violation::kWindowUpdateZero, Request(1) + WindowUpdate(1, 0), 1},
      {Violation::kContinuationUnexpected, Continuation(1, "", true)},
      {Violation::kContinuationUnexpected, Request(1) + Continuation(1, "", true), 1},
      {Violation::kContinuationUnexpected, Continuation(0, "", true)},
      {Violation::kHeaderBlockInterrupted,
       std::string(Headers(1).Post("/").Unfinished()) + Ping(1)},
      {Violation::kHeaderBlockInterrupted,
       std::string(Headers(1).Post("/").Unfinished()) + Continuation(3, "", true)},
      {Violation::kHeaderBlockInterrupted,
       std::string(Headers(1).Post("/").Unfinished()) + Frame(kUnknown, 0, 0, 4)},

      {Violation::kEvenStreamId, Request(2)},
      {Violation::kEvenStreamId, Data(2, "x")},
      {Violation::kEvenStreamId, RstStream(2)},
      {Violation::kEvenStreamId, WindowUpdate(2, 1)},
      {Violation::kStreamIdNotGreater, Request(5) + Request(3), 5},
      {Violation::kDataOnIdleStream, Data(1, "x")},
      {Violation::kRstStreamOnIdleStream, RstStream(1)},
      {Violation::kWindowUpdateOnIdleStream, WindowUpdate(1, 1)},
      {Violation::kHeadersOnClosedStream, Request(1) + Request(1), 1},
      {Violation::kDataOnClosedStream, Request(1) + Data(1, "x"), 1},
      {Violation::kDataOnClosedStream, Request(5) + Data(3, "x"), 5},

      // The window is given back as octets arrive, so only a frame larger than it can exceed it.
      {Violation::kConnectionWindowExceeded, OpenRequest(1) + FrameHeaderOnly(65536, kData, 0, 1),
       1,
       [](ConnectionOptions& options) {
         options.connection_window = 65535;
         options.max_frame_size = 1 << 17;
       }},
      {Violation::kConnectionWindowOverflow, WindowUpdate(0, 0x7fffffff)},
      {Violation::kInitialWindowOverflow,
       Request(1) + WindowUpdate(1, 0x7fffffff - 65535) + Settings({{4, 65536}}), 1},
      {Violation::kInitialWindowOverflow,  // though the last value would fit
       Request(1) + WindowUpdate(1, 0x7fffffff - 65535) + Settings({{4, 65536}, {4, 1}}), 1},

      {Violation::kCompression, Headers(1).Block("\x80")},
      {Violation::kCompression, Headers(1).Block(std::string("\x00\x7f\x81\xff\x03", 5))},
      {Violation::kCompression, closed + std::string(Headers(1).Block("\xbe")), 1},
      {Violation::kTableSizeUpdates,
       Headers(1).Block(Repeat(3, hpack::TableSize(0)) + hpack::Request("/"))},

      {Violation::kHeaderBlockTooLarge,
       Headers(1).Post("/").Field("x", std::string(400, 'v')).EndStream(), 0,
       [](ConnectionOptions& options) { options.header_block_bytes_max = 400; }},
      {Violation::kTooManyContinuations,
       std::string(Headers(1).Unfinished()) + Repeat(3, Continuation(1, "", false))},
      {Violation::kHeaderListTooLarge,
       Headers(1).Post("/").Field("x", std::string(1700, 'v')).EndStream(), 0,
       [](ConnectionOptions& options) { options.header_list_size_max = 400; }},
      {Violation::kTooManyFields,
       Headers(1).Post("/").Block(Repeat(17, hpack::Literal("a", ""))).EndStream(), 0,
       [](ConnectionOptions& options) { options.header_fields_max = 5; }},
      {Violation::kTooManySettings, Settings({{4, 1}, {4, 2}, {4, 3}}), 0,
       [](ConnectionOptions& options) { options.settings_entries_max = 2; }},
      {Violation::kTooManyPings, Repeat(4, Ping(1))},
      {Violation::kTooManyGlitches, malformed_requests, 0,
       [few](ConnectionOptions& options) { options.glitches = few; }},
      {Violation::kTooManyGlitches, Repeat(4, Frame(kUnknown, 0, 0, 0)), 0,
       [few](ConnectionOptions& options) { options.glitches = few; }},
      {Violation::kTooManyGlitches, OpenRequest(1) + Repeat(4, Data(1, "")), 1,
       [few](ConnectionOptions& options) { options.glitches = few; }},
      {Violation::kTooManyGlitches, Repeat(4, Priority(1, 3)), 0,
       [few](ConnectionOptions& options) { options.glitches = few; }},
      {Violation::kTooManyResets, resets, 7,
       [few](ConnectionOptions& options) { options.premature_resets = few; }},
      {Violation::kTooManyRefusals, refused_streams, 0,
       [few](ConnectionOptions& options) {
         options.refusals = few;
         options.max_concurrent_streams = 0;
       }},
  };
}

std::vector<Case> StreamCases() {
  const auto request = [](const std::string& block) {
    return std::string(Headers(1).Block(block).EndStream());
  };
  const auto with = [&](std::string_view name, std::string_view value) {
    return request(hpack::Request("/") + hpack::Literal(name, value));
  };
  const std::string start = hpack::Indexed(3) + hpack::Indexed(6);  // POST, http
  return {
      {Violation::kHeadersAfterReset, Request(1) + RstStream(1) + Request(1)},
      {Violation::kDataAfterReset, OpenRequest(1) + RstStream(1) + Data(1, "x")},
      {Violation::kTrailersWithoutEndStream,
       OpenRequest(1) + std::string(Headers(1).Field("a", ""))},
      {Violation::kConcurrencyExceeded, Request(1), 0,
       [](ConnectionOptions& options) { options.max_concurrent_streams = 0; }},
      {Violation::kStreamWindowExceeded,
       OpenRequest(1) + Repeat(5, Data(1, std::string(16384, 'x'))), 0,
       [](ConnectionOptions& options) { options.stream_window = 65536; }},
      {Violation::kStreamWindowOverflow, Request(1) + WindowUpdate(1, 0x7fffffff)},
      {Violation::kFieldName, with("Upper", "x")},
      {Violation::kFieldName, with("", "")},
      {Violation::kFieldValue, with("x", "a\nb")},
      {Violation::kPseudoFieldUnknown, request(start + hpack::Literal(":status", "200"))},
      {Violation::kPseudoFieldDuplicate, request(hpack::Request("/") + hpack::Indexed(3))},
      {Violation::kPseudoFieldAfterRegular,
       request(start + hpack::Literal("a", "b") + hpack::Literal(":path", "/"))},
      {Violation::kPseudoFieldInTrailers,
       OpenRequest(1) + std::string(Headers(1).Field(":path", "/").EndStream())},
      {Violation::kPseudoFieldMissing, request(start)},
      {Violation::kPseudoFieldMissing, request("")},
      {Violation::kMethod, request(hpack::Literal(":method", "P T"))},
      {Violation::kScheme, request(hpack::Literal(":scheme", "1"))},
      {Violation::kAuthority, request(hpack::Literal(":authority", "me@there"))},
      {Violation::kPath, request(hpack::Literal(":path", ""))},
      {Violation::kConnectRequest, request(hpack::Literal(":method", "CONNECT"))},
      {Violation::kConnectionSpecificField, with("connection", "close")},
      {Violation::kTe, with("te", "trailers, gzip")},
      {Violation::kContentLength, with("content-length", "one")},
      {Violation::kContentLengthMismatch, with("content-length", "1")},
      {Violation::kContentLengthMismatch,
       std::string(Headers(1).Post("/").Field("content-length", "2")) + LastData(1, "x")},
      {Violation::kContentLengthMismatch,
       std::string(Headers(1).Post("/").Field("content-length", "2")) + Data(1, "xxx")},
      {Violation::kContentLengthMismatch,
       std::string(Headers(1).Post("/").Field("content-length", "2")) + Data(1, "x") +
           std::string(Headers(1).Field("a", "b").EndStream())},
  };
}

using ViolationsTest = ConnectionTest;
WEIR_AT_EVERY_SEGMENTATION(ViolationsTest);

TEST_P(ViolationsTest, OfTheConnectionEndItWithGoAway) {
  for (const Case& test : ConnectionCases()) {
    const ViolationRow& row = Describe(test.violation);
    SCOPED_TRACE(row.tag);
    ASSERT_EQ(row.scope, ViolationScope::kConnection);
    ConnectionOptions options;
    test.change(options);
    ScriptedPeer peer(GetParam(), options);
    if (test.has_preface) peer.Starts();
    // What follows the fatal frame is not interpreted, legal or not (CVE-2026-27135).
    peer.Sends(test.octets + Request(99) + "\xff\xff\xff\xff\xff\xff\xff\xff\xff");
    const std::vector<std::string> events = peer.Events();
    ASSERT_THAT(events, Not(IsEmpty()));
    EXPECT_EQ(events.back(),
              "failed " + std::string(ErrorCodeName(row.code)) + " " + std::string(row.tag));
    EXPECT_EQ(std::count_if(events.begin(), events.end(),
                            [](const std::string& event) { return event.starts_with("failed"); }),
              1);
    peer.Hears();
    EXPECT_TRUE(peer.heard_octets().ends_with(GoAway(test.last_stream_id, row.code, row.tag)))
        << ::testing::PrintToString(peer.heard_octets());
    EXPECT_TRUE(peer.connection().has_failed());
    EXPECT_TRUE(peer.connection().IsFinished());
    EXPECT_FALSE(peer.connection().WantsInput());
    EXPECT_EQ(peer.counters().violations[static_cast<size_t>(test.violation)], 1u);
    EXPECT_EQ(peer.counters().connections_failed, 1u);
  }
}

TEST_P(ViolationsTest, OfAStreamResetItAndNothingElse) {
  for (const Case& test : StreamCases()) {
    const ViolationRow& row = Describe(test.violation);
    SCOPED_TRACE(row.tag);
    ASSERT_EQ(row.scope, ViolationScope::kStream);
    ConnectionOptions options;
    test.change(options);
    ScriptedPeer peer(GetParam(), options);
    peer.Starts();
    peer.Sends(test.octets);
    const std::vector<std::string> events = peer.Events();
    const bool was_started = !events.empty();
    const bool was_reset_by_peer = was_started && events.back().starts_with("reset 1 by peer");
    if (was_started && !was_reset_by_peer) {
      EXPECT_EQ(events.back(), "reset 1 by us " + std::string(ErrorCodeName(row.code)) + " " +
                                   std::string(row.tag));
    }
    peer.Hears();
    EXPECT_TRUE(peer.heard_octets().ends_with(RstStream(1, row.code)));
    EXPECT_EQ(peer.counters().violations[static_cast<size_t>(test.violation)], 1u);
    EXPECT_EQ(peer.counters().streams_reset_by_us, 1u);
    peer.connection().ReleaseStream(peer.Key(1));
    EXPECT_EQ(peer.connection().open_streams(), 0u);

    // The connection goes on, and what else arrives on the stream is dropped without a word.
    peer.Sends(Data(1, "late") + std::string(Headers(1).Field("late", "").EndStream()) +
               RstStream(1) + WindowUpdate(1, 5) + Ping(7));
    EXPECT_THAT(peer.Events(), IsEmpty());
    EXPECT_THAT(peer.Hears(), ElementsAre("PING ack 7"));
  }
}

// A row without a test would be a promise nobody keeps.
TEST(Violations, AllHaveATest) {
  std::set<Violation> tested = {Violation::kNone,
                                // By time, in connection_timers_test.
                                Violation::kPrefaceTimeout, Violation::kSettingsAckTimeout,
                                Violation::kHeaderBlockTimeout,
                                // The same, in connection_life_test.
                                Violation::kStreamStalled, Violation::kKeepaliveTimeout,
                                // Without GOAWAY, in connection_limits_test.
                                Violation::kTooManyReplies,
                                // Not by the peer alone, in connection_budget_test and
                                // connection_life_test.
                                Violation::kMemoryShort, Violation::kStreamReaped};
  for (const Case& test : ConnectionCases()) tested.insert(test.violation);
  for (const Case& test : StreamCases()) tested.insert(test.violation);
  for (size_t i = 0; i < kViolationCount; ++i) {
    EXPECT_TRUE(tested.contains(static_cast<Violation>(i)))
        << Describe(static_cast<Violation>(i)).tag;
  }
}

TEST_P(ViolationsTest, TheCompressionStateSurvivesARefusedRequest) {
  ScriptedPeer peer = Peer();
  peer.Sends(Headers(1).Block(hpack::Request("/") + hpack::Insert("a", "1") +
                              hpack::Literal("BAD", "") + hpack::Insert("b", "2")));
  peer.Sends(std::string(Headers(1).Block(hpack::Insert("c", "3")).EndStream()));
  peer.Sends(Headers(3).Block(hpack::Request("/") + hpack::Indexed(62) + hpack::Indexed(63) +
                              hpack::Indexed(64)));
  EXPECT_EQ(peer.Fields(3).Find("a"), "1");
  EXPECT_EQ(peer.Fields(3).Find("b"), "2");
  EXPECT_EQ(peer.Fields(3).Find("c"), "3");
}

TEST_P(ViolationsTest, TheCompressionStateSurvivesAStreamTooMany) {
  options_.max_concurrent_streams = 1;
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) +
             std::string(Headers(3).Block(hpack::Request("/") + hpack::Insert("a", "1"))));
  EXPECT_THAT(peer.Hears(), ElementsAre("RST_STREAM 3 REFUSED_STREAM"));
  EXPECT_EQ(peer.counters().streams_refused, 1u);
  Answer(peer, 1);
  peer.Sends(Headers(5).Block(hpack::Request("/") + hpack::Indexed(62)));
  EXPECT_EQ(peer.Fields(5).Find("a"), "1");
}

// A refused identifier is used up (RFC 9113 §5.1.1), but was not processed.
TEST_P(ViolationsTest, AGoAwayBehindARefusalNamesTheLastStreamThatWasProcessed) {
  options_.max_concurrent_streams = 1;
  ScriptedPeer peer = Peer();
  peer.Sends(Request(1) + Request(3) + Frame(frame_type::kPing, 0, 0, 3));
  EXPECT_THAT(peer.Hears(), ElementsAre("RST_STREAM 3 REFUSED_STREAM",
                                        "GOAWAY 1 FRAME_SIZE_ERROR 'ping_length'"));
}

TEST_P(ViolationsTest, KeysStayValidBehindAFailureAndCommandsDoNothing) {
  ScriptedPeer peer = Peer();
  peer.Sends(OpenRequest(1) + Ping(1) + Data(0, "x"));
  peer.Hears();
  EXPECT_EQ(peer.connection().open_streams(), 1u);
  peer.connection().SendHeaders(peer.Key(1), kOkTemplate);
  peer.connection().SendData(peer.Key(1), BufferOf("x"));
  peer.connection().SendTrailers(peer.Key(1), kEndTemplate);
  peer.connection().ResetStream(peer.Key(1), ErrorCode::kCancel);
  peer.connection().ReleaseWindow(peer.Key(1), 1 << 20);
  peer.connection().ExtendWindow(peer.Key(1), 1 << 30);
  peer.connection().Ping(1);
  peer.connection().BeginDrain("late");
  peer.connection().CloseNow(ErrorCode::kNoError, "late");
  EXPECT_EQ(peer.connection().PlaceData(peer.Key(1), 1), nullptr);
  EXPECT_FALSE(peer.connection().IsWritable(peer.Key(1)));
  EXPECT_THAT(peer.Hears(), IsEmpty());
  peer.connection().ReleaseStream(peer.Key(1));
  EXPECT_EQ(peer.connection().open_streams(), 0u);
  EXPECT_TRUE(peer.connection().has_failed());
}

}  // namespace
}  // namespace weir::http2
