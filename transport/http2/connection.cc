#include "transport/http2/connection.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "transport/base/check.h"
#include "transport/http2/frame_writer.h"

namespace weir::http2 {
namespace {

constexpr uint32_t ConnectionWindow(const ConnectionOptions& options) {
  return std::clamp(options.connection_window, kWindowInitial, kWindowMax);
}

}  // namespace

Connection::Connection(const ConnectionOptions& options, ConnectionCounters& counters,
                       TimePoint now)
    : LastingState(options, counters, now, ConnectionWindow(options)),
      reader_(options),
      decoder_(options, counters),
      budget_(options.receive_budget_bytes),
      encoder_(counters) {
  ++counters_.connections_opened;
  deadlines_.preface = AddSaturated(now, options.preface_timeout);
  deadlines_.settings_ack = AddSaturated(now, options.settings_ack_timeout);
  quiet_deadlines_.keepalive = AddSaturated(now, options.keepalive_time);
  quiet_deadlines_.unused = AddSaturated(now, options.connection_idle_max);
  quiet_deadlines_.age = AddSaturated(now, options.connection_age_max);
  WriteSettings(output_, LocalSettings(options).list);
  const uint32_t widening = ConnectionWindow(options) - kWindowInitial;
  if (widening != 0) WriteWindowUpdate(output_, kConnectionStreamId, widening);
}

Connection::Connection(DormantConnection& dormant)
    : LastingState(dormant),
      reader_(options_, FrameReader::Begin::kAtFrame),
      decoder_(options_, counters_, std::move(dormant.decoder_)),
      budget_(options_.receive_budget_bytes),
      has_settings_ack_(true),
      streams_(std::move(dormant.streams_)),
      encoder_(counters_, std::move(dormant.encoder_)) {}

Connection::~Connection() = default;

// Whether all that is not in LastingState is as in a new connection. (Without an idle deadline,
// none being armed does not say that memory was given back.)
bool Connection::IsQuiet() const {
  return options_.idle_release_delay != kForever && deadlines_.preface == kNever &&
         deadlines_.stall == kNever && has_settings_ack_ && streams_.size() == 0 &&
         !shutdown_.has_begun() && !is_drain_event_due_ && reader_.is_at_frame() &&
         output_.empty() && budget_.taken() == 0 && !budget_.has_waiting();
}

std::unique_ptr<DormantConnection> Connection::FallDormant() {
  WEIR_CHECK(CanFallDormant());
  std::unique_ptr<DormantConnection> dormant(new DormantConnection(*this));
  ++counters_.dormancies;
  dormant->decoder_ = std::move(decoder_).TakeHpack();
  dormant->encoder_ = std::move(encoder_).TakeHpack();
  dormant->streams_ = std::move(streams_).TakeHistory();
  return dormant;
}

bool Connection::WantsInput() const {
  return !shutdown_.is_over() && output_.size() < options_.output_pause_bytes &&
         replies_.size() < options_.queued_replies_pause;
}

size_t Connection::buffered_bytes() const {
  return reader_.buffered_bytes() + block_.fragments.size() + output_.size() +
         scheduler_.queued_bytes();
}

size_t Connection::open_streams() const { return streams_.size(); }

bool Connection::is_draining() const { return shutdown_.has_begun(); }

bool Connection::has_failed() const { return shutdown_.state() == ShutdownState::kFailed; }

size_t Connection::peer_header_list_size_max() const { return peer_.max_header_list_size(); }

bool Connection::IsFinished() const {
  if (!output_.empty()) return false;
  if (shutdown_.is_over()) return true;
  return shutdown_.state() == ShutdownState::kDraining && streams_.open() == 0;
}

void Connection::Ping(uint64_t payload) {
  if (shutdown_.is_over()) return;
  ++pings_outstanding_;
  WritePing(output_, payload, /*is_ack=*/false);
}

void Connection::BeginDrain(std::string_view debug) {
  if (shutdown_.On(ShutdownInput::kBegin) != ShutdownAction::kAnnounce) return;
  drain_debug_ = debug;
  WriteGoAway(output_, kStreamIdMax, ErrorCode::kNoError, drain_debug_);
  WritePing(output_, kDrainPing, /*is_ack=*/false);
  has_drain_clock_ = false;
  deadlines_.drain = now_;
}

void Connection::ConfirmDrain() {
  if (shutdown_.On(ShutdownInput::kConfirmed) != ShutdownAction::kSetLimit) return;
  deadlines_.drain = kNever;
  WriteGoAway(output_, shutdown_.SetLimit(highest_processed_), ErrorCode::kNoError, drain_debug_);
  if (is_too_old_) quiet_deadlines_.age = AddSaturated(now_, options_.connection_age_grace);
}

void Connection::CloseNow(ErrorCode code, std::string_view debug) {
  if (shutdown_.On(ShutdownInput::kClose) != ShutdownAction::kSayGoodbye) return;
  WriteGoAway(output_, shutdown_.SetLimit(highest_processed_), code, debug);
  EndEverything();
}

void Connection::Fail(Violation violation) {
  if (shutdown_.On(ShutdownInput::kFail) != ShutdownAction::kSayGoodbye) return;
  ++counters_.connections_failed;
  const ViolationRow& row = Describe(violation);
  ++counters_.violations[static_cast<size_t>(violation)];
  counters_.Hit(row.limit);
  failure_ = violation;
  if (row.scope == ViolationScope::kAbort) {
    output_.Clear();
  } else {
    WriteGoAway(output_, shutdown_.SetLimit(highest_processed_), row.code, row.tag);
  }
  EndEverything();
}

// Not EndEverything: that goes on with what is there, and this must not.
void Connection::Abandon() {
  static_cast<void>(shutdown_.On(ShutdownInput::kClose));
  output_.Clear();
  streams_.ForEach([this](Stream& stream) {
    if (stream.queue != nullptr) static_cast<void>(scheduler_.Drop(*stream.queue));
  });
  streams_.Abandon();
  failure_ = Violation::kNone;
  ended_stream_ = data_stream_ = {};
  block_.fragments.Release();
  deadlines_ = {};
  quiet_deadlines_ = {};
}

// Nothing is interpreted or framed any more. Streams wait only to be released.
void Connection::EndEverything() {
  streams_.ForEach([this](Stream& stream) {
    if (!stream.is_closed) CloseStream(stream, ReceiveState::kResetByUs);
  });
  ended_stream_ = {};
  block_.fragments.Release();
  deadlines_ = {};
  quiet_deadlines_ = {};
}

}  // namespace weir::http2
