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
#include "transport/base/bytes.h"
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
  // The next octets, as far as they stand in one buffer; how large that is; and whether a part of
  // it, in front of these, is lent.
  ByteView front() const;
  size_t front_capacity() const;
  bool is_front_lent() const { return is_front_lent_; }

  // Goes on behind the next `count` octets, which are in front(). Of these two, the first is for
  // octets that were copied, the second for those that are still needed where they are. When a
  // buffer is used up of which something is lent, it is returned.
  [[nodiscard]] Buffer Skip(size_t count);
  [[nodiscard]] Buffer Lend(size_t count);
  // Drops everything. Returns the front buffer if something of it is lent.
  [[nodiscard]] Buffer Clear();

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
  Buffer PopFront();

  Stream& stream_;
  std::vector<Buffer> buffers_;
  size_t front_ = 0;         // index of the first buffer with octets left
  size_t front_offset_ = 0;  // octets of it that were taken
  bool is_front_lent_ = false;
  size_t size_ = 0;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_SEND_QUEUE_H_
