// What we send, judged by nghttp2.
//
// A client of nghttp2 and our connection talk to each other, both doing what a program says, over a
// wire that delivers in pieces. Property: the client objects to nothing; our connection objects to
// nothing either, since the client keeps the rules; fields and DATA arrive as they were commanded,
// in order; and when both are given time, every response that was ended has arrived whole.
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/output_program.h"
#include "tests/fuzz/response_fields.h"
#include "tests/fuzz/strict_client.h"
#include "tests/fuzz/targets.h"
#include "transport/base/buffer.h"
#include "transport/http2/connection.h"

namespace weir::fuzz {
namespace {

using http2::Connection;
using http2::ConnectionOptions;
using http2::ErrorCode;
using http2::Event;
using http2::StreamKey;

constexpr int kOpsMax = 400;
constexpr size_t kDataMax = 1 << 20;
constexpr TimePoint kStart{std::chrono::hours(1)};

// A client that behaves must not run into a policy, however often it does what it may.
ConnectionOptions ReadOptions(ByteSource& program) {
  ConnectionOptions options;
  const uint8_t choices = program.Octet();
  constexpr http2::Allowance kPlenty = {.burst = 100000, .per_second = 100000};
  options.glitches = options.premature_resets = options.refusals = kPlenty;
  options.peer_ping_interval_min = options.peer_ping_interval_min_idle = Duration(0);
  options.peer_ping_strikes_max = 100000;
  options.preface_timeout = options.settings_ack_timeout = options.header_block_timeout =
      std::chrono::hours(1000);
  options.max_concurrent_streams = (choices & 1) != 0 ? 3 : 100;
  options.stream_window = (choices & 2) != 0 ? 1000 : 256 * 1024;
  options.output_batch_bytes = (choices & 4) != 0 ? 3000 : 128 * 1024;
  options.stream_high_mark_bytes = (choices & 8) != 0 ? 1000 : 64 * 1024;
  options.stream_low_mark_bytes = options.stream_high_mark_bytes / 4;
  return options;
}

// One response, as it was commanded.
struct Commanded {
  StreamKey key;
  std::vector<FieldText> sections;
  std::string data;
  bool has_ended = false;
  bool is_over = false;  // reset by either side, or released before it ended
  bool is_released = false;
};

class Session {
 public:
  explicit Session(ByteView input)
      : program_(input), options_(ReadOptions(program_)), connection_(options_, counters_, now_) {
    client_.Settings(ReadSettings());
  }

  void Run() {
    for (int i = 0; i < kOpsMax && !program_.empty(); ++i) {
      Step(static_cast<OutputOp>(program_.Below(kOutputOpCount)));
      CheckPrefixes();
    }
    Finish();
  }

 private:
  // ---- The client's side of the program.

  std::vector<nghttp2_settings_entry> ReadSettings() {
    constexpr std::array<uint32_t, 6> kWindows = {65535, 0, 1, 100, 1 << 20, 16384};
    constexpr std::array<uint32_t, 6> kTables = {4096, 0, 100, 65536, 50, 1000};
    constexpr std::array<uint32_t, 3> kFrames = {16384, 16777215, 20000};
    const uint8_t which = program_.Octet();
    std::vector<nghttp2_settings_entry> settings;
    const auto add = [&](uint8_t bit, int32_t id, uint32_t value) {
      if ((which & bit) != 0) settings.push_back({id, value});
    };
    add(1, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, program_.Pick(kWindows));
    add(2, NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, program_.Pick(kTables));
    add(4, NGHTTP2_SETTINGS_MAX_FRAME_SIZE, program_.Pick(kFrames));
    return settings;
  }

