// Whose large message may arrive next?
//
// What the streams of a connection may send beyond their initial windows comes out of one budget,
// so that many streams cannot together make the server hold what each of them may hold alone.
// Streams that get nothing wait in the order of their asking, and are served as others finish.
#ifndef WEIR_TRANSPORT_HTTP2_RECEIVE_BUDGET_H_
#define WEIR_TRANSPORT_HTTP2_RECEIVE_BUDGET_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "transport/base/check.h"
#include "transport/http2/stream_id.h"

namespace weir::http2 {

class ReceiveBudget {
 public:
  explicit ReceiveBudget(uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // For a message: all of `bytes` or nothing. Who asks while no other message has any gets more
  // than there is, since a message larger than the budget could never arrive otherwise.
  [[nodiscard]] bool TakeForMessage(uint64_t bytes) {
    if (messages_ != 0 && messages_ + growth_ + bytes > bytes_max_) return false;
    messages_ += bytes;
    return true;
  }
  // More for a message that has some already, whatever there is: all it can ask for is its rest.
  void AddToMessage(uint64_t bytes) { messages_ += bytes; }
  void GiveBackFromMessage(uint64_t bytes) {
    WEIR_DCHECK(bytes <= messages_);
    messages_ -= bytes;
  }

  // For a stream that is to become faster: as much of `bytes` as nobody waits for, out of one half
  // of the budget. A stream may keep that for hours, and messages need the other half.
  [[nodiscard]] uint64_t TakeForGrowth(uint64_t bytes) {
    const uint64_t growth_max = bytes_max_ / 2;
    if (!waiting_.empty() || growth_ >= growth_max) return 0;
    bytes = std::min(bytes, growth_max - growth_);
    growth_ += bytes;
    return bytes;
  }
  void GiveBackGrowth(uint64_t bytes) {
    WEIR_DCHECK(bytes <= growth_);
    growth_ -= bytes;
  }

  // Streams that asked and got nothing, first come first served. A key may be stale.
  void Wait(StreamKey stream) { waiting_.push_back(stream); }
  bool has_waiting() const { return !waiting_.empty(); }
  StreamKey FirstWaiting() const { return waiting_.front(); }
  void PopWaiting() { waiting_.erase(waiting_.begin()); }

  bool has_message() const { return messages_ != 0; }
  uint64_t taken() const { return messages_ + growth_; }

 private:
  uint64_t bytes_max_;
  uint64_t messages_ = 0;  // taken, and not given back
  uint64_t growth_ = 0;
  std::vector<StreamKey> waiting_;  // at most one for each stream
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_RECEIVE_BUDGET_H_
