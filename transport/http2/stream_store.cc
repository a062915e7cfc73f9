#include "transport/http2/stream_store.h"

#include <utility>

#include "transport/base/check.h"

namespace weir::http2 {

Stream& StreamStore::Open(StreamId id, uint32_t receive_window) {
  // At most one open stream to a bucket on average: ids follow each other, so chains are rare.
  if (open_ == bucket_mask_ + size_t{buckets_ != nullptr}) GrowIndex();
  Stream* const stream = slots_.Emplace(id, receive_window).second;
  Stream*& bucket = buckets_[BucketOf(id)];
  stream->next_in_bucket = std::exchange(bucket, stream);
  ++open_;
  return *stream;
}

void StreamStore::GrowIndex() {
  const size_t old_count = buckets_ == nullptr ? 0 : bucket_mask_ + 1;
  const size_t count = old_count == 0 ? kBucketsMin : 2 * old_count;
  const std::unique_ptr<Stream*[]> old =
      std::exchange(buckets_, std::make_unique<Stream*[]>(count));
  bucket_mask_ = count - 1;
  for (size_t i = 0; i < old_count; ++i) {
    for (Stream* stream = old[i]; stream != nullptr;) {
      Stream*& bucket = buckets_[BucketOf(stream->id)];
      Stream* const next = std::exchange(stream->next_in_bucket, bucket);
      bucket = stream;
      stream = next;
    }
  }
}

void StreamStore::Unindex(Stream& stream) {
  Stream** link = &buckets_[BucketOf(stream.id)];
  while (*link != &stream) link = &(*link)->next_in_bucket;
  *link = stream.next_in_bucket;
  --open_;
}

void StreamStore::Close(Stream& stream, ReceiveState how) {
  WEIR_DCHECK(!stream.is_closed);
  Unindex(stream);
  closed_.Remember(stream.id, how);
  stream.is_closed = true;
  stream.queue.reset();
  if (stream.is_released) slots_.Erase(KeyOf(stream));
}

void StreamStore::Release(Stream& stream) {
  WEIR_DCHECK(!stream.is_released);
  stream.is_released = true;
  if (stream.is_closed) slots_.Erase(KeyOf(stream));
}

void StreamStore::Abandon() {
  slots_.ForEach([this](StreamKey key, Stream&) { slots_.Erase(key); });
  buckets_.reset();
  bucket_mask_ = 0;
  open_ = 0;
}

StreamStore::History StreamStore::TakeHistory() && {
  slots_.ReleaseMemory();
  return {.highest_id = highest_id_,
          .generation = slots_.first_generation(),
          .closed = std::move(closed_)};
}

void StreamStore::ReleaseIdleMemory() {
  closed_.ReleaseIdleMemory();
  if (open_ == 0) {
    buckets_.reset();
    bucket_mask_ = 0;
  }
  if (slots_.size() == 0) slots_.ReleaseMemory();
}

}  // namespace weir::http2
