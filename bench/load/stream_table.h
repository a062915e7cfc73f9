// Which call is on which stream of a connection?
//
// A hash table with open addressing over the few streams that are open at a time: finding one is an
// index and usually one comparison, and nothing is allocated for a call once the table has its
// size.
#ifndef WEIR_BENCH_LOAD_STREAM_TABLE_H_
#define WEIR_BENCH_LOAD_STREAM_TABLE_H_

#include <cstdint>
#include <vector>

#include "bench/load/answer_checker.h"

namespace load {

// A call on its stream, from HEADERS to the end of the answer.
struct Stream {
  uint32_t id = 0;    // 0: the slot is free
  int64_t began = 0;  // when the call began or, in an open loop, was due
  bool counts = false;

  // Sending.
  int64_t send_window = 0;
  uint64_t requests_sent = 0;  // whole messages
  size_t request_offset = 0;   // in the next one
  bool has_ended = false;      // END_STREAM is sent
  bool is_queued = false;      // among those that send in turn

  // Receiving.
  bool has_headers = false;
  uint32_t unreturned_bytes = 0;  // of its receive window
  AnswerState answer;
};

class StreamTable {
 public:
  StreamTable();

  size_t size() const { return size_; }

  // `id` is not in the table. Invalidates pointers to streams.
  Stream* Insert(uint32_t id);
  // Null when there is none.
  Stream* Find(uint32_t id);
  void Remove(Stream* stream);

  // Calls `visit(Stream&)` for each; it must neither insert nor remove.
  template <typename Visit>
  void ForEach(Visit visit) {
    for (Stream& stream : streams_) {
      if (stream.id != 0) visit(stream);
    }
  }

 private:
  static constexpr uint32_t kNone = 0xffffffff;

  // Ids of a client are odd.
  size_t HomeOf(uint32_t id) const { return (id >> 1) & (index_.size() - 1); }
  size_t Next(size_t place) const { return (place + 1) & (index_.size() - 1); }
  void Place(uint32_t slot);
  void Grow();

  std::vector<Stream> streams_;  // slots
  std::vector<uint32_t> free_;   // slots
  std::vector<uint32_t> index_;  // slots, by id; twice as many as streams_ or more
  size_t size_ = 0;
};

}  // namespace load

#endif  // WEIR_BENCH_LOAD_STREAM_TABLE_H_
