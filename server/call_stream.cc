// Calls: the streams and sleeps of coroutine handlers.
#include <utility>

#include "server/blocking_bridge.h"
#include "server/call.h"
#include "server/connection_calls.h"
#include "server/request_input.h"
#include "server/worker_context.h"
#include "transport/net/timer.h"

namespace weir::server {

// One SleepFor in progress. Owns itself.
class Call::SleepTimer final : public net::Timer, public ListNode<SleepListTag> {
 public:
  explicit SleepTimer(std::coroutine_handle<> waiter) : waiter_(waiter) {}

  void OnTimer(TimePoint) override { Wake(); }

  void Wake() {
    const std::coroutine_handle<> waiter = waiter_;
    delete this;
    waiter.resume();
  }

 private:
  std::coroutine_handle<> waiter_;
};

bool Call::StartSleep(Duration duration, std::coroutine_handle<> waiter) {
  return RunOrClose([&] {
    IntrusiveList<SleepTimer, SleepListTag>& sleepers = timers().sleepers;
    auto* timer = new SleepTimer(waiter);
    sleepers.PushBack(*timer);
    net::Loop& loop = connection_->loop();
    loop.Arm(*timer, AddSaturated(loop.Now(), duration));
  });
}

// ---- reading -----------------------------------------------------------------------------------

// Bytes that no Read waits for are kept as they are, and their window is not given back: a slow
// handler slows its client, and holds at most one stream window.
void Call::OnStreamData(ByteView data) {
  if (is_on_pool_) {
    bridge_->AddInput(data);
    return;
  }
  const Pin pin(*this);
  input().Offer(data);
  ResumeReadIfReady();
  // The handler read on for as long as there were whole messages; the rest has to be kept.
  if (input_ == nullptr) return;
  if (is_stream_over_) {
    DropInput();
  } else {
    input_->KeepOffered();
  }
}

bool Call::StartRead(void* message) {
  bool has_result = true;
  if (!RunOrClose([&] { has_result = TryRead(message); })) {
    read_result_ = ReadResult::Kind::kFailed;
  }
  if (!has_result) request_ = message;
  return has_result;
}

void Call::ResumeReadIfReady() {
  if (read_waiter_ && TryRead(request_)) ResumeRead();
}

void Call::ResumeRead() {
  request_ = nullptr;
  std::exchange(read_waiter_, nullptr).resume();
}

bool Call::TryRead(void* message) {
  read_result_ = ReadResult::Kind::kFailed;
  if (is_stream_over_ || is_reading_stopped_) return true;
  if (input_ == nullptr) {
    if (is_input_ended_) read_result_ = ReadResult::Kind::kEnd;
    return is_input_ended_;
  }
  const internal::MessageCodec& codec = *method_->descriptor->request;
  switch (input_->Pull(codec, message, worker().compressors())) {
    case RequestInput::Outcome::kMessage:
      TakeMessage(codec, message);
      return true;
    case RequestInput::Outcome::kRejected:
      RejectRead(input_->rejection());
      return true;
    case RequestInput::Outcome::kNeedMore:
      break;
  }
  if (is_input_ended_) {
    RejectRead(grpc::MakeRejection(grpc::Rejection::Kind::kMessageTruncated));
    return true;
  }
  AskForMissingBytes();
  return false;
}

void Call::TakeMessage(const internal::MessageCodec& codec, const void* message) {
  if (!is_input_ended_) {
    http2().ReleaseWindow(stream_, input_->TakeConsumedBytes());
    MarkDirty();
  }
  request_compressed_ = input_->is_compressed();
  const size_t wire_size = input_->message_size();
  if (input_->is_empty()) DropInput();
  NoteReceived(codec, message, wire_size);
  read_result_ = ReadResult::Kind::kMessage;
}

// The cancellation must not resume the Read that waits, if there is one: its result is delivered by
// returning.
void Call::RejectRead(const grpc::Rejection& rejection) {
  const std::coroutine_handle<> waiting = std::exchange(read_waiter_, nullptr);
  RunOrClose([&] { EndWithRejection(rejection); });
  read_waiter_ = waiting;
}

// ---- writing -----------------------------------------------------------------------------------

bool Call::StartWrite(const void* message, WriteOptions options) {
  bool is_sent = false;
  RunOrClose([&] {
    is_sent = SendMessage(*method_->descriptor->response, message, !options.get_no_compression());
  });
  // The connection may have been lost on the way, for lack of memory.
  write_result_ = is_sent && !is_stream_over_;
  return !write_result_ || http2().IsWritable(stream_);
}

void Call::OnWritable() {
  if (is_on_pool_) {
    bridge_->OnWritable();
  } else if (write_waiter_) {
    std::exchange(write_waiter_, nullptr).resume();
  }
}

// ---- cancellation ------------------------------------------------------------------------------

void Call::StopReading() {
  is_reading_stopped_ = true;
  FailPendingRead();
}

void Call::FailPendingRead() {
  if (!read_waiter_) return;
  read_result_ = ReadResult::Kind::kFailed;
  ResumeRead();
}

// The caller holds a Pin. Each resumed coroutine may start another operation, which then fails at
// once, so this ends.
void Call::WakeWaiters() {
  FailPendingRead();
  if (write_waiter_) {
    write_result_ = false;
    std::exchange(write_waiter_, nullptr).resume();
  }
  while (timers_ != nullptr && !timers_->sleepers.empty()) timers_->sleepers.Front().Wake();
  WakeRequestWaiter();
}

}  // namespace weir::server
