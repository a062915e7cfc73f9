// A whole connection under a program of a peer, a network and a layer above.
//
// Property, whatever the peer sends and in whatever order the layer above commands:
// - Events: each stream starts once, ends or is reset at most once, and says nothing before, nor
//   after, nor after it was released or reset by a command; kStreamEnded follows where it was
//   announced; kConnectionFailed comes once and last.
// - Octets: everything written is what a server may say (OutputChecker).
// - Bounds: open streams, memory held for the peer, and output caused by input.
// - Time: a deadline that is over moves when it is honoured, and a handshake that does not come to
//   its end ends the connection.
// - End: after a failure or CloseNow, the connection is finished once its output is written.
// - Pure input: however it is cut, the events and the output are the same.
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/connection_program.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/fuzz/output_checker.h"
#include "tests/fuzz/response_fields.h"
#include "tests/fuzz/targets.h"
#include "tests/fuzz/transcript.h"
#include "transport/base/buffer.h"
#include "transport/http2/connection.h"

namespace weir::fuzz {
namespace {

using http2::Connection;
using http2::ConnectionCounters;
using http2::ConnectionOptions;
using http2::DormantConnection;
using http2::ErrorCode;
using http2::Event;
using http2::StreamKey;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr TimePoint kStart{std::chrono::hours(100)};

// So much DATA and so many operations have shown what there is to see.
constexpr size_t kDataMax = 2 << 20;
constexpr int kOpsMax = 500;

// As many timers as a connection could have.
constexpr int kDeadlinesAtOnce = 10;

// Most of what a connection says for one octet that it receives: RST_STREAM, 13, for an empty DATA
// frame, 9; once a GOAWAY with its debug data, and two WINDOW_UPDATEs; and a WINDOW_UPDATE for each
// stream that has waited for one.
constexpr size_t kAmplification = 2;
constexpr size_t kSayingOnce = 600;
constexpr size_t kSayingForStream = 13;

// What the layer above knows of one stream.
struct Record {
  StreamKey key;
  uint32_t id = 0;
  bool has_trailers = false;
  bool has_ended = false;
  bool is_over = false;  // reset, by whomever, or released: no more events
  bool is_released = false;
  bool owes_writable = false;  // IsWritable said no while it could be sent on
  uint64_t received = 0;
};

class Session {
 public:
  explicit Session(ByteView input)
      : program_(input),
        options_(ReadOptions(program_)),
        connection_(std::make_unique<Connection>(options_, counters_, now_)) {
    const uint8_t beginning = program_.Octet();
    if (beginning < 240) wire_ = kPreface;
    if (beginning < 224) wire_ += std::string_view("\0\0\0\4\0\0\0\0\0", 9);
  }

  void Run() {
    for (int i = 0; i < kOpsMax && !program_.empty(); ++i) {
      Step(static_cast<Op>(program_.Below(kOpCount)));
      CheckInvariants();
    }
    DeliverAll();
    CheckInvariants();
    Finish();
  }

 private:
  // ---- Operations.

  void Step(Op op) {
    if (op <= Op::kWriteRaw) {
      wire_ += ReadPeerOctets(op, program_);
      return;
    }
    switch (op) {
      case Op::kDeliver:
        return Deliver(program_.Number());
      case Op::kWriteOutput:
        return WriteOutput(program_.Number());
      case Op::kWriteAllOutput:
        return WriteOutput(SIZE_MAX);
      case Op::kAdvanceTime:
        return AdvanceTime();
      case Op::kSetPolicy:
        policy_ = program_.Octet();
        return;
      case Op::kPing:
        user_octets_ += 17;
        return connection_->Ping(0);
      case Op::kBeginDrain:
        user_octets_ += 600;
        return connection_->BeginDrain("fuzz");
      case Op::kCloseNow:
        // Rare: there is not much to see behind it.
        if (program_.Octet() >= 250) CloseNow();
        return;
      case Op::kDeliverAll:
        return DeliverAll();
      default:
        if (Record* const record = PickRecord()) Command(op, *record);
    }
  }

  Record* PickRecord() {
    if (records_.empty()) return nullptr;
    // From the youngest, which has most to do.
    return &records_[records_.size() - 1 - program_.Octet() % records_.size()];
  }

