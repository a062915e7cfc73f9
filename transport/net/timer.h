// Something that wants to be called at a point in time.
#ifndef WEIR_TRANSPORT_NET_TIMER_H_
#define WEIR_TRANSPORT_NET_TIMER_H_

#include "transport/base/intrusive_list.h"
#include "transport/base/time.h"

namespace weir::net {

// Derive from it and arm it on a loop (`Loop::Arm`). It lives inside its owner: arming and
// disarming are O(1) and allocate nothing, and the destructor disarms. Confined to its loop's
// thread.
class Timer : public ListNode<Timer> {
 public:
  // Called once per Arm, at or after the deadline, never before it. The timer is disarmed by then:
  // it may be armed again (for a past deadline too: then it fires in the next turn) or destroyed.
  // `now` is the loop's time of this turn.
  virtual void OnTimer(TimePoint now) = 0;

  bool is_armed() const { return is_linked(); }

  // Valid while armed.
  TimePoint deadline() const { return deadline_; }

 protected:
  virtual ~Timer() = default;

 private:
  friend class TimerWheel;
  TimePoint deadline_ = kNever;
};

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_TIMER_H_
