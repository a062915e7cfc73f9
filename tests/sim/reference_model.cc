#include "tests/sim/reference_model.h"

#include <algorithm>

namespace weir::sim {
namespace {

// Timers of the server tick about once a millisecond, and its turns may begin late; what is due is
// judged at the end of a turn that began later than this.
constexpr Duration kTimerSlack = std::chrono::milliseconds(4);

}  // namespace

ReferenceModel::ReferenceModel(const ModelLimits& limits, ResponseJudge& judge, Referee& referee,
                               Trace& trace, Coverage& coverage)
    : limits_(limits), judge_(judge), referee_(referee), trace_(trace), coverage_(coverage) {
  OnAdopted();
}

void ReferenceModel::Expect(Scope scope, uint32_t stream_id, uint32_t codes, const char* rule,
                            bool is_required) {
  trace_.Note(rule, -1, stream_id, is_required ? 1 : 0);
  causes_.push_back({.stream_id = stream_id,
                     .codes = codes,
                     .on_stream = (scope & kOnStream) != 0,
                     .on_connection = (scope & kOnConnection) != 0,
                     .is_required = is_required,
                     .rule = rule});
  if (scope == kOnConnection) return;
  ++glitches_;
  ++replies_due_;
}

// Until its acknowledgement the client may use the larger of the initial value and ours (RFC 9113
// §6.9.3).
int64_t ReferenceModel::InitialReceiveWindow() const {
  return has_settings_ack_ ? limits_.stream_window
                           : std::max(limits_.stream_window, kWindowDefault);
}

void ReferenceModel::OnAdopted() { connected_ = last_read_ = last_taken_ = trace_.now(); }

void ReferenceModel::OnReadBegins() {
  ++reads_;
  was_settled_ = is_settled_;
  is_settled_ = false;
  // The server gives its memory of closed streams back when a connection is quiet.
  if (trace_.now() - last_read_ >= limits_.idle_release_delay) may_have_forgotten_ = true;
  last_read_ = trace_.now();
}

// ---- at the end of a turn ----------------------------------------------------------------------

void ReferenceModel::OnSettled() {
  is_settled_ = true;
  ++fence_;
  replies_due_ = 0;
  if (has_failed_ || is_aborted_ || is_shut_) return;
  CheckCauses();
  if (is_input_over_) return;
  if (!pings_.empty()) referee_.Fail("a PING was not acknowledged");
  if (!settings_.empty()) referee_.Fail("SETTINGS were not acknowledged");
  if (HasTimedOut(/*is_required=*/true)) referee_.Fail("a peer that is late was not timed out");
  CheckStreams();
  // What arrived is given back at once, half a window at a time.
  const int64_t window = kWindowDefault + credited_ - received_;
  if (window < limits_.connection_window / 2 - unfinished_data_) {
    referee_.Fail("the connection's receive window is down to " + std::to_string(window) +
                  " though everything was read");
  }
}

void ReferenceModel::CheckCauses() {
  for (Cause& cause : causes_) {
    if (cause.is_met || !cause.is_required) continue;
    const auto stream = streams_.find(cause.stream_id);
    // The server may have been done with the stream before it read this.
    const bool is_excused = cause.stream_id != 0 && !is_input_over_ && stream != streams_.end() &&
                            (stream->second.is_server_over() || stream->second.is_ignored);
    const bool is_ignored = cause.stream_id > last_stream_;
    if (!is_excused && !is_ignored) {
      referee_.Fail(std::string("the server did not react to: ") + cause.rule + " (stream " +
                    std::to_string(cause.stream_id) + ")");
      return;
    }
  }
  std::erase_if(causes_, [](const Cause& cause) { return cause.is_required; });
}

void ReferenceModel::CheckStreams() {
  for (const auto& [id, stream] : streams_) {
    if (stream.is_closed() || stream.is_ignored || stream.is_server_over()) continue;
    if (judge_.IsOverdue(id)) {
      referee_.Fail("the deadline of the call on stream " + std::to_string(id) +
                    " passed, and it is not over");
    }
  }
}

bool ReferenceModel::HasTimedOut(bool is_required) const {
  // Each time that the server stopped reading, what the peer owes may have lain in the socket, and
  // gets as much time again.
  constexpr int kTimesAgain = 30;
  const auto passed = [&](TimePoint begin, Duration timeout) {
    const Duration most = is_required ? kTimesAgain * timeout + kTimerSlack : timeout;
    return begin != kNever && trace_.now() >= AddSaturated(begin, most);
  };
  return (!has_settings_ && passed(connected_, limits_.preface_timeout)) ||
         (!has_settings_ack_ && passed(connected_, limits_.settings_ack_timeout)) ||
         passed(is_required ? block_continued_ : block_started_, limits_.header_block_timeout);
}

// ---- the end -----------------------------------------------------------------------------------

void ReferenceModel::OnServerShutsDown() {
  is_shut_ = true;
  if (has_failed_ || is_aborted_) return;
  // Without a word, since nobody reads it.
  if (replies_due_ >= limits_.queued_replies_max) return;
  if (trace_.now() >= AddSaturated(last_read_, limits_.keepalive_time)) return;
  if (goaways_ == 0 || last_stream_ == kStreamIdMax) {
    referee_.Fail("the server ends a connection without a final GOAWAY");
    return;
  }
  for (const auto& [id, stream] : streams_) {
    if (!stream.is_closed() && !stream.is_ignored && !stream.is_server_over()) {
      referee_.Fail("the server ends a connection while stream " + std::to_string(id) +
                    " has no end");
    }
  }
}

void ReferenceModel::OnServerCloses(bool was_told_of_end) {
  if (is_shut_ || was_told_of_end || is_aborted_) return;
  if (trace_.now() >= AddSaturated(last_taken_, limits_.write_stall_timeout)) return;
  referee_.Fail("the server closes a connection for no reason");
}

}  // namespace weir::sim
