#include "transport/net/acceptor.h"

#include <errno.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

namespace weir::net {

namespace {

class SystemAcceptCall final : public AcceptCall {
 public:
  int Accept(int listening_fd, SocketAddress& peer) override {
    sockaddr_storage raw{};
    socklen_t length = sizeof(raw);
    auto* address = reinterpret_cast<sockaddr*>(&raw);
    const int fd = ::accept4(listening_fd, address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return -errno;
    peer = SocketAddress::FromRaw(address, length);
    return fd;
  }
};

enum class Reaction : uint8_t {
  kNextConnection,  // it concerned one connection: try the next
  kBackOff,         // it concerns the process: try later
};

struct ErrorClass {
  int error_number;
  Reaction reaction;
  uint64_t AcceptCounters::*counter;
};

// accept(2). Linux also passes on errors that are already pending on the new connection.
constexpr std::array kErrorClasses = {
    ErrorClass{EINTR, Reaction::kNextConnection, &AcceptCounters::connection_errors},
    ErrorClass{ECONNABORTED, Reaction::kNextConnection, &AcceptCounters::connection_errors},
    ErrorClass{ECONNRESET, Reaction::kNextConnection, &AcceptCounters::connection_errors},
    ErrorClass{ENOTCONN, Reaction::kNextConnection, &AcceptCounters::connection_errors},
    ErrorClass{EPROTO, Reaction::kNextConnection, &AcceptCounters::connection_errors},
    ErrorClass{ENOPROTOOPT, Reaction::kNextConnection, &AcceptCounters::connection_errors},
    ErrorClass{EOPNOTSUPP, Reaction::kNextConnection, &AcceptCounters::connection_errors},
    ErrorClass{ETIMEDOUT, Reaction::kNextConnection, &AcceptCounters::connection_errors},
    ErrorClass{ENETDOWN, Reaction::kNextConnection, &AcceptCounters::connection_errors},
    ErrorClass{ENETUNREACH, Reaction::kNextConnection, &AcceptCounters::connection_errors},
    ErrorClass{EHOSTDOWN, Reaction::kNextConnection, &AcceptCounters::connection_errors},
    ErrorClass{EHOSTUNREACH, Reaction::kNextConnection, &AcceptCounters::connection_errors},
    ErrorClass{ENONET, Reaction::kNextConnection, &AcceptCounters::connection_errors},
    ErrorClass{EPERM, Reaction::kNextConnection, &AcceptCounters::refusals},
    ErrorClass{EACCES, Reaction::kNextConnection, &AcceptCounters::refusals},
    ErrorClass{EMFILE, Reaction::kBackOff, &AcceptCounters::descriptor_errors},
    ErrorClass{ENFILE, Reaction::kBackOff, &AcceptCounters::descriptor_errors},
    ErrorClass{ENOBUFS, Reaction::kBackOff, &AcceptCounters::memory_errors},
    ErrorClass{ENOMEM, Reaction::kBackOff, &AcceptCounters::memory_errors},
};

constexpr ErrorClass Classify(int error_number) {
  for (const ErrorClass& known : kErrorClasses) {
    if (known.error_number == error_number) return known;
  }
  return {error_number, Reaction::kBackOff, &AcceptCounters::other_errors};
}

}  // namespace

AcceptCall& AcceptCall::System() {
  static SystemAcceptCall call;
  return call;
}

Acceptor::Acceptor(Loop& loop, int listening_fd, AcceptedSink& sink, const AcceptorOptions& options)
    : loop_(loop),
      listening_fd_(listening_fd),
      sink_(sink),
      options_(options),
      next_pause_(options.first_pause),
      last_ready_(loop.Now()) {}

Acceptor::~Acceptor() { Stop(); }

std::optional<IoError> Acceptor::Start() {
  WEIR_CHECK(state_ == State::kNotStarted);
  auto watch = loop_.Watch(listening_fd_, {.read = true}, *this);
  if (!watch.ok()) return watch.error();
  watch_ = watch.value();
  state_ = State::kAccepting;
  return std::nullopt;
}

void Acceptor::Pause() {
  if (state_ != State::kAccepting) return;
  state_ = State::kPaused;
  StopWatching();
}

void Acceptor::Resume() {
  if (state_ != State::kPaused) return;
  state_ = State::kAccepting;
  if (!is_backing_off()) StartWatching();
}

void Acceptor::OnDescriptorFreed() {
  if (!is_backing_off() || !lacks_descriptors_) return;
  loop_.Disarm(*this);
  if (state_ == State::kAccepting) StartWatching();
}

void Acceptor::Stop() {
  state_ = State::kStopped;
  StopWatching();
  loop_.Disarm(*this);
}

void Acceptor::OnReady(bool /*readable*/, bool /*writable*/, bool /*hangup*/) {
  constexpr int kShare = 8;
  const TimePoint begin = loop_.ReadClock();
  const Duration since = loop_.Now() - std::exchange(last_ready_, loop_.Now());
  const TimePoint end = begin + std::min<Duration>(since / kShare, options_.accept_time_max);
  int failures = 0;
  for (int i = 0; i < options_.accepts_per_turn; ++i) {
    SocketAddress peer;
    const int result = options_.call->Accept(listening_fd_, peer);
    if (result >= 0) {
      ++counters_.accepted;
      next_pause_ = options_.first_pause;
      sink_.OnAccepted(UniqueFd(result), peer);
      if (state_ != State::kAccepting || loop_.ReadClock() > end) return;
      continue;
    }
    if (result == -EAGAIN || result == -EWOULDBLOCK) return;
    const ErrorClass error = Classify(-result);
    ++(counters_.*error.counter);
    ++failures;
    if (error.reaction == Reaction::kBackOff) {
      lacks_descriptors_ = error.counter == &AcceptCounters::descriptor_errors;
      BackOff(next_pause_);
      next_pause_ = std::min(next_pause_ * 2, options_.longest_pause);
      return;
    }
  }
  if (failures == options_.accepts_per_turn) {
    lacks_descriptors_ = false;
    BackOff(options_.first_pause);
  }
}

void Acceptor::OnTimer(TimePoint /*now*/) {
  if (state_ == State::kAccepting) StartWatching();
}

void Acceptor::BackOff(Duration pause) {
  ++counters_.pauses;
  // Not an empty interest: a hang-up of the listening socket would be reported in every turn.
  StopWatching();
  loop_.Arm(*this, AddSaturated(loop_.Now(), pause));
}

void Acceptor::StartWatching() {
  auto watch = loop_.Watch(listening_fd_, {.read = true}, *this);
  if (watch.ok()) {
    watch_ = watch.value();
    return;
  }
  ++counters_.memory_errors;
  lacks_descriptors_ = false;
  BackOff(options_.longest_pause);
}

void Acceptor::StopWatching() {
  loop_.Unwatch(watch_);
  watch_ = WatchHandle();
}

}  // namespace weir::net
