// Calls: the streams and sleeps of coroutine handlers.
#include <utility>

#include "server/blocking_bridge.h"
#include "server/call.h"
#include "server/connection_calls.h"
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
    auto* timer = new SleepTimer(waiter);
    sleepers_.PushBack(*timer);
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
  if (read_ == nullptr) {
    KeepInbound(data);
    return;
  }
  const Pin pin(*this);
  pending_data_ = data;
  ResumeReadIfReady();
  // The handler read on for as long as there were whole messages; the rest has to be kept.
  const ByteView rest = std::exchange(pending_data_, {});
  if (is_stream_over_ || rest.empty()) return;
  KeepInbound(rest);
}

// A handler that is always a little behind never empties the buffer: what it has consumed has to
// make room, or all of the stream would be kept.
void Call::KeepInbound(ByteView data) {
  if (inbound_used_ > inbound_.size() / 2) {
    inbound_.DropFront(inbound_used_);
    inbound_used_ = 0;
  }
  inbound_.Append(data);
}

bool Call::StartRead(internal::ReadOperation& operation) {
  bool has_result = true;
  if (!RunOrClose([&] { has_result = TryRead(operation); })) {
    operation.result = ReadResult::Kind::kFailed;
  }
  if (!has_result) read_ = &operation;
  return has_result;
}

void Call::ResumeReadIfReady() {
  if (read_ == nullptr || !TryRead(*read_)) return;
  // A rejection in TryRead has cancelled the call and resumed the reader.
  if (read_ == nullptr) return;
  std::exchange(read_, nullptr)->waiter.resume();
}

bool Call::TryRead(internal::ReadOperation& operation) {
  operation.result = ReadResult::Kind::kFailed;
  if (is_stream_over_ || is_reading_stopped_) return true;
  for (;;) {
    const bool from_inbound = inbound_used_ < inbound_.size();
    ByteView source = from_inbound ? inbound_.view().subspan(inbound_used_) : pending_data_;
    const size_t offered = source.size();
    const MessageDecoder::Outcome outcome =
        decoder_.Pull(&source, *operation.codec, operation.message, worker().compressors());
    const size_t consumed = offered - source.size();
    if (from_inbound) {
      inbound_used_ += consumed;
      if (inbound_used_ == inbound_.size()) {
        inbound_.Release();
        inbound_used_ = 0;
      }
    } else {
      pending_data_ = source;
    }
    switch (outcome) {
      case MessageDecoder::Outcome::kMessage:
        if (!is_input_ended_) {
          http2().ReleaseWindow(stream_, decoder_.TakeConsumedBytes());
          MarkDirty();
        }
        request_compressed_ = decoder_.is_compressed();
        NoteReceived(*operation.codec, operation.message, decoder_.message_size());
        operation.result = ReadResult::Kind::kMessage;
        return true;
      case MessageDecoder::Outcome::kRejected:
        RejectRead(decoder_.rejection());
        return true;
      case MessageDecoder::Outcome::kNeedMore:
        if (from_inbound) continue;  // then what has just arrived
        if (is_input_ended_) {
          operation.result = ReadAtEnd();
          return true;
        }
        if (http2().ExtendWindow(stream_, decoder_.missing_bytes())) decoder_.ExpectMissingBytes();
        MarkDirty();
        return false;
    }
  }
}

ReadResult Call::ReadAtEnd() {
  if (decoder_.IsAtBoundary()) return ReadResult::Kind::kEnd;
  RejectRead(grpc::MakeRejection(grpc::Rejection::Kind::kMessageTruncated));
  return ReadResult::Kind::kFailed;
}

// The cancellation must not resume the operation that waits, if there is one: its result is
// delivered by returning.
void Call::RejectRead(const grpc::Rejection& rejection) {
  internal::ReadOperation* const waiting = std::exchange(read_, nullptr);
  RunOrClose([&] { EndWithRejection(rejection); });
  read_ = waiting;
}

// ---- writing -----------------------------------------------------------------------------------

bool Call::StartWrite(internal::WriteOperation& operation) {
  operation.is_sent = false;
  RunOrClose([&] {
    operation.is_sent =
        SendMessage(*operation.codec, operation.message, !operation.options.get_no_compression());
  });
  // The connection may have been lost on the way, for lack of memory.
  operation.is_sent = operation.is_sent && !is_stream_over_;
  if (!operation.is_sent || http2().IsWritable(stream_)) return true;
  write_ = &operation;
  return false;
}

void Call::OnWritable() {
  if (is_on_pool_) {
    bridge_->OnWritable();
  } else if (write_ != nullptr) {
    std::exchange(write_, nullptr)->waiter.resume();
  }
}

// ---- cancellation ------------------------------------------------------------------------------

void Call::StopReading() {
  is_reading_stopped_ = true;
  FailPendingRead();
}

void Call::FailPendingRead() {
  if (read_ == nullptr) return;
  read_->result = ReadResult::Kind::kFailed;
  std::exchange(read_, nullptr)->waiter.resume();
}

// The caller holds a Pin. Each resumed coroutine may start another operation, which then fails at
// once, so this ends.
void Call::WakeWaiters() {
  FailPendingRead();
  if (write_ != nullptr) {
    write_->is_sent = false;
    std::exchange(write_, nullptr)->waiter.resume();
  }
  while (!sleepers_.empty()) sleepers_.Front().Wake();
  if (request_waiter_) std::exchange(request_waiter_, nullptr).resume();
}

}  // namespace weir::server