  void Step(OutputOp op) {
    switch (op) {
      case OutputOp::kRequest:
        client_.Request(program_.Number() % 100000);
        return;
      case OutputOp::kCancel:
        if (const int32_t id = PickClientStream()) client_.Cancel(id);
        return;
      case OutputOp::kSettings:
        return client_.Settings(ReadSettings());
      case OutputOp::kConsume:
        if (const int32_t id = PickClientStream()) client_.Consume(id);
        return;
      case OutputOp::kClientPing:
        return client_.Ping();
      case OutputOp::kToServer:
        return ToServer(program_.Number());
      case OutputOp::kToClient:
        return ToClient(program_.Number());
      case OutputOp::kExchange:
        ToServer(SIZE_MAX);
        return ToClient(SIZE_MAX);
      case OutputOp::kAdvanceTime:
        // Not so long that a stream without a window would be given up.
        now_ += std::chrono::milliseconds(program_.Octet());
        connection_.OnDeadline(now_);
        return TakeEvents();
      case OutputOp::kServerPing:
        return connection_.Ping(program_.Octet());
      case OutputOp::kBeginDrain:
        // Rare: it ends what there is to see.
        if (program_.Octet() >= 250) connection_.BeginDrain("fuzz");
        return;
      default:
        if (Commanded* const response = PickResponse()) Command(op, *response);
    }
  }

  int32_t PickClientStream() {
    const size_t count = client_.responses().size();
    if (count == 0) return 0;
    return static_cast<int32_t>(2 * (count - 1 - program_.Octet() % count) + 1);
  }

  // ---- The server's side.

  Commanded* PickResponse() {
    if (order_.empty()) return nullptr;
    return &responses_[order_[order_.size() - 1 - program_.Octet() % order_.size()]];
  }

  // Also commands what is not allowed any more, which must have no effect.
  void Command(OutputOp op, Commanded& response) {
    const bool can_send = !response.is_over && !response.has_ended;
    const bool has_headers = !response.sections.empty();
    switch (op) {
      case OutputOp::kSendHeaders:
        return SendHeaders(response, can_send && !has_headers);
      case OutputOp::kSendData:
        return SendData(response, program_.Number() % 80000, can_send && has_headers);
      case OutputOp::kPlaceData:
        return PlaceData(response, program_.Number() % 20000);
      case OutputOp::kSendTrailers:
        return SendTrailers(response, can_send);
      case OutputOp::kResetStream:
        connection_.ResetStream(response.key, ErrorCode::kInternalError);
        response.is_over = true;
        return;
      case OutputOp::kReleaseStream:
        connection_.ReleaseStream(response.key);
        response.is_released = true;
        if (!response.has_ended) response.is_over = true;
        return;
      case OutputOp::kReleaseWindow:
        return connection_.ReleaseWindow(response.key, program_.Number());
      case OutputOp::kExtendWindow:
        connection_.ExtendWindow(response.key, program_.Number());
        return;
      default:
        return;
    }
  }

  void SendHeaders(Commanded& response, bool counts) {
    if (program_.Flag()) {
      connection_.SendHeaders(response.key, kHeadersTemplate);
      if (counts) response.sections.push_back(TextOf(kHeadersTemplate.fields()));
      return;
    }
    const ResponseFields fields(program_, /*has_status=*/true);
    connection_.SendHeaders(response.key, fields.fields());
    if (counts) response.sections.push_back(TextOf(fields.fields()));
  }

  void SendTrailers(Commanded& response, bool counts) {
    const bool is_only = response.sections.empty();
    if (program_.Flag()) {
      const http2::FieldTemplate& fields = is_only ? kTrailersOnlyTemplate : kTrailersTemplate;
      connection_.SendTrailers(response.key, fields);
      if (counts) response.sections.push_back(TextOf(fields.fields()));
    } else {
      const ResponseFields fields(program_, /*has_status=*/is_only);
      connection_.SendTrailers(response.key, fields.fields());
      if (counts) response.sections.push_back(TextOf(fields.fields()));
    }
    if (counts) response.has_ended = true;
  }

  // Octets that tell where they belong.
  void Fill(const Commanded& response, uint8_t* place, size_t size) {
    for (size_t i = 0; i < size; ++i) {
      place[i] = static_cast<uint8_t>((response.data.size() + i) * 31 + response.key.index);
    }
  }

  void SendData(Commanded& response, size_t size, bool counts) {
    if (sent_ + size > kDataMax) return;
    sent_ += size;
    Buffer data(size);
    Fill(response, data.data(), size);
    if (counts) response.data.append(AsText(data.view()));
    connection_.SendData(response.key, std::move(data));
  }

  void PlaceData(Commanded& response, size_t size) {
    uint8_t* const place = connection_.PlaceData(response.key, size);
    if (place == nullptr) return;
    Fill(response, place, size);
    response.data.append(AsText({place, size}));
  }

