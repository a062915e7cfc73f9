// Which streams are there, by key and by identifier, and what became of the others?
//
// 1. A record lives from Open until it is closed on the wire (Close) and released by the layer
//    above (Release), in any order.
// 2. The index holds exactly the records that are not closed; an id that is not in it is idle when
//    it is above highest_id(), and otherwise closed or skipped.
#ifndef WEIR_TRANSPORT_HTTP2_STREAM_STORE_H_
#define WEIR_TRANSPORT_HTTP2_STREAM_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "transport/base/slot_map.h"
#include "transport/http2/closed_streams.h"
#include "transport/http2/stream.h"
#include "transport/http2/stream_id.h"
#include "transport/http2/stream_state.h"

namespace weir::http2 {

class StreamStore {
 public:
  // What an empty store has to remember: where another goes on with it, no key and no id becomes
  // valid again.
  struct History {
    StreamId highest_id = 0;
    uint32_t generation = 0;  // of the slots
    ClosedStreams closed;
  };

  StreamStore() = default;
  explicit StreamStore(History history)
      : slots_(history.generation),
        highest_id_(history.highest_id),
        closed_(std::move(history.closed)) {}
  StreamStore(const StreamStore&) = delete;
  StreamStore& operator=(const StreamStore&) = delete;

  // Nullptr when the key is stale. Finds closed records that were not released, too.
  Stream* Find(StreamKey key) { return slots_.Find(key); }
  const Stream* Find(StreamKey key) const { return slots_.Find(key); }

  // What the layer above names the stream by.
  static StreamKey KeyOf(const Stream& stream) { return Slots::KeyOf(stream); }

  // Nullptr when no open stream has this id.
  Stream* FindById(StreamId id) const {
    if (open_ == 0) return nullptr;
    Stream* stream = buckets_[BucketOf(id)];
    while (stream != nullptr && stream->id != id) stream = stream->next_in_bucket;
    return stream;
  }

  // The state of an odd id that FindById does not find.
  ReceiveState StateOf(StreamId id) const {
    return id > highest_id_ ? ReceiveState::kIdle : closed_.StateOf(id);
  }

  // The peer has used this id, whatever becomes of it: lower ones that it has not are skipped.
  void Use(StreamId id) { highest_id_ = id; }
  StreamId highest_id() const { return highest_id_; }

  Stream& Open(StreamId id, uint32_t receive_window);

  // The stream is over on the wire; `how` is kEnded, kResetByPeer or kResetByUs. May free the
  // record.
  void Close(Stream& stream, ReceiveState how);

  // The layer above is done with it. May free the record.
  void Release(Stream& stream);

  // Frees every record, whatever state an operation that threw has left it in. Every key is stale
  // from now on.
  void Abandon();

  // A stream without a record was reset by us.
  void RememberReset(StreamId id) { closed_.Remember(id, ReceiveState::kResetByUs); }

  size_t size() const { return slots_.size(); }  // records
  size_t open() const { return open_; }          // records that are not closed

  // Calls `visit(stream)` for every record; it may close or release the one it is given.
  template <typename Visit>
  void ForEach(Visit visit) {
    slots_.ForEach([&](StreamKey, Stream& stream) { visit(stream); });
  }

  // Of a store without records. It must not be used any more.
  History TakeHistory() &&;

  // Gives back what is not needed now; forgets the closed streams.
  void ReleaseIdleMemory();

 private:
  static constexpr size_t kBucketsMin = 4;
  // Many connections have one stream at a time.
  using Slots = SlotMap<Stream, 8, 2>;

  size_t BucketOf(StreamId id) const { return (id >> 1) & bucket_mask_; }
  void GrowIndex();
  void Unindex(Stream& stream);

  Slots slots_;
  std::unique_ptr<Stream*[]> buckets_;  // nullptr until the first stream
  size_t bucket_mask_ = 0;
  size_t open_ = 0;
  StreamId highest_id_ = 0;
  ClosedStreams closed_;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_STREAM_STORE_H_
