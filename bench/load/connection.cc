#include "bench/load/connection.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "bench/load/clock.h"
#include "bench/load/frames.h"
#include "transport/base/check.h"

namespace load {
namespace {

// How many read or written portions a connection may have before others get their turn.
constexpr int kPortionsAtOnce = 16;
// Streams that are known to be forgotten. Older ones have long been answered.
constexpr size_t kMostRemembered = 4096;

}  // namespace

Connection::Connection(Shared* shared, ConnectionOwner* owner, uint64_t tag, size_t number,
                       uint64_t seed)
    : shared_(shared),
      owner_(owner),
      tag_(tag),
      number_(number),
      headers_(&shared->profile, seed),
      peer_initial_window_(kInitialWindow),
      send_window_(kInitialWindow) {}

bool Connection::MayOpenStreams() const { return !is_draining_ && next_id_ <= kWindowMax; }

bool Connection::CanStart() const {
  return state_ == State::kReady && MayOpenStreams() &&
         streams_.size() < std::min<size_t>(shared_->streams_max, peer_streams_max_);
}

void Connection::Open() {
  state_ = State::kConnecting;
  if (!socket_.Connect(shared_->target, number_)) {
    Fail(FailureKind::kConnect,
         "cannot connect to " + shared_->target.text + ": " + socket_.error());
    return;
  }
  Watch(EPOLLOUT);
}

void Connection::Establish() {
  switch (socket_.Establish()) {
    case Socket::Progress::kWantsRead:
      Watch(EPOLLIN);
      return;
    case Socket::Progress::kWantsWrite:
      Watch(EPOLLOUT);
      return;
    case Socket::Progress::kFailed:
      Fail(FailureKind::kConnect,
           "cannot connect to " + shared_->target.text + ": " + socket_.error());
      return;
    case Socket::Progress::kDone:
      state_ = State::kGreeting;
      AppendClientPreface(&output_);
      Flush();
      return;
  }
}

void Connection::Watch(uint32_t events) {
  if (events == watched_) return;
  epoll_event event{.events = events, .data = {.u64 = tag_}};
  const int operation = watched_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  WEIR_CHECK(epoll_ctl(shared_->epoll, operation, socket_.fd(), &event) == 0);
  watched_ = events;
}

void Connection::OnEvent(uint32_t events) {
  if (state_ == State::kConnecting) {
    Establish();
    return;
  }
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) OnReadable();
  if (!is_closed()) Flush();
}

// A portion that does not fill the buffer was all there is, except with TLS, where a portion is a
// record and OpenSSL may hold more that epoll knows nothing of.
void Connection::OnReadable() {
  std::vector<uint8_t>& buffer = shared_->read_buffer;
  for (int portions = 1;; ++portions) {
    const size_t kept = partial_.size();
    std::memcpy(buffer.data(), partial_.data(), kept);
    const Socket::Step step = socket_.Read(buffer.data() + kept, buffer.size() - kept);
    if (!step.is_open) {
      Fail(FailureKind::kConnectionLost, "connection lost: " + socket_.error());
      return;
    }
    if (step.bytes == 0) return;
    shared_->now = Now();
    const weir::ByteView bytes(buffer.data(), kept + step.bytes);
    const size_t walked = WalkFrames(bytes);
    if (is_closed()) return;
    partial_.assign(weir::AsText(bytes.subspan(walked)));
    const bool is_full = bytes.size() == buffer.size();
    if (shared_->target.tls == nullptr && (!is_full || portions == kPortionsAtOnce)) return;
    if (portions % kPortionsAtOnce == 0) Flush();
    if (is_closed()) return;
  }
}

void Connection::Flush() {
  if (state_ == State::kConnecting || is_closed()) return;
  for (int portions = 0; portions < kPortionsAtOnce; ++portions) {
    SendQueued();
    if (unsent_bytes() == 0) break;
    const Socket::Step step = socket_.Write(output_.view().subspan(output_sent_));
    if (!step.is_open) {
      Fail(FailureKind::kConnectionLost, "connection lost: " + socket_.error());
      return;
    }
    if (step.bytes == 0) break;
    output_sent_ += step.bytes;
    if (unsent_bytes() == 0) {
      output_.Truncate(0);
      output_sent_ = 0;
    }
  }
  Watch(unsent_bytes() == 0 ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void Connection::Fail(FailureKind kind, std::string sentence) {
  if (is_closed()) return;
  const bool was_ready = is_ready();
  const bool is_graceful =
      is_draining_ && streams_.size() == 0 && kind == FailureKind::kConnectionLost;
  state_ = State::kClosed;
  socket_.Close();
  const Failure failure{kind, std::move(sentence)};
  // A lost connection is a failure even if nothing was asked of it.
  if (was_ready && streams_.size() == 0 && !is_graceful) shared_->results->AddFailure(failure);
  FailCalls(failure);
  owner_->OnLost(*this, is_graceful ? nullptr : &failure, was_ready);
}

void Connection::FailCalls(const Failure& failure) {
  std::vector<EndedCall> calls;
  streams_.ForEach([&](const Stream& stream) {
    calls.push_back({Ending::kFailed, stream.began, stream.counts});
  });
  streams_ = {};
  for (const EndedCall& call : calls) {
    shared_->results->AddFailure(failure);
    owner_->OnCallEnded(*this, call);
  }
}

void Connection::CancelCalls() {
  std::vector<EndedCall> calls;
  std::vector<uint32_t> ids;
  streams_.ForEach([&](const Stream& stream) {
    calls.push_back({Ending::kCancelled, stream.began, stream.counts});
    ids.push_back(stream.id);
  });
  streams_ = {};
  for (const uint32_t id : ids) ResetStream(id);
  for (const EndedCall& call : calls) owner_->OnCallEnded(*this, call);
  Flush();
}

void Connection::FailCall(Stream* stream, FailureKind kind, std::string sentence) {
  shared_->results->AddFailure({kind, std::move(sentence)});
  EndCall(stream, Ending::kFailed);
}

void Connection::EndCall(Stream* stream, Ending ending) {
  const EndedCall call{ending, stream->began, stream->counts};
  streams_.Remove(stream);
  owner_->OnCallEnded(*this, call);
}

void Connection::ResetStream(uint32_t id) {
  AppendRstStream(id, weir::http2::ErrorCode::kCancel, &output_);
  Forget(id);
}

void Connection::Forget(uint32_t id) {
  forgotten_.push_back(id);
  if (forgotten_.size() > kMostRemembered) forgotten_.pop_front();
}

void Connection::Close() {
  if (is_closed()) return;
  if (state_ == State::kReady) {
    AppendGoAway(&output_);
    // Once, and best effort: nobody waits for it.
    (void)socket_.Write(output_.view().subspan(output_sent_));
  }
  state_ = State::kClosed;
  socket_.Close();
}

}  // namespace load