  void TakeEvents() {
    Event event;
    while (connection_.Next(&event)) {
      FUZZ_CHECK(event.kind != Event::Kind::kConnectionFailed,
                 "a client that keeps the rules is served, not refused for %s",
                 std::string(Describe(event.violation).tag).c_str());
      if (event.kind == Event::Kind::kRequestStarted) {
        responses_[event.stream_id].key = event.stream;
        order_.push_back(event.stream_id);
      }
      if (event.kind == Event::Kind::kStreamReset) {
        FUZZ_CHECK(event.by_peer, "no stream of such a client is refused for %s",
                   std::string(Describe(event.violation).tag).c_str());
        responses_[event.stream_id].is_over = true;
      }
    }
  }

  // ---- The wire.

  void ToServer(size_t size) {
    to_server_ += client_.Send();
    size = std::min(size, to_server_.size());
    if (size == 0 || !connection_.WantsInput()) return;
    const std::string octets = to_server_.substr(0, size);
    to_server_.erase(0, size);
    connection_.Receive(AsBytes(octets), now_);
    TakeEvents();
  }

  void ToClient(size_t size) {
    std::array<iovec, 4> parts;
    while (size != 0 && connection_.Output(parts) != 0) {
      const size_t taken = std::min(size, parts[0].iov_len);
      client_.Receive({static_cast<const char*>(parts[0].iov_base), taken});
      connection_.OutputWritten(taken);
      TakeEvents();
      if (size != SIZE_MAX) size -= taken;
    }
  }

  // ---- Judgement.

  void CheckPrefixes() {
    for (const auto& [id, seen] : client_.responses()) {
      const auto found = responses_.find(static_cast<uint32_t>(id));
      if (found == responses_.end()) {
        FUZZ_CHECK(seen.sections.empty() && seen.data.empty(), "nothing before the request");
        continue;
      }
      const Commanded& commanded = found->second;
      FUZZ_CHECK(seen.sections.size() <= commanded.sections.size(), "the sections commanded");
      // The last section seen may be incomplete.
      for (size_t i = 0; i + 1 < seen.sections.size(); ++i) {
        FUZZ_CHECK(seen.sections[i] == commanded.sections[i], "section %zu of stream %d", i, id);
      }
      FUZZ_CHECK(std::string_view(commanded.data).starts_with(seen.data), "the DATA of stream %d",
                 id);
      FUZZ_CHECK(!seen.has_ended || commanded.has_ended, "END_STREAM where it was commanded");
    }
  }

  void Finish() {
    client_.Settings({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 4u << 20}});
    client_.Widen(8 << 20);
    for (int i = 0; i < 1000; ++i) {
      client_.ConsumeAll();
      ToServer(SIZE_MAX);
      const bool was_idle = !connection_.HasOutput();
      ToClient(SIZE_MAX);
      if (was_idle && to_server_.empty()) break;
    }
    FUZZ_CHECK(to_server_.empty() && !connection_.HasOutput(), "an exchange that comes to its end");
    CheckPrefixes();
    for (const auto& [id, commanded] : responses_) {
      const Response& seen = client_.responses().at(static_cast<int32_t>(id));
      if (!commanded.has_ended || commanded.is_over || seen.is_cancelled) continue;
      FUZZ_CHECK(seen.has_ended, "the whole response of stream %u", id);
      // Also where the request would go on (RFC 9113 §8.1).
      FUZZ_CHECK(seen.is_closed, "an end to the request of stream %u", id);
      FUZZ_CHECK(seen.sections == commanded.sections, "the fields of stream %u", id);
      FUZZ_CHECK(seen.data == commanded.data, "the DATA of stream %u", id);
    }
    connection_.CloseNow(ErrorCode::kNoError, "fuzz");
    ToClient(SIZE_MAX);
  }

  ByteSource program_;
  const ConnectionOptions options_;
  http2::ConnectionCounters counters_;
  TimePoint now_ = kStart;
  Connection connection_;
  StrictClient client_;
  std::string to_server_;
  std::map<uint32_t, Commanded> responses_;  // by stream identifier
  std::vector<uint32_t> order_;
  size_t sent_ = 0;
};

}  // namespace

void FuzzOutput(ByteView input) { Session(input).Run(); }

}  // namespace weir::fuzz
