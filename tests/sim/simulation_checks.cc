// What must hold after every turn of the server, and when everything is over.
#include <algorithm>
#include <string>

#include "tests/sim/simulation.h"

namespace weir::sim {
namespace {

constexpr size_t kLargeMetadataBytes = 18'000;

// Of a frame or two, a header block with all its metadata, and what the vector behind them keeps.
constexpr size_t kFramingBytes = 64 * 1024;

}  // namespace

Session& Simulation::SessionOf(driver::ConnectionDriver& driver) {
  return sessions_[static_cast<size_t>(driver.socket().fd() - 100)];
}

void Simulation::CheckTurn() {
  worker_->ForEachConnection([this](driver::ConnectionDriver& driver) {
    Session& session = SessionOf(driver);
    if (!session.is_excused()) CheckConnection(driver, session);
  });
}

void Simulation::CheckConnection(driver::ConnectionDriver& driver, Session& session) {
  const std::string name = "link " + std::to_string(driver.socket().fd() - 100) + ": ";
  http2::Connection& connection = driver.connection();
  const std::optional<net::Interest> interest = loop_.InterestOf(driver.socket().fd());
  const bool has_output = connection.HasOutput();
  // The rule against lost wake-ups, and its counterpart for reading.
  if (has_output && interest && !interest->write && !loop_.has_work_left()) {
    referee_.Fail(name + "output is pending, and nothing will wake the server to write it");
  }
  if (interest && connection.WantsInput() && !interest->read && !driver.is_resting()) {
    referee_.Fail(name + "input is wanted, and not watched for");
  }
  const TimePoint rest_end_max = loop_.busy_until() + driver::TimeShare::kRestMax;
  if (driver.is_resting() && loop_.next_turn_at() > rest_end_max) {
    referee_.Fail(name + "nothing will end its rest in time");
  }
  if (interest && !connection.WantsInput() && !connection.IsFinished() && interest->read) {
    referee_.Fail(name + "input is watched for, and not wanted");
  }
  // A timer that was armed for a point in the past, because the thread was late, fires next turn.
  if (has_output || loop_.NextWake() <= trace_.now()) {
    session.model().OnUnsettled();
  } else if (interest) {
    session.model().OnSettled();
  }
  const size_t most = scenario_.server.worker.http2.max_concurrent_streams;
  if (connection.open_streams() > most) {
    referee_.Fail(name + std::to_string(connection.open_streams()) + " streams count, " +
                  std::to_string(most) + " are allowed");
  }
  if (connection.buffered_bytes() > BufferedBytesMax()) {
    referee_.Fail(name + std::to_string(connection.buffered_bytes()) + " bytes are buffered");
  }
}

// What all the limits together allow: each stream its mark and a message, the output its batch.
size_t Simulation::BufferedBytesMax() const {
  const http2::ConnectionOptions& options = scenario_.server.worker.http2;
  size_t largest = 0;
  size_t total = 0;
  size_t metadata = 0;
  for (const ClientProfile& client : scenario_.clients) {
    size_t of_client = 0;
    for (const CallPlan& plan : client.calls) {
      if (plan.has_large_reply_metadata) metadata += kLargeMetadataBytes;
      for (const size_t size : plan.reply_sizes) {
        of_client += size + kMessagePrefixSize;
        largest = std::max(largest, size + kMessagePrefixSize);
      }
    }
    total = std::max(total, of_client);
  }
  const size_t by_streams =
      options.max_concurrent_streams * (options.stream_high_mark_bytes + largest);
  const size_t replies = options.queued_replies_max * 32;
  return std::min(total, by_streams) + options.output_batch_bytes + options.max_frame_size +
         options.header_block_bytes_max + replies + metadata + kFramingBytes;
}

// ---- the end -----------------------------------------------------------------------------------

void Simulation::CheckStandstill() {
  CheckCalls();
  worker_->ForEachConnection([this](driver::ConnectionDriver& driver) {
    if (SessionOf(driver).profile().is_calm) {
      referee_.Fail("link " + std::to_string(driver.socket().fd() - 100) +
                    " does not end, though its client has left");
    }
  });
}

void Simulation::CheckEnd() {
  if (!worker_->is_empty()) referee_.Fail("connections are left at the end");
  if (is_draining_ && !is_empty_) referee_.Fail("the end of the drain was not told");
  if (worker_->load() != 0) referee_.Fail("the worker counts connections that are gone");
  if (loop_.watch_count() != 0) referee_.Fail("descriptors are still watched at the end");
  if (loop_.NextWake() != kNever) referee_.Fail("timers are left at the end");
  if (loop_.has_tasks()) referee_.Fail("tasks are left at the end");
  if (running_handlers_ != 0) {
    referee_.Fail(std::to_string(running_handlers_) + " handlers never ended");
  }
  CheckCalls();
  AddCounters();
  worker_.reset();
  context_.reset();
  if (Message::alive() != 0) {
    referee_.Fail(std::to_string(Message::alive()) + " messages were not destroyed");
  }
}

void Simulation::CheckCalls() {
  for (Session& session : sessions_) {
    if (!session.profile().is_calm || is_aborting_ || session.is_excused()) continue;
    for (const CallRecord* call : session.calls()) {
      const std::string name = "call " + std::to_string(call->plan.id);
      if (call->stream_id == 0) {
        if (!is_draining_) referee_.Fail(name + " was never made");
        continue;
      }
      if (call->was_refused || call->stream_id > session.model().last_stream()) continue;
      const bool is_malformed = Describe(call->plan.flaw).is_stream_error;
      // An early answer comes before a wrong content-length shows.
      const bool may_be_answered = !is_malformed || call->plan.flaw == Flaw::kContentLength;
      if (!(is_malformed && call->was_reset) && !(may_be_answered && call->status)) {
        referee_.Fail(name + " on stream " + std::to_string(call->stream_id) +
                      " was never answered, though nothing stood in its way");
      }
      coverage_.Add(Behaviour::kCalmCallCompleted);
    }
  }
}

void Simulation::AddCounters() {
  coverage_.Add(Behaviour::kSpuriousWakeup, loop_.spurious_count());
  coverage_.Add(Behaviour::kOverlookedWakeup, loop_.overlooked_count());
  coverage_.Add(Behaviour::kRest, worker_->counters().limits.hits(http2::Limit::kServiceTime));
  coverage_.Add(Behaviour::kWatchFailed, loop_.failed_watch_count());
  for (Session& session : sessions_) {
    coverage_.Add(Behaviour::kPartialWrite, session.link().partial_writes());
    coverage_.Add(Behaviour::kInjectedError, session.link().injected_errors());
  }
  if (worker_ != nullptr) {
    coverage_.Add(Behaviour::kReadingPaused, worker_->counters().reads_paused);
  }
}

}  // namespace weir::sim