  void Command(Op op, Record& record) {
    switch (op) {
      case Op::kSendHeaders:
        return SendHeaders(record);
      case Op::kSendData:
        return SendData(record, program_.Number() % 100000);
      case Op::kPlaceData:
        return PlaceData(record, program_.Number() % 20000);
      case Op::kSendTrailers:
        return SendTrailers(record);
      case Op::kResetStream:
        user_octets_ += 13;
        connection_->ResetStream(record.key, ErrorCode::kCancel);
        record.is_over = true;
        return;
      case Op::kReleaseWindow:
        return ReleaseWindow(record, program_.Number());
      case Op::kExtendWindow:
        user_octets_ += 13;
        connection_->ExtendWindow(record.key, program_.Number32());
        return;
      case Op::kReleaseStream:
        return Release(record);
      default:
        return;
    }
  }

  void SendHeaders(Record& record) {
    user_octets_ += 100;
    if (program_.Flag()) return connection_->SendHeaders(record.key, kHeadersTemplate);
    const ResponseFields fields(program_, /*has_status=*/true);
    user_octets_ += fields.encoded_size_max() + 100;
    connection_->SendHeaders(record.key, fields.fields());
  }

  void SendTrailers(Record& record) {
    user_octets_ += 200;
    if (program_.Flag()) return connection_->SendTrailers(record.key, kTrailersTemplate);
    const ResponseFields fields(program_, /*has_status=*/false);
    user_octets_ += fields.encoded_size_max();
    connection_->SendTrailers(record.key, fields.fields());
  }

  void SendData(Record& record, size_t size) {
    if (sent_ + size > kDataMax) return;
    sent_ += size;
    user_octets_ += size + 9 * (size / 1000 + 1);
    Buffer data(size);
    std::fill_n(data.data(), size, static_cast<uint8_t>(size));
    const bool was_writable = connection_->IsWritable(record.key);
    connection_->SendData(record.key, std::move(data));
    const size_t queued = connection_->QueuedBytes(record.key);
    FUZZ_CHECK(!was_writable || connection_->IsWritable(record.key) ||
                   queued >= options_.stream_high_mark_bytes,
               "writable below the high mark, with %zu queued", queued);
    if (was_writable && !connection_->IsWritable(record.key)) record.owes_writable = true;
  }

  void PlaceData(Record& record, size_t size) {
    uint8_t* const place = connection_->PlaceData(record.key, size);
    if (place == nullptr) return;
    user_octets_ += size + 9;
    std::fill_n(place, size, static_cast<uint8_t>(size));
  }

  void ReleaseWindow(Record& record, size_t octets) {
    user_octets_ += 13;
    connection_->ReleaseWindow(record.key, octets);
  }

  void Release(Record& record) {
    user_octets_ += 13;
    connection_->ReleaseStream(record.key);
    record.is_released = record.is_over = true;
  }

  void CloseNow() {
    user_octets_ += 300;
    if (!connection_->has_failed()) is_closed_ = true;
    connection_->CloseNow(ErrorCode::kNoError, "fuzz");
  }

  void AdvanceTime() {
    constexpr std::array<Duration, 8> kSteps = {Duration(1),
                                                std::chrono::milliseconds(1),
                                                std::chrono::milliseconds(400),
                                                std::chrono::seconds(1),
                                                std::chrono::seconds(6),
                                                std::chrono::seconds(11),
                                                std::chrono::hours(3),
                                                Duration(0)};
    now_ += program_.Pick(kSteps);
    // Early calls are harmless. A deadline may have been a question for the time, and one may
    // follow from another.
    connection_->OnDeadline(now_);
    TakeEvents();
    for (int i = 0; i < kDeadlinesAtOnce && connection_->NextDeadline() <= now_; ++i) {
      connection_->OnDeadline(now_);
      TakeEvents();
    }
    SleepIfPossible();
    FUZZ_CHECK(connection_->NextDeadline() > now_, "no deadline in the past once it was honoured");
    has_honoured_preface_timeout_ = now_ - kStart >= options_.preface_timeout;
  }

