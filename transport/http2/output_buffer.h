// The framed octets of one connection on their way to the socket: appended behind, written away in
// front.
#ifndef WEIR_TRANSPORT_HTTP2_OUTPUT_BUFFER_H_
#define WEIR_TRANSPORT_HTTP2_OUTPUT_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/base/check.h"

namespace weir::http2 {

// One contiguous run, so that everything a turn of the loop produces is one iovec of one system
// call, and a frame header never stands alone.
class OutputBuffer {
 public:
  // Adds `count` octets of unspecified content and returns where they start.
  uint8_t* Extend(size_t count) {
    if (bytes_.capacity() - bytes_.size() < count) [[unlikely]] {
      MakeRoom(count);
    }
    appended_ += count;
    return bytes_.Extend(count);
  }

  ByteView unwritten() const { return bytes_.view().subspan(written_); }
  size_t size() const { return bytes_.size() - written_; }
  bool empty() const { return size() == 0; }

  // The first `count` unwritten octets have left.
  void OnWritten(size_t count) {
    WEIR_CHECK(count <= size());
    written_ += count;
    if (written_ == bytes_.size()) Clear();
  }

  // Drops what was not written.
  void Clear() {
    bytes_.Truncate(0);
    written_ = 0;
  }

  // Counted from the start of the connection; of use to those who remember a place in the output.
  uint64_t appended() const { return appended_; }

  bool has_memory() const { return bytes_.capacity() != 0; }
  void ReleaseIdleMemory() {
    if (empty()) {
      Clear();
      bytes_.Release();
    }
  }

 private:
  void MakeRoom(size_t count);

  Buffer bytes_;
  size_t written_ = 0;
  uint64_t appended_ = 0;
};

// How many replies to the peer's control frames wait in the output (CVE-2019-9512, -9514, -9515).
//
// Remembers two places in the output instead of one for each reply: never counts too few, and too
// many only until the second place is written.
class ReplyBacklog {
 public:
  // A reply was appended; the output ends at `end` now.
  void OnQueued(uint64_t end) {
    ++newer_;
    newer_end_ = end;
  }

  // All output before `written` has left.
  void OnWritten(uint64_t written) {
    if (written >= newer_end_) {
      older_ = newer_ = 0;
    } else if (written >= older_end_) {
      older_ = std::exchange(newer_, 0);
      older_end_ = newer_end_;
    }
  }

  uint32_t size() const { return older_ + newer_; }

 private:
  uint32_t older_ = 0;
  uint32_t newer_ = 0;
  uint64_t older_end_ = 0;
  uint64_t newer_end_ = 0;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_OUTPUT_BUFFER_H_
