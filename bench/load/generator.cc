#include "bench/load/generator.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <limits>

#include "bench/load/clock.h"

namespace load {
namespace {

constexpr uint64_t kSignalTag = ~uint64_t{0};
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// Connections that are being opened at the same time: a burst of more overflows the backlog of a
// server (Linux: 4,096 at most, many servers: 128) and costs a second for each retry.
constexpr size_t kMostOpening = 64;
// Attempts to connect that may fail one after the other, once the run has begun.
constexpr size_t kMostFailedConnects = 100;
// How long the last answers may take.
constexpr int64_t kDrainTime = 10 * kSecond;
// A run in which nothing moves for so long is over.
constexpr int64_t kStallTime = 30 * kSecond;
// Long streams are cut off when the time is over, unless they stood still before.
constexpr int64_t kStillTime = 3 * kSecond;
constexpr int kQuietSeconds = 3;  // before progress is printed

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

uint64_t TagOf(size_t slot, uint32_t generation) { return uint64_t{generation} << 32 | slot; }
size_t SlotOf(uint64_t tag) { return tag & 0xffffffff; }

}  // namespace

Generator::Generator(const Options* options, Shared* shared, Results* results)
    : options_(*options),
      shared_(*shared),
      results_(*results),
      connections_(static_cast<size_t>(options->connections)),
      generations_(connections_.size()),
      seeds_(static_cast<uint64_t>(options->seed)) {
  shared_.results = results;
  shared_.streams_max = static_cast<size_t>(options->streams);
}

Generator::~Generator() {
  connections_.clear();
  if (signals_ >= 0) close(signals_);
  if (shared_.epoll >= 0) close(shared_.epoll);
}

std::string Generator::Prepare() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  constexpr size_t kOtherFiles = 16;
  if (connections_.size() + kOtherFiles > files.rlim_max) {
    return "the limit of open files is " + std::to_string(files.rlim_max) + ", too low for " +
           std::to_string(connections_.size()) + " connections";
  }
  // Otherwise the kernel may wake us 50 microseconds after the time a call is due.
  prctl(PR_SET_TIMERSLACK, 1UL);

  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  shared_.epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kSignalTag}};
  epoll_ctl(shared_.epoll, EPOLL_CTL_ADD, signals_, &event);
  return {};
}

std::string Generator::Run() {
  if (std::string mistake = Prepare(); !mistake.empty()) return mistake;
  for (size_t slot = 0; slot < connections_.size(); ++slot) to_open_.push_back(slot);
  shared_.now = last_progress_ = Now();
  next_second_ = shared_.now + kSecond;
  while (phase_ != Phase::kDone && fatal_.empty()) {
    OpenMore();
    WaitForEvents();
    shared_.now = Now();
    if (schedule_.has_value()) TakeDue(shared_.now);
    OnTime(shared_.now);
  }
  for (const std::unique_ptr<Connection>& connection : connections_) {
    if (connection != nullptr) connection->Close();
  }
  return fatal_;
}

void Generator::WaitForEvents() {
  const int64_t now = Now();
  const int64_t wait = std::max<int64_t>(NextWake(now) - now, 0);
  const timespec timeout{.tv_sec = wait / kSecond, .tv_nsec = wait % kSecond};
  std::array<epoll_event, 256> events;
  int count = epoll_pwait2(shared_.epoll, events.data(), static_cast<int>(events.size()), &timeout,
                           nullptr);
  if (count < 0 && errno == ENOSYS) {  // Linux before 5.11: up to a millisecond early, then busy.
    count = epoll_wait(shared_.epoll, events.data(), static_cast<int>(events.size()),
                       static_cast<int>(wait / kMillisecond));
  }
  for (int i = 0; i < count; ++i) {
    const uint64_t tag = events[i].data.u64;
    if (tag == kSignalTag) {
      OnSignal();
      continue;
    }
    const size_t slot = SlotOf(tag);
    if (connections_[slot] == nullptr || connections_[slot]->tag() != tag) continue;
    connections_[slot]->OnEvent(events[i].events);
    AfterEvent(slot);
    if (schedule_.has_value()) ServeQueue();
  }
}

