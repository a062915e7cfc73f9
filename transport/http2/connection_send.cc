// Commands and output: from what the layer above wants sent to octets in the order of the wire.
#include <algorithm>
#include <memory>
#include <utility>

#include "transport/http2/connection.h"
#include "transport/http2/frame_writer.h"

namespace weir::http2 {

// ---- Finding the stream of a command.

// Nullptr when there is nothing left to command.
Stream* Connection::FindOpen(StreamKey key) {
  Stream* const stream = streams_.Find(key);
  return stream != nullptr && !stream->is_closed ? stream : nullptr;
}

const Stream* Connection::FindOpen(StreamKey key) const {
  const Stream* const stream = streams_.Find(key);
  return stream != nullptr && !stream->is_closed ? stream : nullptr;
}

// Also moves the send half; nullptr when it does not allow the command.
Stream* Connection::FindForSending(StreamKey key, SendInput input) {
  Stream* const stream = FindOpen(key);
  if (stream == nullptr) return nullptr;
  const SendStep step = StepOf(stream->send_state, input);
  if (!step.is_allowed) return nullptr;
  stream->send_state = step.next;
  return stream;
}

void Connection::SetUser(StreamKey key, void* user) {
  if (Stream* const stream = streams_.Find(key)) stream->user = user;
}

size_t Connection::QueuedBytes(StreamKey key) const {
  const Stream* const stream = FindOpen(key);
  return stream != nullptr && stream->queue != nullptr ? stream->queue->size() : 0;
}

bool Connection::IsWritable(StreamKey key) const {
  const Stream* const stream = FindOpen(key);
  if (stream == nullptr || !StepOf(stream->send_state, SendInput::kTrailersFramed).is_allowed ||
      stream->send_state == SendState::kEnding) {
    return false;
  }
  return stream->queue == nullptr || !stream->queue->owes_writable;
}

// ---- Field sections.

template <typename Fields>
void Connection::WriteHeaders(StreamKey key, const Fields& fields) {
  Stream* const stream = FindForSending(key, SendInput::kHeaders);
  if (stream == nullptr) return;
  WriteFieldBlock(output_, stream->id, encoder_.Encode(fields), /*ends_stream=*/false,
                  peer_.max_frame_size());
  guard_.OnResponseSent();
}

void Connection::SendHeaders(StreamKey key, OutputFields fields) { WriteHeaders(key, fields); }
void Connection::SendHeaders(StreamKey key, const FieldTemplate& fields) {
  WriteHeaders(key, fields);
}

template <typename Fields>
void Connection::WriteOrQueueTrailers(StreamKey key, const Fields& fields) {
  Stream* const stream = FindOpen(key);
  if (stream == nullptr) return;
  if (stream->queue == nullptr || stream->queue->empty()) {
    WriteTrailers(*stream, fields);
    return;
  }
  const SendStep step = StepOf(stream->send_state, SendInput::kTrailersQueued);
  if (!step.is_allowed) return;
  stream->send_state = step.next;
  stream->queue->trailers = std::make_unique<WaitingTrailers>();
  stream->queue->trailers->Set(fields);
}

void Connection::SendTrailers(StreamKey key, OutputFields fields) {
  WriteOrQueueTrailers(key, fields);
}
void Connection::SendTrailers(StreamKey key, const FieldTemplate& fields) {
  WriteOrQueueTrailers(key, fields);
}

template <typename Fields>
void Connection::WriteTrailers(Stream& stream, const Fields& fields) {
  const SendStep step = StepOf(stream.send_state, SendInput::kTrailersFramed);
  if (!step.is_allowed) return;
  stream.send_state = step.next;
  WriteFieldBlock(output_, stream.id, encoder_.Encode(fields), /*ends_stream=*/true,
                  peer_.max_frame_size());
  guard_.OnResponseSent();
  guard_.OnResponseCompleted();
  if (stream.receive_state == ReceiveState::kEnded) {
    CloseStream(stream, ReceiveState::kEnded);
  } else {
    // The response is complete without the rest of the request (RFC 9113 §8.1).
    ResetOpenStream(stream, ErrorCode::kNoError);
  }
}

void Connection::WriteWaitingTrailers(Stream& stream) {
  // The stream, and its queue, may be gone with the END_STREAM.
  const std::unique_ptr<WaitingTrailers> trailers = std::move(stream.queue->trailers);
  if (trailers->as_template() != nullptr) {
    WriteTrailers(stream, *trailers->as_template());
  } else {
    WriteTrailers(stream, trailers->fields());
  }
}

// ---- DATA.

bool Connection::HasWindow(const Stream& stream) const {
  return send_windows_.Stream(stream.send_delta) > 0;
}

uint8_t* Connection::PlaceData(StreamKey key, size_t size) {
  if (scheduler_.has_ready() || output_.size() >= options_.output_batch_bytes ||
      size > peer_.max_frame_size() || static_cast<int64_t>(size) > send_windows_.Connection()) {
    return nullptr;
  }
  Stream* const stream = FindForSending(key, SendInput::kData);
  if (stream == nullptr || static_cast<int64_t>(size) > send_windows_.Stream(stream->send_delta) ||
      (stream->queue != nullptr && !stream->queue->empty())) {
    return nullptr;
  }
  const auto length = static_cast<uint32_t>(size);
  send_windows_.Debit(&stream->send_delta, length);
  guard_.OnResponseSent();
  return http2::PlaceData(output_, stream->id, length);
}

void Connection::SendData(StreamKey key, Buffer bytes) {
  Stream* const stream = FindForSending(key, SendInput::kData);
  if (stream == nullptr || bytes.empty()) return;
  if (stream->queue == nullptr) stream->queue = std::make_unique<SendQueue>(*stream);
  SendQueue& queue = *stream->queue;
  scheduler_.Push(queue, std::move(bytes), HasWindow(*stream));
  if (queue.size() >= options_.stream_high_mark_bytes) queue.owes_writable = true;
}

// Whether the next frame can be lent: then it stands in one buffer.
bool Connection::IsLarge(const SendQueue& queue) {
  return queue.is_front_lent() || queue.front().size() >= OutputBuffer::kLoanMin;
}

// What both windows let through.
int64_t Connection::SendWindow(const Stream& stream) const {
  return std::min(send_windows_.Connection(), send_windows_.Stream(stream.send_delta));
}

// How much of a queue goes into its next frame.
uint32_t Connection::NextFrameSize(const SendQueue& queue) const {
  const int64_t window = SendWindow(queue.stream());
  const size_t queued = IsLarge(queue) ? queue.front().size() : queue.size();
  return static_cast<uint32_t>(
      std::min({static_cast<int64_t>(queued), int64_t{OutputScheduler::kQuantum}, window}));
}

// A large payload stays where it is, and so does the end of one.
void Connection::FrameData(SendQueue& queue, uint32_t size) {
  WriteDataHeader(output_, queue.stream().id, size);
  const ByteView front = queue.front();
  const bool is_rest = queue.is_front_lent() && size == front.size();
  const bool is_large = size >= OutputBuffer::kLoanMin && size <= front.size();
  if ((is_large || is_rest) && output_.Borrow(front.first(size), queue.front_capacity())) {
    Buffer used_up = queue.Lend(size);
    if (used_up.capacity() != 0) output_.Keep(std::move(used_up));
    return;
  }
  uint8_t* place = output_.Extend(size);
  while (size > 0) {
    const ByteView part = queue.front().first(std::min<size_t>(size, queue.front().size()));
    place = std::copy(part.begin(), part.end(), place);
    size -= static_cast<uint32_t>(part.size());
    Buffer used_up = queue.Skip(part.size());
    if (used_up.capacity() != 0) output_.Settle(std::move(used_up));
  }
}

void Connection::FrameQueuedData(size_t lent_bytes_max) {
  // A client that does not take what it was offered is not offered more: what leaves the queues
  // makes room in them for the handlers.
  if (output_.size() >= options_.output_batch_bytes) return;
  while (scheduler_.has_ready() && send_windows_.Connection() > 0) {
    SendQueue& queue = scheduler_.Front();
    const bool is_lent = IsLarge(queue) && output_.CanBorrow(queue.front_capacity());
    const size_t bytes_max = is_lent ? std::max(options_.output_batch_bytes, lent_bytes_max)
                                     : options_.output_batch_bytes;
    if (output_.size() >= bytes_max) return;
    Stream& stream = queue.stream();
    const uint32_t size = NextFrameSize(queue);
    FrameData(queue, size);
    send_windows_.Debit(&stream.send_delta, size);
    guard_.OnResponseSent();
    scheduler_.OnTaken(queue, size, HasWindow(stream));
    queue.framed_since_watched += size;
    if (queue.empty()) queue.is_watched = false;
    if (queue.owes_writable && queue.size() <= options_.stream_low_mark_bytes) {
      queue.owes_writable = false;
      if (!static_cast<ListNode<InEvents>&>(queue).is_linked()) writable_.PushBack(queue);
    }
    if (queue.empty() && queue.trailers != nullptr) WriteWaitingTrailers(stream);
  }
}

// ---- The end of a stream.

void Connection::ResetStream(StreamKey key, ErrorCode code) {
  if (Stream* const stream = FindOpen(key)) ResetOpenStream(*stream, code);
}

void Connection::ExcuseReset() {
  if (std::exchange(is_reset_premature_, false)) guard_.ExcuseReset();
}

void Connection::WriteReset(StreamId id, ErrorCode code) {
  WriteRstStream(output_, id, code);
  ++counters_.streams_reset_by_us;
}

void Connection::ResetOpenStream(Stream& stream, ErrorCode code) {
  WriteReset(stream.id, code);
  CloseStream(stream, ReceiveState::kResetByUs);
}

// May free the record.
void Connection::CloseStream(Stream& stream, ReceiveState how) {
  // A half that ended has given its part of the budget back.
  const bool was_receiving = stream.receive_state != ReceiveState::kEnded;
  stream.receive_state = how;
  if (was_receiving && stream.uses_budget) EndReceiveWindow(stream);
  stream.send_state = StepOf(stream.send_state, SendInput::kReset).next;
  if (stream.queue != nullptr) output_.Settle(scheduler_.Drop(*stream.queue));
  streams_.Close(stream, how);
  if (streams_.open() == 0 && options_.connection_idle_max != kForever) [[unlikely]] {
    quiet_deadlines_.unused = now_;
    has_unused_clock_ = false;
  }
}

void Connection::ReleaseStream(StreamKey key) {
  Stream* const stream = streams_.Find(key);
  if (stream == nullptr || stream->is_released) return;
  const bool will_end = stream->is_closed || stream->send_state == SendState::kEnding;
  streams_.Release(*stream);
  if (!will_end) ResetStream(key, ErrorCode::kCancel);
}

// ---- Output.

size_t Connection::Output(std::span<iovec> out, size_t lent_bytes_max) {
  if (out.empty()) return 0;
  if (scheduler_.has_ready()) FrameQueuedData(lent_bytes_max);
  // What waits now is looked at from time to time, beginning as soon as we are told the time.
  if (scheduler_.queued_bytes() != 0 && deadlines_.stall == kNever && !shutdown_.is_over()) {
    deadlines_.stall = now_;
  }
  return output_.Describe(out);
}

void Connection::OutputWritten(size_t bytes) {
  output_.OnWritten(bytes);
  replies_.OnWritten(output_.appended() - output_.size());
  ArmIdleDeadline();
}

bool Connection::HasOutput() const {
  return !output_.empty() || (scheduler_.has_ready() && send_windows_.Connection() > 0);
}

bool Connection::AreLargeReady() const {
  constexpr size_t kManyBatches = 8;
  if (scheduler_.queued_bytes() < kManyBatches * options_.output_batch_bytes) return false;
  return SendWindow(scheduler_.Front().stream()) >= int64_t{OutputBuffer::kLoanMin} &&
         scheduler_.AreAllReady(IsLarge);
}

// Counts a reply to one of the peer's frames. False when there are more than we keep for a peer
// that does not read them.
bool Connection::QueueReply() {
  replies_.OnQueued(output_.appended());
  return replies_.size() < options_.queued_replies_max;
}

}  // namespace weir::http2
