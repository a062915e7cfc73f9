// Whose DATA is framed next: round-robin over the streams that have some and a window to send it.
//
// 1. A queue is in no list while it is empty, in the ready list while its stream's window is open,
//    and in the parked list while it is not.
// 2. Nothing here depends on the connection's window: when that is closed, the order is kept.
#ifndef WEIR_TRANSPORT_HTTP2_OUTPUT_SCHEDULER_H_
#define WEIR_TRANSPORT_HTTP2_OUTPUT_SCHEDULER_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "transport/base/buffer.h"
#include "transport/base/check.h"
#include "transport/base/intrusive_list.h"
#include "transport/http2/frame_header.h"
#include "transport/http2/send_queue.h"

namespace weir::http2 {

class OutputScheduler {
 public:
  // What a stream may send in one turn. Every peer takes a frame of this size.
  static constexpr uint32_t kQuantum = kMaxFrameSizeFloor;

  bool has_ready() const { return !ready_.empty(); }
  size_t queued_bytes() const { return queued_bytes_; }

  // The queue whose turn it is; has_ready() must be true.
  SendQueue& Front() { return ready_.Front(); }
  const SendQueue& Front() const { return ready_.Front(); }

  // Whether `test(queue)` is true for all that are ready.
  template <typename Test>
  bool AreAllReady(Test test) const {
    return ready_.AllOf(test);
  }

  void Push(SendQueue& queue, Buffer bytes, bool has_window) {
    queued_bytes_ += bytes.size();
    queue.Push(std::move(bytes));
    if (!IsListed(queue) && !queue.empty()) List(queue, has_window);
  }

  // `count` octets of the front queue were taken, and its turn with them.
  void OnTaken(SendQueue& queue, size_t count, bool has_window_left) {
    queued_bytes_ -= count;
    Unlist(queue);
    if (!queue.empty()) List(queue, has_window_left);
  }

  // Forgets a queue and what is in it. See SendQueue::Clear.
  [[nodiscard]] Buffer Drop(SendQueue& queue) {
    queued_bytes_ -= queue.size();
    Unlist(queue);
    return queue.Clear();
  }

  // The stream's window may have opened or closed.
  void Update(SendQueue& queue, bool has_window) {
    if (!IsListed(queue) || queue.is_parked == !has_window) return;
    Unlist(queue);
    List(queue, has_window);
  }

  // The windows of all streams may have.
  template <typename HasWindow>
  void UpdateAll(HasWindow has_window) {
    // What is moved to the end of the other list would be visited there, too: park first, so that
    // no queue is moved twice.
    ready_.ForEach([&](SendQueue& queue) { Update(queue, has_window(queue)); });
    parked_.ForEach([&](SendQueue& queue) { Update(queue, has_window(queue)); });
  }

 private:
  using Node = ListNode<InScheduler>;

  static bool IsListed(const SendQueue& queue) {
    return static_cast<const Node&>(queue).is_linked();
  }
  static void Unlist(SendQueue& queue) { static_cast<Node&>(queue).Unlink(); }
  void List(SendQueue& queue, bool has_window) {
    queue.is_parked = !has_window;
    (has_window ? ready_ : parked_).PushBack(queue);
  }

  IntrusiveList<SendQueue, InScheduler> ready_;
  IntrusiveList<SendQueue, InScheduler> parked_;
  size_t queued_bytes_ = 0;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_OUTPUT_SCHEDULER_H_
