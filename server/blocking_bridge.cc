#include "server/blocking_bridge.h"

#include <algorithm>
#include <new>
#include <utility>

#include "server/call.h"
#include "server/connection_calls.h"
#include "server/message_encoder.h"
#include "server/worker_context.h"
#include "transport/base/check.h"
#include "transport/grpc/message_reader.h"

namespace weir::server {
namespace {

// Each time that window is given back is a task for the worker. What has been read waits until it
// is a quarter of the smallest window that the stream may have. The engine announces what it is
// given at half a window, so there is always one left for the client.
size_t ReleaseStep(uint32_t stream_window) {
  return std::min(stream_window, http2::kWindowInitial) / 4;
}

// What a stream may keep of a buffer whose content was larger than what is left of it.
constexpr size_t kSpareBytes = 64 * 1024;
// Of the buffer of a response: the next call finds it there.
constexpr size_t kKeptResponseBytes = 512;

}  // namespace

// ---- worker's thread ---------------------------------------------------------------------------

void BlockingBridge::Reset() {
  decoder_.Reset(call_.method().receive_bytes_max, call_.head().encoding);
  reading_.Release();
  reading_used_ = 0;
  input_.Reset(call_.method().receive_bytes_max);
  is_reader_waiting_ = is_writer_waiting_ = false;
  is_input_ended_ = is_over_ = is_posted_ = false;
  is_reading_stopped_ = false;
  outgoing_.clear();
  lacks_memory_ = false;
  outgoing_bytes_ = queued_bytes_ = consumed_bytes_ = 0;
  release_step_bytes_ =
      ReleaseStep(call_.connection().driver().worker().options().http2.stream_window);
  has_asked_for_window_ = false;
  wants_headers_ = is_done_ = false;
  rejection_ = {};
  result_ = Status();
}

void BlockingBridge::ReleaseMemory() {
  decoder_.ReleaseMemory();
  if (reading_.capacity() != 0) reading_.Release();
  input_.ReleaseMemory();
  if (!outgoing_.empty()) outgoing_.clear();
  encoded_response_.Truncate(0);
  if (encoded_response_.capacity() > kKeptResponseBytes) encoded_response_.Release();
}

void BlockingBridge::AddInput(ByteView data) {
  const std::lock_guard lock(mutex_);
  input_.Append(data);
  if (!is_reader_waiting_) return;
  if (input_.HasMessage()) {
    WakeAtTurnEnd();
  } else if (DoesReaderLackBytes()) {
    AskForMissingBytes();
  }
}

void BlockingBridge::AskForMissingBytes() {
  const size_t missing = input_.missing_bytes();
  has_asked_for_window_ = true;
  http2::Connection& connection = call_.connection().connection();
  if (connection.ExtendWindow(call_.stream(), missing)) input_.ExpectMissingBytes();
  call_.MarkDirty();
}

void BlockingBridge::EndInput() {
  const std::lock_guard lock(mutex_);
  is_input_ended_ = true;
  if (is_reader_waiting_) WakeAtTurnEnd();
}

void BlockingBridge::OnWritable() { UpdateQueuedBytes(); }

void BlockingBridge::UpdateQueuedBytes() {
  const size_t queued = call_.connection().connection().QueuedBytes(call_.stream());
  const std::lock_guard lock(mutex_);
  queued_bytes_ = queued;
  if (is_writer_waiting_ && HasRoom()) WakeAtTurnEnd();
}

bool BlockingBridge::HasRoom() const {
  return outgoing_bytes_ + queued_bytes_ <
         call_.connection().driver().worker().options().http2.stream_high_mark_bytes;
}

void BlockingBridge::WakeAtTurnEnd() {
  if (!is_linked()) call_.worker().WakeAtTurnEnd(*this);
}

void BlockingBridge::Cancel() {
  const std::lock_guard lock(mutex_);
  is_over_ = true;
  changed_.notify_all();
}

void BlockingBridge::Run() {
  std::vector<Buffer> outgoing;
  std::unique_lock lock(mutex_);
  outgoing.swap(outgoing_);
  queued_bytes_ += std::exchange(outgoing_bytes_, 0);
  const size_t consumed = std::exchange(consumed_bytes_, 0);
  const bool lacks_bytes = DoesReaderLackBytes();
  const bool wants_headers = std::exchange(wants_headers_, false);
  const grpc::Rejection rejection = std::exchange(rejection_, {});
  const bool lacks_memory = lacks_memory_;
  const bool is_done = is_done_;
  is_posted_ = false;
  lock.unlock();

  const Call::Pin pin(call_);
  if (lacks_memory) call_.connection().driver().CloseForLackOfMemory();
  call_.RunOrClose([&] {
    http2::Connection& connection = call_.connection().connection();
    if (consumed != 0) {
      connection.ReleaseWindow(call_.stream(), consumed);
      call_.MarkDirty();
    }
    if (lacks_bytes) {
      const std::lock_guard again(mutex_);
      if (DoesReaderLackBytes()) AskForMissingBytes();
    }
    if (wants_headers) call_.SendInitialMetadata();
    for (Buffer& message : outgoing) call_.SendEncoded(message);
    if (!outgoing.empty()) UpdateQueuedBytes();
    if (rejection.is_rejected()) call_.EndWithRejection(rejection);
  });
  if (is_done) call_.OnPoolHandlerDone(std::move(result_));
}

// ---- pool thread -------------------------------------------------------------------------------

void BlockingBridge::RunOnPool(PoolThread& thread) {
  thread_ = &thread;
  Status status;
  bool lacks_memory = false;
  try {
    status = RunHandler();
  } catch (const std::bad_alloc&) {
    lacks_memory = true;
  }
  std::unique_lock lock(mutex_);
  result_ = std::move(status);
  lacks_memory_ = lacks_memory_ || lacks_memory;
  is_done_ = true;
  PostAndUnlock(lock);
}

Status BlockingBridge::RunHandler() {
  if (call_.is_cancelled()) return Status::CANCELLED;
  const MethodShape shape = call_.method().shape();
  Status status = call_.InvokeBlocking(shape == MethodShape::kUnary ? nullptr : this);
  ExpelVisitors();
  if (status.ok() && !ServerStreams(shape)) return EncodeResponse(std::move(status));
  return status;
}

void BlockingBridge::GiveUp() {
  std::unique_lock lock(mutex_);
  is_over_ = true;
  lacks_memory_ = true;
  PostAndUnlock(lock);
}

Status BlockingBridge::EncodeResponse(Status status) {
  const internal::MessageCodec& codec = *call_.method().descriptor->response;
  const size_t size = codec.byte_size(call_.response());
  call_.NoteResponseSize(size);
  if (call_.IsMessageTooLarge(size)) return call_.MessageTooLarge(size);
  call_.DecideCompression();
  call_.NoteSent(codec, call_.response());
  const std::string_view encoding =
      call_.compress_response() ? call_.response_encoding() : std::string_view();
  EncodeMessage(codec, call_.response(), size, *thread_->compressors, encoding, &encoded_response_);
  call_.NoteSentBytes(size);
  return status;
}

void BlockingBridge::PostAndUnlock(std::unique_lock<std::mutex>& lock) {
  const bool must_post = !std::exchange(is_posted_, true);
  // Once the result is there and posted, the worker may hand this object to another call: nothing
  // of it is touched after the unlock but by the task itself.
  net::Loop& loop = call_.connection().loop();
  lock.unlock();
  if (must_post) loop.Post(*this);
}

class BlockingBridge::Visitor {
 public:
  explicit Visitor(BlockingBridge& bridge) : bridge_(bridge) { bridge_.visitors_.fetch_add(1); }
  ~Visitor() {
    bridge_.visitors_.fetch_sub(1);
    bridge_.visitors_.notify_all();
  }
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;