  // Nobody must notice.
  void SleepIfPossible() {
    if (!connection_->CanFallDormant()) return;
    const TimePoint deadline = connection_->NextDeadline();
    const std::unique_ptr<DormantConnection> dormant = connection_->FallDormant();
    FUZZ_CHECK(dormant->NextDeadline() == deadline, "the same deadline");
    connection_ = std::make_unique<Connection>(*dormant);
    FUZZ_CHECK(connection_->NextDeadline() == deadline, "still the same deadline");
  }

  // ---- The network.

  void DeliverAll() {
    while (!wire_.empty() && connection_->WantsInput()) {
      Deliver(wire_.size());
      if (!connection_->WantsInput()) WriteOutput(SIZE_MAX);
      // The layer above keeps a connection paused while it sends more than the peer takes.
      if (connection_->HasOutput() && !connection_->WantsInput()) return;
    }
  }

  void Deliver(size_t size) {
    if (!connection_->WantsInput()) return;
    size = std::min(size, wire_.size());
    // In a block of its own, so that a view that is kept is found out.
    const auto piece = std::make_unique<uint8_t[]>(size);
    std::copy_n(wire_.begin(), size, piece.get());
    wire_.erase(0, size);
    if (!connection_->has_failed() && !is_closed_) checker_.NoteReceived({piece.get(), size});
    const size_t before = connection_->buffered_bytes();
    const size_t commanded = user_octets_;
    connection_->Receive({piece.get(), size}, now_);
    TakeEvents();
    const size_t bound = before + kAmplification * size + kSayingOnce +
                         kSayingForStream * records_.size() + (user_octets_ - commanded);
    FUZZ_CHECK(connection_->buffered_bytes() <= bound, "%zu octets make at most %zu of %zu", size,
               bound, connection_->buffered_bytes());
    last_delivery_ = size;
  }

  void WriteOutput(size_t octets) {
    std::array<iovec, 4> parts;
    for (;;) {
      const size_t count = connection_->Output(parts);
      FUZZ_CHECK((count != 0) || !connection_->HasOutput() || octets == 0,
                 "output where HasOutput() says so");
      size_t written = 0;
      for (size_t i = 0; i < count && octets != 0; ++i) {
        const size_t size = std::min(parts[i].iov_len, octets);
        checker_.CheckWritten({static_cast<const uint8_t*>(parts[i].iov_base), size});
        written += size;
        if (octets != SIZE_MAX) octets -= size;
      }
      if (written == 0) break;
      connection_->OutputWritten(written);
    }
    TakeEvents();
    // What waits for a window may leave octet by octet, each in a frame of its own.
    if (!connection_->HasOutput()) user_octets_ = 10 * connection_->buffered_bytes();
  }

  // ---- Events.

  void TakeEvents() {
    Event event;
    while (connection_->Next(&event)) OnEvent(event);
    FUZZ_CHECK(!ExpectsEnd(), "kStreamEnded, as announced");
    FUZZ_CHECK(!connection_->has_failed() || has_failed_, "kConnectionFailed");
  }

  bool ExpectsEnd() const { return expected_end_ >= 0 && !records_[expected_end_].is_over; }

  void OnEvent(const Event& event) {
    FUZZ_CHECK(!has_failed_, "no event after kConnectionFailed, but kind %d",
               static_cast<int>(event.kind));
    FUZZ_CHECK(!is_closed_, "no event after CloseNow, but kind %d", static_cast<int>(event.kind));
    if (ExpectsEnd()) {
      FUZZ_CHECK(
          event.kind == Event::Kind::kStreamEnded && event.stream == records_[expected_end_].key,
          "kStreamEnded of stream %u next", records_[expected_end_].id);
    }
    expected_end_ = -1;
    if (event.kind == Event::Kind::kRequestStarted) {
      OnStarted(event);
    } else if (event.kind == Event::Kind::kConnectionFailed) {
      FUZZ_CHECK(connection_->has_failed(), "a connection that has failed");
      has_failed_ = true;
      for (Record& record : records_) record.is_over = true;
    } else if (event.stream != StreamKey{}) {
      OnStreamEvent(event);
    }
  }