int64_t Generator::NextWake(int64_t now) const {
  if (!to_open_.empty() && opening_ < kMostOpening) return now;
  int64_t wake = next_second_;
  if (schedule_.has_value() && IsRunning()) wake = std::min(wake, schedule_->next());
  if (phase_ == Phase::kWarmUp) wake = std::min(wake, measure_begin_);
  if (phase_ == Phase::kMeasuring) wake = std::min(wake, measure_end_);
  return wake;
}

void Generator::OnSignal() {
  signalfd_siginfo info;
  while (read(signals_, &info, sizeof info) > 0) {
  }
  if (phase_ == Phase::kMeasuring) {
    measure_end_ = Now();  // What was measured is reported.
  } else if (phase_ == Phase::kHolding) {
    phase_ = Phase::kDone;
  } else {
    fatal_ = "interrupted";
  }
}

void Generator::OnTime(int64_t now) {
  if (phase_ == Phase::kOpening && ready_ == connections_.size() && !options_.idle) BeginCalls(now);
  if (phase_ == Phase::kOpening && options_.idle &&
      held_ == connections_.size() * static_cast<size_t>(options_.streams)) {
    phase_ = Phase::kHolding;
    std::printf("ready\n");
    std::fflush(stdout);
  }
  if (phase_ == Phase::kWarmUp && now >= measure_begin_) BeginMeasuring(now);
  if (phase_ == Phase::kMeasuring && now >= measure_end_) EndMeasuring(now);
  const bool has_ended_calls = phase_ == Phase::kMeasuring && !MayStartAnother();
  if ((has_ended_calls || phase_ == Phase::kDraining) && in_flight_ == 0 && waiting_.empty()) {
    Finish();
  }
  if (phase_ == Phase::kDraining && now >= drain_end_) {
    StopWaiting("no answer within 10 s of the end of the run");
  }
  if (now < next_second_) return;
  next_second_ += kSecond;
  const uint64_t progress = results_.all_calls + results_.all_messages + results_.failed + ready_;
  if (progress != progress_mark_ || phase_ == Phase::kHolding) last_progress_ = now;
  progress_mark_ = progress;
  PrintProgress(now);
  if (now - last_progress_ < kStallTime) return;
  if (phase_ == Phase::kOpening && in_flight_ == 0) {
    fatal_ = "no SETTINGS from " + shared_.target.text + " within 30 s";
  } else if (in_flight_ > 0) {
    StopWaiting("no answer for 30 s");
  }
}

void Generator::BeginCalls(int64_t now) {
  begin_ = now;
  measure_begin_ = now + options_.warm_up_seconds * kSecond;
  measure_end_ = options_.seconds > 0 ? measure_begin_ + options_.seconds * kSecond : kNever;
  phase_ = Phase::kWarmUp;
  if (options_.warm_up_seconds == 0) BeginMeasuring(now);
  if (options_.is_open_loop()) {
    schedule_.emplace(now, options_.rate, options_.arrivals, seeds_.Next());
    return;
  }
  for (const std::unique_ptr<Connection>& connection : connections_) {
    shared_.now = Now();
    Fill(*connection);
    connection->Flush();
  }
}

void Generator::BeginMeasuring(int64_t now) {
  phase_ = Phase::kMeasuring;
  // The calls of a schedule count from the planned point; those of a closed loop from here.
  if (!options_.is_open_loop()) measure_begin_ = now;
  results_.is_recording = true;
  cpu_at_begin_ = CpuSeconds();
}

void Generator::EndMeasuring(int64_t now) {
  phase_ = Phase::kDraining;
  drain_end_ = now + kDrainTime;
  if (options_.is_open_loop()) return;  // Its last calls count, however late they are answered.
  results_.is_recording = false;
  results_.seconds = static_cast<double>(now - measure_begin_) * 1e-9;
  results_.client_cpu_seconds = CpuSeconds() - cpu_at_begin_;
  if (options_.shape == Shape::kUnary) return;
  if (now - last_progress_ > kStillTime) {
    StopWaiting("a stream stood still for 3 s");
    return;
  }
  results_.streams_cancelled = in_flight_;
  for (const std::unique_ptr<Connection>& connection : connections_) connection->CancelCalls();
}

