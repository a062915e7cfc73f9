// How do calls get onto the wire, within the windows that the server has opened?
//
// Streams that can send take turns, a frame each, as in real clients. What is waiting in `output_`
// is bounded, so that a server that does not read makes a call wait where its latency counts.
#include <algorithm>

#include "bench/load/connection.h"
#include "bench/load/frames.h"

namespace load {
namespace {

using weir::http2::FrameType;

constexpr size_t kMostUnsent = 256 * 1024;

}  // namespace

void Connection::StartCall(int64_t began, bool counts, int64_t now) {
  const uint32_t id = next_id_;
  next_id_ += 2;
  ++calls_started_;
  Stream* const stream = streams_.Insert(id);
  stream->began = began;
  stream->counts = counts;
  stream->send_window = peer_initial_window_;

  const size_t start = output_.size();
  output_.Extend(weir::http2::kFrameHeaderSize);
  headers_.Append(now - began, &output_);
  // A block fits one frame: the longest field is a path, which options.cc bounds.
  const size_t block_bytes = output_.size() - start - weir::http2::kFrameHeaderSize;
  weir::http2::StoreFrameHeader(output_.data() + start,
                                {.length = static_cast<uint32_t>(block_bytes),
                                 .type = FrameType::kHeaders,
                                 .flags = weir::http2::flags::kEndHeaders,
                                 .stream_id = id});
  // What fits goes at once, if it is nobody else's turn.
  if (queue_.empty() && CanSend(*stream) && unsent_bytes() < kMostUnsent) SendFrame(stream);
  Enqueue(stream);
}

bool Connection::HasRequestToSend(const Stream& stream) const {
  const Exchange& exchange = shared_->exchange;
  const uint64_t allowed = exchange.shape == Shape::kChat
                               ? std::min(exchange.requests, stream.answer.messages + 1)
                               : exchange.requests;
  return stream.requests_sent < allowed;
}

// A chat is closed when its last echo has come; other requests end with their last message, if they
// have one.
bool Connection::HasEndToSend(const Stream& stream) const {
  const Exchange& exchange = shared_->exchange;
  if (stream.has_ended || exchange.is_held || stream.requests_sent < exchange.requests)
    return false;
  return exchange.shape != Shape::kChat || stream.answer.messages >= exchange.answers;
}

bool Connection::CanSend(const Stream& stream) const {
  if (HasRequestToSend(stream)) return stream.send_window > 0 && send_window_ > 0;
  return HasEndToSend(stream);
}

void Connection::SendFrame(Stream* stream) {
  if (!HasRequestToSend(*stream)) {
    AppendData(stream->id, {}, /*ends_stream=*/true, &output_);
    stream->has_ended = true;
    return;
  }
  const Exchange& exchange = shared_->exchange;
  const weir::ByteView rest = weir::AsBytes(exchange.request).subspan(stream->request_offset);
  const int64_t window = std::min({stream->send_window, send_window_, int64_t{kMaxDataBytes}});
  const size_t count = std::min(rest.size(), static_cast<size_t>(window));
  stream->send_window -= static_cast<int64_t>(count);
  send_window_ -= static_cast<int64_t>(count);
  stream->request_offset += count;
  if (count == rest.size()) {
    stream->request_offset = 0;
    ++stream->requests_sent;
    if (exchange.counts_requests()) shared_->results->AddMessages(1, exchange.payload_bytes);
  }
  const bool ends = exchange.shape != Shape::kChat && stream->requests_sent == exchange.requests;
  AppendData(stream->id, rest.first(count), ends, &output_);
  stream->has_ended = ends;
}

void Connection::Enqueue(Stream* stream) {
  if (stream->is_queued || !CanSend(*stream)) return;
  stream->is_queued = true;
  queue_.push_back(stream->id);
}

// A stream whose own window is closed leaves the queue until it opens; when the connection's is
// closed, all wait in their order.
void Connection::SendQueued() {
  while (!queue_.empty() && unsent_bytes() < kMostUnsent) {
    Stream* const stream = streams_.Find(queue_.front());
    if (stream != nullptr && HasRequestToSend(*stream) && send_window_ <= 0) return;
    queue_.pop_front();
    if (stream == nullptr) continue;
    stream->is_queued = false;
    if (!CanSend(*stream)) continue;
    SendFrame(stream);
    Enqueue(stream);
  }
}

}  // namespace load
