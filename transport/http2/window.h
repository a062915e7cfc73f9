// Flow-control windows (RFC 9113 §5.2, §6.9): signed arithmetic, overflow, and when to give credit
// back.
#ifndef WEIR_TRANSPORT_HTTP2_WINDOW_H_
#define WEIR_TRANSPORT_HTTP2_WINDOW_H_

#include <algorithm>
#include <cstdint>

#include "transport/base/check.h"

namespace weir::http2 {

inline constexpr uint32_t kWindowMax = 0x7fffffff;  // §6.9.1
inline constexpr uint32_t kWindowInitial = 65535;   // §6.9.2

// How much a peer may still send us, on one stream or on the connection.
//
// Every octet of the window is in one of three places: held (the peer has sent it, and we have not
// consumed it), released (consumed, not announced yet), or available again. Extend makes more of
// them, and those that are released afterwards pay for it first, so there are never released octets
// and a debt at once: one balance is both.
class ReceiveWindow {
 public:
  // `size` is at most kWindowMax.
  explicit ReceiveWindow(uint32_t size) : size_(size), available_(static_cast<int32_t>(size)) {}

  // Takes `bytes` that arrived. False when the peer was not allowed to send them: none it may
  // always send, even under a window below zero (RFC 9113 §6.9.1, §6.9.2).
  [[nodiscard]] bool Debit(uint32_t bytes) {
    if (int64_t{bytes} > available_ && bytes != 0) return false;
    available_ -= static_cast<int32_t>(bytes);
    return true;
  }

  // Gives consumed bytes back. Returns the increment to announce with WINDOW_UPDATE, or 0 while
  // less than half a window has come together: smaller updates cost more frames than they help.
  [[nodiscard]] uint32_t Release(uint64_t bytes) {
    balance_ += static_cast<int64_t>(std::min(bytes, held()));
    if (balance_ <= 0 || balance_ < int64_t{size_ / 2}) return 0;
    return Announce(balance_);
  }

  // Makes at least `bytes` available (at most kWindowMax). Returns the increment to announce, or 0
  // if they already are. What exceeds the window is withheld from later releases.
  [[nodiscard]] uint32_t Extend(uint64_t bytes) {
    const int64_t missing = MissingOf(bytes);
    return missing == 0 ? 0 : Announce(missing);
  }

  // The peer has learnt of another initial size (RFC 9113 §6.9.2).
  void Resize(uint32_t size) {
    available_ = static_cast<int32_t>(available_ + int64_t{size} - int64_t{size_});
    size_ = size;
  }

  // Makes the window larger by `bytes`, which the caller announces with an update. At most to
  // kWindowMax.
  void Grow(uint32_t bytes) {
    size_ += bytes;
    available_ += static_cast<int32_t>(bytes);
  }

  // How much of what Extend(bytes) would announce was not released before.
  uint64_t SurplusFor(uint64_t bytes) const {
    const int64_t released = std::max<int64_t>(balance_, 0);
    return static_cast<uint64_t>(std::max<int64_t>(MissingOf(bytes) - released, 0));
  }

  // Granted beyond the window and not paid back yet.
  uint64_t surplus() const { return static_cast<uint64_t>(std::max<int64_t>(-balance_, 0)); }
  // The same, when nothing more can arrive: it is not to be paid back any more.
  uint64_t TakeSurplus() {
    const uint64_t taken = surplus();
    balance_ = std::max<int64_t>(balance_, 0);
    return taken;
  }

  int64_t available() const { return available_; }
  uint32_t size() const { return size_; }
  // What has arrived and is not consumed.
  uint64_t held() const {
    return static_cast<uint64_t>(std::max<int64_t>(int64_t{size_} - available_ - balance_, 0));
  }

 private:
  // What is not available of so many bytes.
  int64_t MissingOf(uint64_t bytes) const {
    const auto wanted = static_cast<int64_t>(std::min<uint64_t>(bytes, kWindowMax));
    return std::max<int64_t>(wanted - available_, 0);
  }

  uint32_t Announce(int64_t increment) {
    WEIR_DCHECK(available_ + increment <= int64_t{kWindowMax});
    balance_ -= increment;
    available_ = static_cast<int32_t>(available_ + increment);
    return static_cast<uint32_t>(increment);
  }

  // 16 octets, since there may be a hundred thousand streams. Neither of them can leave its type:
  // no window exceeds kWindowMax, and none is further below zero than its size was.
  uint32_t size_;
  int32_t available_;
  int64_t balance_ = 0;  // released and not announced; below zero, what Extend granted beyond that
};

// How much we may still send: one number for the connection, and one for each stream that is kept
// as its distance from SETTINGS_INITIAL_WINDOW_SIZE, so that a change of the setting moves all
// windows at once, however many streams are open (RFC 9113 §6.9.2).
class SendWindows {
 public:
  // The stream's part; a new stream has 0. Can be negative: so can a window. Between -kWindowMax
  // (all that an initial window allowed was sent) and kWindowMax (what no window may exceed).
  using Delta = int32_t;

  int64_t Connection() const { return connection_; }
  int64_t Stream(Delta delta) const { return initial_ + delta; }

  // Takes what is sent; no window may be less than that.
  void Debit(Delta* delta, uint32_t bytes) {
    WEIR_DCHECK(bytes == 0 || bytes <= Stream(*delta));
    connection_ -= bytes;
    *delta -= static_cast<Delta>(bytes);
  }

  // WINDOW_UPDATE. False when the window would exceed kWindowMax.
  [[nodiscard]] bool WidenConnection(uint32_t increment) {
    if (connection_ + increment > int64_t{kWindowMax}) return false;
    connection_ += increment;
    return true;
  }
  [[nodiscard]] bool WidenStream(Delta* delta, uint32_t increment) {
    if (Stream(*delta) + increment > int64_t{kWindowMax}) return false;
    *delta += static_cast<Delta>(increment);
    delta_bound_ = std::max<int64_t>(delta_bound_, *delta);
    return true;
  }

  // SETTINGS_INITIAL_WINDOW_SIZE, at most kWindowMax. False when a stream's window would exceed
  // kWindowMax. `max_delta()` returns the greatest delta of all open streams, or 0; it is asked
  // only if a bound that was true some time ago does not rule an overflow out, and then the answer
  // becomes the bound. So a peer pays at least one WINDOW_UPDATE for each time we look at all
  // streams.
  template <typename MaxDelta>
  [[nodiscard]] bool SetInitial(uint32_t size, MaxDelta max_delta) {
    if (size + delta_bound_ > int64_t{kWindowMax}) {
      delta_bound_ = std::max<int64_t>(max_delta(), 0);
      if (size + delta_bound_ > int64_t{kWindowMax}) return false;
    }
    initial_ = size;
    return true;
  }

 private:
  int64_t connection_ = kWindowInitial;
  int64_t initial_ = kWindowInitial;
  int64_t delta_bound_ = 0;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_WINDOW_H_