  void OnStarted(const Event& event) {
    FUZZ_CHECK(event.fields.get() != nullptr, "the fields of a request");
    FUZZ_CHECK((event.stream_id & 1) != 0 && (records_.empty() || event.stream_id > highest_id_),
               "streams in the order of their identifiers, not %u", event.stream_id);
    highest_id_ = event.stream_id;
    const auto [place, is_new] =
        index_.emplace(std::pair(event.stream.index, event.stream.generation), records_.size());
    FUZZ_CHECK(is_new, "a key that names no other stream");
    records_.push_back({.key = event.stream, .id = event.stream_id});
    connection_->SetUser(event.stream, UserOf(records_.size() - 1));
    ReadAll(*event.fields);
    ExpectEndIf(event.ends_stream, records_.back());

    Record& record = records_.back();
    if ((policy_ & policy::kAnswerStart) != 0) {
      user_octets_ += 200;
      connection_->SendHeaders(record.key, kHeadersTemplate);
    }
    if ((policy_ & policy::kResetStarted) != 0) Command(Op::kResetStream, record);
    if ((policy_ & policy::kReleaseStarted) != 0) Release(record);
  }

  void OnStreamEvent(const Event& event) {
    const auto found = index_.find(std::pair(event.stream.index, event.stream.generation));
    FUZZ_CHECK(found != index_.end(), "an event of a stream that has started");
    Record& record = records_[found->second];
    FUZZ_CHECK(!record.is_over, "no event of kind %d after the end of stream %u",
               static_cast<int>(event.kind), record.id);
    FUZZ_CHECK(event.user == UserOf(found->second) && event.stream_id == record.id,
               "the stream's own identifier and pointer");
    using Kind = Event::Kind;
    if (event.kind == Kind::kDataReceived) OnData(event, record);
    if (event.kind == Kind::kTrailersReceived) OnTrailers(event, record);
    if (event.kind == Kind::kStreamEnded) OnEnded(record);
    if (event.kind == Kind::kStreamReset) {
      record.is_over = true;
      if ((policy_ & policy::kReleaseEnded) != 0) Release(record);
    }
    if (event.kind == Kind::kStreamWritable) {
      FUZZ_CHECK(record.owes_writable, "word of a stream that was not writable");
      record.owes_writable = false;
    }
  }

  void OnData(const Event& event, Record& record) {
    FUZZ_CHECK(!record.has_trailers && !record.has_ended, "no DATA behind the end");
    FUZZ_CHECK(!event.data.empty(), "an event for octets, not for none");
    record.received += event.data.size();
    ReadAll(event.data);
    ExpectEndIf(event.ends_stream, record);
    if ((policy_ & policy::kEcho) != 0) SendData(record, event.data.size());
    if ((policy_ & policy::kReleaseWindow) != 0) ReleaseWindow(record, event.data.size());
  }

  void OnTrailers(const Event& event, Record& record) {
    FUZZ_CHECK(!record.has_trailers && !record.has_ended, "trailers once");
    FUZZ_CHECK(event.fields.get() != nullptr && event.fields->method().empty(),
               "trailers are fields without pseudo-header fields");
    record.has_trailers = true;
    ReadAll(*event.fields);
    ExpectEndIf(true, record);
  }

  void OnEnded(Record& record) {
    FUZZ_CHECK(!record.has_ended, "the end once");
    record.has_ended = true;
    if ((policy_ & policy::kAnswerEnd) != 0) {
      user_octets_ += 200;
      connection_->SendTrailers(record.key, kTrailersTemplate);
    }
    if ((policy_ & policy::kReleaseEnded) != 0) Release(record);
  }

  void ExpectEndIf(bool ends_stream, const Record& record) {
    expected_end_ = ends_stream ? &record - records_.data() : -1;
  }

  static void* UserOf(size_t record) { return reinterpret_cast<void*>(record + 1); }

  // ---- Invariants.