void Generator::StopWaiting(const char* sentence) {
  phase_ = Phase::kDraining;  // so that no other call starts
  for (const std::unique_ptr<Connection>& connection : connections_) {
    if (connection != nullptr) connection->FailCalls({FailureKind::kUnanswered, sentence});
  }
  for (; !waiting_.empty(); waiting_.pop_front()) {
    results_.AddFailure({FailureKind::kUnanswered, sentence});
  }
  Finish();
}

void Generator::Finish() {
  phase_ = Phase::kDone;
  if (results_.seconds > 0 || measure_begin_ == 0) return;
  // An open loop, or a number of calls: until the last answer, but not less than was planned.
  int64_t end = std::max(last_counted_, measure_begin_ + 1);
  if (options_.is_open_loop()) end = std::max(end, measure_end_);
  results_.seconds = static_cast<double>(end - measure_begin_) * 1e-9;
  results_.client_cpu_seconds = CpuSeconds() - cpu_at_begin_;
}

void Generator::PrintProgress(int64_t now) {
  const uint64_t calls = results_.all_calls;
  const uint64_t last_second = calls - calls_mark_;
  calls_mark_ = calls;
  if (options_.quiet || (!IsRunning() && phase_ != Phase::kDraining)) return;
  const int64_t seconds = (now - begin_) / kSecond;
  if (seconds < kQuietSeconds) return;
  std::fprintf(stderr,
               "%4llds%s %10llu calls, %llu in the last second, %llu messages, %llu failed\n",
               static_cast<long long>(seconds), phase_ == Phase::kWarmUp ? " (warm-up)" : "",
               static_cast<unsigned long long>(calls), static_cast<unsigned long long>(last_second),
               static_cast<unsigned long long>(results_.all_messages),
               static_cast<unsigned long long>(results_.failed));
}

// ---- connections -------------------------------------------------------------------------------

void Generator::OpenMore() {
  // Those that fail at once come back to the list: each has one attempt.
  for (size_t left = to_open_.size(); left > 0 && opening_ < kMostOpening; --left) {
    const size_t slot = to_open_.front();
    to_open_.pop_front();
    OpenAt(slot);
    if (!fatal_.empty()) return;
  }
}

void Generator::OpenAt(size_t slot) {
  const uint64_t tag = TagOf(slot, ++generations_[slot]);
  ConnectionOwner* const owner = this;
  connections_[slot] = std::make_unique<Connection>(&shared_, owner, tag, slot, seeds_.Next());
  ++opening_;
  connections_[slot]->Open();
}

void Generator::OnReady(Connection& connection) {
  --opening_;
  ++ready_;
  failed_in_a_row_ = 0;
  if (options_.idle) {
    for (int i = 0; i < options_.streams && connection.CanStart(); ++i) {
      Start(connection, shared_.now, /*counts=*/true);
    }
    if (connection.calls_in_flight() < static_cast<size_t>(options_.streams)) {
      fatal_ = "the server allows only " + std::to_string(connection.calls_in_flight()) +
               " streams per connection";
    }
  } else if (IsRunning() && !options_.is_open_loop()) {
    Fill(connection);
  }
  is_full_ = false;
}

void Generator::OnLost(Connection& connection, const Failure* failure, bool was_ready) {
  if (was_ready) {
    --ready_;
    if (phase_ == Phase::kOpening) fatal_ = failure == nullptr ? "GOAWAY" : failure->sentence;
  } else {
    --opening_;
    if (phase_ == Phase::kOpening || ++failed_in_a_row_ > kMostFailedConnects) {
      fatal_ = failure->sentence;
    } else {
      results_.AddFailure(*failure);
    }
  }
  if (IsRunning()) to_open_.push_back(SlotOf(connection.tag()));
}

// Connections that have made their calls, or that the server will not take more on, give way.
void Generator::AfterEvent(size_t slot) {
  Connection& connection = *connections_[slot];
  if (connection.is_closed() || connection.calls_in_flight() > 0) return;
  const bool is_used_up = connection.is_ready() && options_.churn && !HasCallsLeft(connection);
  if (!connection.is_spent() && !is_used_up) return;
  if (connection.is_ready()) {
    --ready_;
  } else {
    --opening_;
  }
  connection.Close();
  if (IsRunning()) to_open_.push_back(slot);
}

}  // namespace load
