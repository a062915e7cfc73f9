// The framed octets of one connection on their way to the socket: appended behind, written away in
// front.
#ifndef WEIR_TRANSPORT_HTTP2_OUTPUT_BUFFER_H_
#define WEIR_TRANSPORT_HTTP2_OUTPUT_BUFFER_H_

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/base/check.h"

namespace weir::http2 {

// What is small is one contiguous run: everything that a turn of the loop usually produces is one
// iovec of one system call. Large payloads stay where they are, and are only pointed at: a loan
// stands between two octets of that run.
class OutputBuffer {
 public:
  // The least that is worth an iovec of its own.
  static constexpr size_t kLoanMin = 8 * 1024;
  // How much memory may be kept for loans whose octets are used up but for what was not written.
  static constexpr size_t kKeptMax = 5 * 1024 * 1024;

  // Adds `count` octets of unspecified content and returns where they start.
  uint8_t* Extend(size_t count) {
    if (bytes_.capacity() - bytes_.size() < count) [[unlikely]] {
      MakeRoom(count);
    }
    appended_ += count;
    return bytes_.Extend(count);
  }

  // Adds octets that stay where they are, which is in a buffer of `capacity`. False if that is too
  // much (CanBorrow). They must be there until they are written: before their owner lets go of the
  // buffer, it is given to Keep or Settle.
  [[nodiscard]] bool Borrow(ByteView octets, size_t capacity);
  bool CanBorrow(size_t capacity) const { return kept_bytes_ + capacity <= kKeptMax; }
  // Takes over a buffer whose octets have all been borrowed. Allocates nothing.
  void Keep(Buffer source) noexcept;
  // Takes over a buffer of which no more will be sent, and keeps of it what was borrowed.
  void Settle(Buffer source);

  size_t size() const { return bytes_.size() - written_ + loaned_bytes_; }
  bool empty() const { return size() == 0; }
  // The memory that is kept for loans.
  size_t kept_bytes() const { return kept_bytes_; }

  // Describes what was not written, from its beginning, as far as there are `parts`. Returns how
  // many were filled.
  size_t Describe(std::span<iovec> parts) const;

  // The first `count` unwritten octets have left.
  void OnWritten(size_t count) {
    WEIR_CHECK(count <= size());
    if (loans_.empty() && kept_.empty()) [[likely]] {
      written_ += count;
    } else {
      TakeWritten(count);
    }
    if (empty()) Clear();
  }

  // Drops what was not written.
  void Clear() noexcept {
    bytes_.Truncate(0);
    written_ = 0;
    if (!loans_.empty() || !kept_.empty()) DropLoans();
  }

  // Counted from the start of the connection; of use to those who remember a place in the output.
  uint64_t appended() const { return appended_; }

  bool has_memory() const { return bytes_.capacity() != 0; }
  void ReleaseIdleMemory() {
    if (empty()) {
      Clear();
      bytes_.Release();
      loans_ = std::vector<Loan>();
      kept_ = std::vector<Kept>();
    }
  }

 private:
  struct Loan {
    size_t at;  // in front of bytes_[at]
    ByteView octets;
  };
  struct Kept {
    Buffer buffer;
    uint64_t until;  // so many octets have left, counted as in appended()
  };

  void MakeRoom(size_t count);
  void TakeWritten(size_t count);
  void DropLoans() noexcept;

  Buffer bytes_;
  size_t written_ = 0;
  uint64_t appended_ = 0;
  std::vector<Loan> loans_;  // the first ones may be written
  size_t first_loan_ = 0;
  size_t loaned_bytes_ = 0;
  std::vector<Kept> kept_;  // in the order in which they will be of no use any more
  size_t kept_bytes_ = 0;
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
