// When does the next call start, and does one that has ended count?
#include "bench/load/clock.h"
#include "bench/load/generator.h"

namespace load {
namespace {

// Calls of an open loop that wait for a stream. More would mean that the server is hopelessly
// behind; 8 octets each.
constexpr size_t kMostWaiting = 16'000'000;

}  // namespace

bool Generator::MayStartAnother() const {
  if (phase_ == Phase::kWarmUp) return true;
  if (phase_ != Phase::kMeasuring) return false;
  return options_.calls == 0 || started_ < static_cast<uint64_t>(options_.calls);
}

bool Generator::HasCallsLeft(const Connection& connection) const {
  return !options_.churn ||
         connection.calls_started() < static_cast<uint64_t>(options_.calls_per_connection);
}

void Generator::Fill(Connection& connection) {
  while (MayStartAnother() && connection.CanStart() && HasCallsLeft(connection)) {
    Start(connection, shared_.now, phase_ == Phase::kMeasuring);
  }
}

void Generator::Start(Connection& connection, int64_t began, bool counts) {
  ++in_flight_;
  if (counts) ++started_;
  connection.StartCall(began, counts, shared_.now);
}

// A call of a closed loop counts if it both began and ended in the time that is measured. For an
// open loop, and for a number of calls, the end does not matter: leaving the slowest out would be a
// lie.
bool Generator::Counts(const EndedCall& call) const {
  if (!call.counts) return false;
  return phase_ == Phase::kMeasuring || options_.is_open_loop() || options_.idle;
}

void Generator::OnCallEnded(Connection& connection, const EndedCall& call) {
  --in_flight_;
  is_full_ = false;
  switch (call.ending) {
    case Ending::kAnswered:
      ++results_.all_calls;
      if (options_.idle) OnHeld(connection);
      if (!Counts(call)) break;
      ++results_.calls;
      results_.latency.Record(shared_.now - call.began);
      last_counted_ = shared_.now;
      break;
    case Ending::kReturned:
      // A closed loop makes another call instead, an open loop the same one.
      if (call.counts) --started_;
      if (options_.is_open_loop()) waiting_.push_front(call.began);
      break;
    case Ending::kFailed:
      last_counted_ = shared_.now;
      if (options_.idle) OnHeld(connection);
      break;
    case Ending::kCancelled:
      break;
  }
  if (!options_.is_open_loop() && !options_.idle) Fill(connection);
}

void Generator::OnHeld(Connection&) { ++held_; }

// ---- open loop ---------------------------------------------------------------------------------

void Generator::TakeDue(int64_t now) {
  while (IsRunning() && schedule_->next() <= now && schedule_->next() < measure_end_) {
    const int64_t due = schedule_->next();
    schedule_->Advance();
    if (due >= measure_begin_) results_.late.Record(now - due);
    if (waiting_.size() >= kMostWaiting) {
      results_.AddFailure({FailureKind::kQueueFull, "16,000,000 calls wait for a free stream"});
      continue;
    }
    waiting_.push_back(due);
  }
  ServeQueue();
}

void Generator::ServeQueue() {
  while (!waiting_.empty() && !is_full_) {
    Connection* const connection = PickConnection();
    if (connection == nullptr) break;
    const int64_t due = waiting_.front();
    waiting_.pop_front();
    Start(*connection, due, due >= measure_begin_);
    if (unsent_.empty() || unsent_.back() != connection) unsent_.push_back(connection);
  }
  for (Connection* const connection : unsent_) connection->Flush();
  unsent_.clear();
}

// Round-robin; connections that are full are passed over.
Connection* Generator::PickConnection() {
  for (size_t tried = 0; tried < connections_.size(); ++tried) {
    Connection* const connection = connections_[next_connection_].get();
    next_connection_ = (next_connection_ + 1) % connections_.size();
    if (connection != nullptr && connection->CanStart()) return connection;
  }
  is_full_ = true;
  return nullptr;
}

}  // namespace load
