// Who does a legal thing far too often? Three allowances, one for each family of attacks that
// consists of nothing illegal (RFC 9113 §10.5), and the policy on a peer's PINGs.
#ifndef WEIR_TRANSPORT_HTTP2_ABUSE_GUARD_H_
#define WEIR_TRANSPORT_HTTP2_ABUSE_GUARD_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include "transport/base/time.h"
#include "transport/http2/options.h"
#include "transport/http2/violation.h"

namespace weir::http2 {

// A token bucket, kept as the one point in time at which it would be full again.
class TokenBucket {
 public:
  // Takes a token. False when there is none.
  bool Spend(const Allowance& allowance, TimePoint now) {
    const Duration interval = IntervalOf(allowance);
    full_at_ = std::max(full_at_, now);
    if (full_at_ + interval > now + interval * allowance.burst) return false;
    full_at_ += interval;
    return true;
  }

  // Puts tokens back.
  void Refund(const Allowance& allowance, uint32_t tokens) {
    if (full_at_ != TimePoint::min()) full_at_ -= IntervalOf(allowance) * tokens;
  }

 private:
  static Duration IntervalOf(const Allowance& allowance) {
    return Duration(std::chrono::seconds(1)) / std::max(allowance.per_second, 1u);
  }

  TimePoint full_at_ = TimePoint::min();
};

class AbuseGuard {
 public:
  // `options` must outlive this object.
  explicit AbuseGuard(const ConnectionOptions& options) : options_(options) {}

  // Each returns what the connection fails with when the peer went too far, or kNone.

  // A stream error that costs what its row in the table of violations says.
  Violation OnStreamError(Charge charge, TimePoint now) {
    switch (charge) {
      case Charge::kGlitch:
        return OnGlitch(now);
      case Charge::kRefusal:
        return OnRefusal(now);
      case Charge::kNothing:
        return Violation::kNone;
    }
    return Violation::kNone;
  }
  // A stream error of the peer's making, or a frame without effect.
  Violation OnGlitch(TimePoint now) {
    return glitches_.Spend(options_.glitches, now) ? Violation::kNone : Violation::kTooManyGlitches;
  }
  // A stream above SETTINGS_MAX_CONCURRENT_STREAMS.
  Violation OnRefusal(TimePoint now) {
    return refusals_.Spend(options_.refusals, now) ? Violation::kNone : Violation::kTooManyRefusals;
  }
  // RST_STREAM on a request that no octet of a response was sent for.
  Violation OnPrematureReset(TimePoint now) {
    resets_.Refund(options_.premature_resets, std::exchange(responses_completed_, 0));
    return resets_.Spend(options_.premature_resets, now) ? Violation::kNone
                                                         : Violation::kTooManyResets;
  }
  // The last one was none.
  void ExcuseReset() { resets_.Refund(options_.premature_resets, 1); }
  // A response was sent to its end: a busy client may cancel as much as it lets finish.
  void OnResponseCompleted() { ++responses_completed_; }

  Violation OnPing(TimePoint now, bool has_streams);
  // HEADERS or DATA was sent.
  void OnResponseSent() {
    ping_strikes_ = 0;
    last_ping_ = TimePoint::min();
  }

 private:
  const ConnectionOptions& options_;
  TokenBucket glitches_;
  TokenBucket refusals_;
  TokenBucket resets_;
  uint32_t responses_completed_ = 0;  // since the last premature reset
  uint32_t ping_strikes_ = 0;
  TimePoint last_ping_ = TimePoint::min();  // the last one that was no strike
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_ABUSE_GUARD_H_