  void CheckInvariants() {
    size_t unreleased = 0;
    for (const Record& record : records_) unreleased += record.is_released ? 0 : 1;
    FUZZ_CHECK(connection_->open_streams() >= unreleased, "streams count until they are released");
    FUZZ_CHECK(connection_->open_streams() <= options_.max_concurrent_streams, "%zu streams of %u",
               connection_->open_streams(), options_.max_concurrent_streams);
    const size_t bound = options_.max_frame_size + 9 + options_.header_block_bytes_max +
                         options_.output_pause_bytes + kAmplification * last_delivery_ +
                         kSayingOnce + kSayingForStream * records_.size() + user_octets_;
    FUZZ_CHECK(connection_->buffered_bytes() <= bound, "%zu octets held, at most %zu",
               connection_->buffered_bytes(), bound);
    if (connection_->has_failed() || is_closed_) {
      FUZZ_CHECK(connection_->NextDeadline() == kNever, "no deadline after the end");
      FUZZ_CHECK(connection_->IsFinished() == !connection_->HasOutput(), "finished once written");
      FUZZ_CHECK(!connection_->WantsInput(), "no more input");
    } else if (has_honoured_preface_timeout_) {
      FUZZ_CHECK(checker_.settings_received() != 0, "no connection that never says SETTINGS");
    }
    FUZZ_CHECK(counters_.connections_failed == (connection_->has_failed() ? 1u : 0u),
               "a failure counts once");
  }

  // What the peer sent on a stream was allowed by what we said, once all of it is written.
  void CheckReceiveWindows() const {
    const uint64_t initial = std::max(options_.stream_window, 65535u);
    for (const Record& record : records_) {
      FUZZ_CHECK(record.received <= initial + checker_.GrantedTo(record.id),
                 "stream %u got %llu octets, of which it was granted %llu", record.id,
                 static_cast<unsigned long long>(record.received),
                 static_cast<unsigned long long>(initial + checker_.GrantedTo(record.id)));
    }
  }

  void Finish() {
    WriteOutput(SIZE_MAX);
    if (!connection_->has_failed() && !is_closed_) {
      checker_.CheckComplete();
      CheckReceiveWindows();
    }
    CloseNow();
    for (Record& record : records_) {
      if (!record.is_released) connection_->ReleaseStream(record.key);
    }
    WriteOutput(SIZE_MAX);
    FUZZ_CHECK(connection_->IsFinished(), "the end");
    FUZZ_CHECK(connection_->open_streams() == 0, "no streams, but %zu",
               connection_->open_streams());
    FUZZ_CHECK(connection_->buffered_bytes() <= options_.max_frame_size + 9,
               "nothing but the frame that came last is held, of %zu octets",
               connection_->buffered_bytes());
    FUZZ_CHECK(connection_->NextDeadline() == kNever, "no deadline");
  }

  ByteSource program_;
  const ConnectionOptions options_;
  ConnectionCounters counters_;
  TimePoint now_ = kStart;
  std::unique_ptr<Connection> connection_;
  OutputChecker checker_;
  std::string wire_;  // sent by the peer and not delivered
  uint8_t policy_ = 0;
  std::vector<Record> records_;
  std::map<std::pair<uint32_t, uint32_t>, size_t> index_;
  uint32_t highest_id_ = 0;
  ptrdiff_t expected_end_ = -1;
  bool has_failed_ = false;  // kConnectionFailed was seen
  bool is_closed_ = false;
  bool has_honoured_preface_timeout_ = false;
  size_t sent_ = 0;
  size_t user_octets_ = 0;  // an upper bound of the output commanded since there was none
  size_t last_delivery_ = 0;
};

// The peer's octets of a program, without everything else in it.
std::string PeerOctetsOf(ByteView input, ConnectionOptions* options) {
  ByteSource program(input);
  *options = ReadOptions(program);
  std::string octets(kPreface);
  if (program.Octet() < 224) octets += std::string_view("\0\0\0\4\0\0\0\0\0", 9);
  for (int i = 0; i < kOpsMax && !program.empty(); ++i) {
    const auto op = static_cast<Op>(program.Below(kOpCount));
    if (op <= Op::kWriteRaw) octets += ReadPeerOctets(op, program);
  }
  return octets;
}

void CheckSplits(ByteView input) {
  ConnectionOptions options;
  const std::string octets = PeerOctetsOf(input, &options);
  CheckSame(TranscriptOf(options, octets, {}), TranscriptOf(options, octets, input));
}

}  // namespace

void FuzzConnection(ByteView input) {
  Session(input).Run();
  CheckSplits(input);
}

}  // namespace weir::fuzz
