// What one stream still has to send: DATA that waits for windows and its turn, and the field
// section that comes behind it.
#ifndef WEIR_TRANSPORT_HTTP2_SEND_QUEUE_H_
#define WEIR_TRANSPORT_HTTP2_SEND_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "transport/base/buffer.h"
#include "transport/base/intrusive_list.h"
#include "transport/http2/output_fields.h"
#include "transport/http2/violation.h"

namespace weir::http2 {

struct Stream;

// Field lines that had to be copied because they wait. HPACK encodes them only when their turn
// comes, since blocks must be decoded in the order they were encoded in.
class WaitingTrailers {
 public:
  void Set(OutputFields fields);
  void Set(const FieldTemplate& fields) { template_ = &fields; }

  // nullptr when the lines were copied.
  const FieldTemplate* as_template() const { return template_; }
  OutputFields fields() const { return fields_; }

 private:
  const FieldTemplate* template_ = nullptr;
  std::string text_;
  std::vector<OutputField> fields_;  // views of text_
};

// Tags of the two lists a queue can be in: the scheduler's, and that of the streams about which an
// event is due.
struct InScheduler {};
struct InEvents {};

// Made when a stream first has to wait: a stream whose DATA always fits never owns one.
class SendQueue : public ListNode<InScheduler>, public ListNode<InEvents> {
 public:
  // `stream` owns the queue.
  explicit SendQueue(Stream& stream) : stream_(stream) {}

  void Push(Buffer bytes);
  // Copies the next `count` queued octets to `place` and drops them.
  void Take(uint8_t* place, size_t count);
  void Clear();

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Stream& stream() const { return stream_; }

  std::unique_ptr<WaitingTrailers> trailers;
  // The high mark was reached and the low mark was not, so the layer above waits for word.
  bool owes_writable = false;
  // In the scheduler's parked list, not its ready list.
  bool is_parked = false;
  // It was there, not empty, when stalls were last looked for, and since then this was framed.
  bool is_watched = false;
  // Why what is left of the response is dropped; an event about that is due.
  Violation given_up = Violation::kNone;
  uint64_t framed_since_watched = 0;

 private:
  Stream& stream_;
  std::vector<Buffer> buffers_;
  size_t front_ = 0;         // index of the first buffer with octets left
  size_t front_offset_ = 0;  // octets of it that were taken
  size_t size_ = 0;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_SEND_QUEUE_H_