 private:
  BlockingBridge& bridge_;
};

// The next call gets this object, so nobody may still be waiting in it.
void BlockingBridge::ExpelVisitors() {
  if (visitors_.load() == 0) return;
  call_.LogMisuse("ended while a Read or a Write of it was waiting on another thread");
  Cancel();
  while (const int visitors = visitors_.load()) visitors_.wait(visitors);
}

// weir throws nothing at a handler: a Read or Write for which there is no memory fails.
ReadResult BlockingBridge::Read(const internal::MessageCodec& codec, void* message) {
  const Visitor visitor(*this);
  try {
    return ReadOrThrow(codec, message);
  } catch (const std::bad_alloc&) {
    GiveUp();
    return ReadResult::Kind::kFailed;
  }
}

bool BlockingBridge::Write(const internal::MessageCodec& codec, const void* message,
                           WriteOptions options) {
  const Visitor visitor(*this);
  try {
    return WriteOrThrow(codec, message, options);
  } catch (const std::bad_alloc&) {
    GiveUp();
    return false;
  }
}

ReadResult BlockingBridge::ReadOrThrow(const internal::MessageCodec& codec, void* message) {
  if (call_.is_cancelled() || is_reading_stopped_) return ReadResult::Kind::kFailed;
  if (!IsMessageUnread() && !WaitForInput()) return ReadAtEnd();
  ByteView source = unread();
  const size_t offered = source.size();
  const MessageDecoder::Outcome outcome =
      decoder_.Pull(&source, codec, message, *thread_->compressors);
  reading_used_ += offered - source.size();
  if (outcome == MessageDecoder::Outcome::kRejected) return FailRead(decoder_.rejection());
  WEIR_CHECK(outcome == MessageDecoder::Outcome::kMessage);
  call_.set_request_compressed(decoder_.is_compressed());
  call_.NoteReceived(codec, message, decoder_.message_size());
  if (decoder_.message_size() >= release_step_bytes_) ReleaseConsumed();
  return ReadResult::Kind::kMessage;
}

bool BlockingBridge::IsMessageUnread() const {
  const ByteView bytes = unread();
  return bytes.size() >= grpc::BytesOfFirstMessage(bytes, call_.method().receive_bytes_max);
}

// What a large message was granted is wanted by others.
void BlockingBridge::ReleaseConsumed() {
  std::unique_lock lock(mutex_);
  consumed_bytes_ += decoder_.TakeConsumedBytes();
  has_asked_for_window_ = false;
  PostAndUnlock(lock);
}

ReadResult BlockingBridge::ReadAtEnd() {
  {
    const std::lock_guard lock(mutex_);
    if (is_over_ || is_reading_stopped_) return ReadResult::Kind::kFailed;
    if (input_.is_empty()) return ReadResult::Kind::kEnd;
  }
  return FailRead(grpc::MakeRejection(grpc::Rejection::Kind::kMessageTruncated));
}

// Bytes are moved without the mutex, for which the worker would have to wait.
bool BlockingBridge::WaitForInput() {
  DropUsed();
  for (;;) {
    std::unique_lock lock(mutex_);
    consumed_bytes_ += decoder_.TakeConsumedBytes();
    Buffer since = input_.Take();
    if (since.empty()) return WaitForMessage(lock);
    if (consumed_bytes_ >= release_step_bytes_) {
      PostAndUnlock(lock);
    } else {
      lock.unlock();
    }
    if (reading_.empty()) {
      reading_ = std::move(since);
    } else {
      reading_.Append(since.view());
    }
    if (IsMessageUnread()) return true;
  }
}

// Keeps a buffer that is about as large as what is left of it will become.
void BlockingBridge::DropUsed() {
  const ByteView rest = unread();
  const size_t needed =
      std::max(rest.size(), grpc::BytesOfFirstMessage(rest, call_.method().receive_bytes_max));
  if (rest.empty()) {
    reading_.Release();
  } else if (reading_.capacity() <= needed + kSpareBytes) {
    reading_.DropFront(reading_used_);
  } else {
    reading_ = Buffer::CopyOf(rest);
  }
  reading_used_ = 0;
}

// All that there is is in `reading_`. Releases the lock.
bool BlockingBridge::WaitForMessage(std::unique_lock<std::mutex>& lock) {
  input_.PutBack(std::exchange(reading_, {}));
  // From here on, so that what comes while the lock is released is seen.
  is_reader_waiting_ = !IsReadingOver();
  const bool owes_window = consumed_bytes_ != 0 && has_asked_for_window_;
  if (consumed_bytes_ >= release_step_bytes_ || DoesReaderLackBytes() || owes_window) {
    has_asked_for_window_ = false;
    PostAndUnlock(lock);
    lock.lock();
  }
  changed_.wait(lock, [this] { return input_.HasMessage() || IsReadingOver(); });
  is_reader_waiting_ = false;
  if (is_over_ || is_reading_stopped_ || !input_.HasMessage()) return false;
  reading_ = input_.Take();
  return true;
}

ReadResult BlockingBridge::FailRead(const grpc::Rejection& rejection) {
  std::unique_lock lock(mutex_);
  if (!is_over_) {
    is_over_ = true;
    rejection_ = rejection;
    PostAndUnlock(lock);
  }
  return ReadResult::Kind::kFailed;
}

bool BlockingBridge::WriteOrThrow(const internal::MessageCodec& codec, const void* message,
                                  WriteOptions options) {
  if (call_.is_cancelled()) return false;
  const size_t size = codec.byte_size(message);
  if (call_.IsMessageTooLarge(size)) {
    const Status status = call_.MessageTooLarge(size);
    grpc::Rejection rejection = grpc::MakeRejection(grpc::Rejection::Kind::kMessageTooLarge);
    rejection.message = status.error_message();
    FailRead(rejection);
    return false;
  }
  call_.SealInitialMetadata();
  call_.NoteSent(codec, message);
  const std::string_view encoding =
      options.get_no_compression() ? std::string_view() : call_.response_encoding();
  Buffer encoded;
  EncodeMessage(codec, message, size, *thread_->compressors, encoding, &encoded);

  std::unique_lock lock(mutex_);
  if (!outgoing_.empty() && !is_posted_) {
    // A message that was announced as the last was not.
    PostAndUnlock(lock);
    lock.lock();
  }
  is_writer_waiting_ = true;
  changed_.wait(lock, [this] { return is_over_ || HasRoom(); });
  is_writer_waiting_ = false;
  if (is_over_) return false;
  outgoing_bytes_ += encoded.size();
  outgoing_.push_back(std::move(encoded));
  call_.NoteSentBytes(size);
  // The last message leaves with the status.
  if (!options.is_last_message()) PostAndUnlock(lock);
  return true;
}

void BlockingBridge::StopReading() {
  const std::lock_guard lock(mutex_);
  is_reading_stopped_ = true;
  changed_.notify_all();
}

void BlockingBridge::SendInitialMetadata() {
  call_.SealInitialMetadata();
  std::unique_lock lock(mutex_);
  wants_headers_ = true;
  PostAndUnlock(lock);
}

}  // namespace weir::server
