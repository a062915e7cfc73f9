// Do timers fire when they should, in order, and does the wheel know when to wake?
#include "transport/net/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace weir::net {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr Duration kTick = nanoseconds(1 << 20);
constexpr TimePoint kStart = TimePoint(3'000'000 * kTick);  // some time, at the edge of a tick

// The first instant at which a timer for `deadline` may fire.
TimePoint FiringTime(TimePoint deadline) {
  const int64_t ticks = (deadline.time_since_epoch() + kTick - nanoseconds(1)) / kTick;
  return TimePoint(ticks * kTick);
}

class RecordingTimer final : public Timer {
 public:
  explicit RecordingTimer(std::vector<RecordingTimer*>* fired = nullptr) : fired_(fired) {}
  void OnTimer(TimePoint now) override {
    fired_at = now;
    ++times_fired;
    if (fired_ != nullptr) fired_->push_back(this);
  }

  TimePoint fired_at{};
  int times_fired = 0;

 private:
  std::vector<RecordingTimer*>* fired_;
};

void FireDue(TimerWheel& wheel, TimePoint now) {
  wheel.Advance(now);
  while (Timer* timer = wheel.PopDue()) timer->OnTimer(now);
}

TEST(TimerWheel, IsNeverWokenWhenEmpty) {
  TimerWheel wheel(kStart);
  EXPECT_EQ(wheel.NextWake(), kNever);
  RecordingTimer timer;
  wheel.Arm(timer, kStart + seconds(1));
  wheel.Disarm(timer);
  EXPECT_EQ(wheel.NextWake(), kNever);
}

TEST(TimerWheel, FiresOnceAtItsTickAndNotBefore) {
  for (const Duration delay :
       {Duration(0), Duration(1), kTick - nanoseconds(1), kTick, kTick + nanoseconds(1), 63 * kTick,
        64 * kTick, 65 * kTick, 4096 * kTick, 262144 * kTick, Duration(hours(24 * 365))}) {
    SCOPED_TRACE(delay.count());
    TimerWheel wheel(kStart);
    RecordingTimer timer;
    const TimePoint deadline = kStart + delay;
    wheel.Arm(timer, deadline);
    const TimePoint due = std::max(FiringTime(deadline), kStart);
    if (delay > Duration(0)) {
      FireDue(wheel, due - nanoseconds(1));
      EXPECT_EQ(timer.times_fired, 0);
      EXPECT_TRUE(timer.is_armed());
    }
    FireDue(wheel, due);
    EXPECT_EQ(timer.times_fired, 1);
    EXPECT_FALSE(timer.is_armed());
    FireDue(wheel, due + hours(1));
    EXPECT_EQ(timer.times_fired, 1);
  }
}

TEST(TimerWheel, FiresADeadlineInThePastAtTheNextAdvance) {
  TimerWheel wheel(kStart);
  RecordingTimer timer;
  for (const TimePoint past : {TimePoint(), TimePoint::min(), kStart - seconds(5)}) {
    wheel.Arm(timer, past);
    EXPECT_LE(wheel.NextWake(), kStart);
    FireDue(wheel, kStart);
    EXPECT_FALSE(timer.is_armed());
  }
  EXPECT_EQ(timer.times_fired, 3);
}

TEST(TimerWheel, TreatsNeverAsDisarmed) {
  TimerWheel wheel(kStart);
  RecordingTimer timer;
  wheel.Arm(timer, kStart + seconds(1));
  wheel.Arm(timer, kNever);
  EXPECT_FALSE(timer.is_armed());
  EXPECT_EQ(wheel.NextWake(), kNever);
}

TEST(TimerWheel, HoldsTheLastDeadlineBeforeNever) {
  TimerWheel wheel(kStart);
  RecordingTimer timer;
  wheel.Arm(timer, kNever - nanoseconds(1));
  EXPECT_GT(wheel.NextWake(), kStart);
  FireDue(wheel, kStart + hours(24 * 365 * 100));
  EXPECT_TRUE(timer.is_armed());
}

TEST(TimerWheel, MovesATimerThatIsArmedAgain) {
  TimerWheel wheel(kStart);
  RecordingTimer timer;
  wheel.Arm(timer, kStart + seconds(1));
  wheel.Arm(timer, kStart + seconds(3));
  EXPECT_EQ(timer.deadline(), kStart + seconds(3));
  FireDue(wheel, kStart + seconds(2));
  EXPECT_EQ(timer.times_fired, 0);
  FireDue(wheel, kStart + seconds(4));
  EXPECT_EQ(timer.times_fired, 1);
}

TEST(TimerWheel, ForgetsATimerThatIsDestroyed) {
  TimerWheel wheel(kStart);
  {
    RecordingTimer timer;
    wheel.Arm(timer, kStart + seconds(1));
  }
  FireDue(wheel, kStart + seconds(2));
  EXPECT_EQ(wheel.NextWake(), kNever);
}

// The trap of hierarchical wheels: a timer armed on a high level hides one that was armed later
// for an earlier time, or the other way round, when the position has moved on in between.
TEST(TimerWheel, KnowsTheEarliestOfTimersOnDifferentLevels) {
  TimerWheel wheel(kStart);
  RecordingTimer far;
  RecordingTimer near;
  wheel.Arm(far, kStart + 100 * kTick);
  FireDue(wheel, kStart + 90 * kTick);
  wheel.Arm(near, kStart + 95 * kTick);
  EXPECT_LE(wheel.NextWake(), kStart + 95 * kTick);
  FireDue(wheel, kStart + 95 * kTick);
  EXPECT_EQ(near.times_fired, 1);
  EXPECT_EQ(far.times_fired, 0);
  EXPECT_LE(wheel.NextWake(), kStart + 100 * kTick);
  EXPECT_GT(wheel.NextWake(), kStart + 95 * kTick);
}

class RearmingTimer final : public Timer {
 public:
  RearmingTimer(TimerWheel& wheel, Duration delay) : wheel_(wheel), delay_(delay) {}
  void OnTimer(TimePoint now) override {
    ++times_fired;
    wheel_.Arm(*this, now + delay_);
  }
  int times_fired = 0;

 private:
  TimerWheel& wheel_;
  Duration delay_;
};

TEST(TimerWheel, FiresATimerThatArmsItselfForNowOnceInEachAdvance) {
  TimerWheel wheel(kStart);
  RearmingTimer timer(wheel, Duration(0));
  wheel.Arm(timer, kStart);
  FireDue(wheel, kStart);
  EXPECT_EQ(timer.times_fired, 1);
  EXPECT_LE(wheel.NextWake(), kStart);
  FireDue(wheel, kStart);
  EXPECT_EQ(timer.times_fired, 2);
}

class DisarmingTimer final : public Timer {
 public:
  DisarmingTimer(TimerWheel& wheel, Timer& victim) : wheel_(wheel), victim_(victim) {}
  void OnTimer(TimePoint /*now*/) override { wheel_.Disarm(victim_); }

 private:
  TimerWheel& wheel_;
  Timer& victim_;
};

TEST(TimerWheel, DoesNotFireATimerThatAnotherOfTheSameTickDisarms) {
  TimerWheel wheel(kStart);
  RecordingTimer victim;
  DisarmingTimer first(wheel, victim);
  wheel.Arm(first, kStart + seconds(1));
  wheel.Arm(victim, kStart + seconds(1));
  FireDue(wheel, kStart + seconds(2));
  EXPECT_EQ(victim.times_fired, 0);
}

// --- Against a model ---------------------------------------------------------------------------

class ModelTest : public ::testing::TestWithParam<uint32_t> {
 protected:
  // Delays of every magnitude from nanoseconds to years, half of them short.
  Duration RandomDelay() {
    const auto bits = std::uniform_int_distribution<int>(0, 54)(random_);
    return Duration(std::uniform_int_distribution<int64_t>(0, int64_t{1} << bits)(random_));
  }

  void ArmRandomTimer() {
    RecordingTimer& timer = *timers_[random_() % timers_.size()];
    const Duration delay = random_() % 4 == 0 ? -RandomDelay() : RandomDelay();
    wheel_.Arm(timer, now_ + delay);
    model_[&timer] = std::max(FiringTime(timer.deadline()), TimePoint());
  }

  void DisarmRandomTimer() {
    RecordingTimer& timer = *timers_[random_() % timers_.size()];
    wheel_.Disarm(timer);
    model_.erase(&timer);
  }

  TimePoint EarliestInModel() const {
    TimePoint earliest = kNever;
    for (const auto& [timer, due] : model_) earliest = std::min(earliest, due);
    return earliest;
  }

  // Fires, and compares with the model: what fired, and in which order.
  void AdvanceTo(TimePoint now) {
    now_ = now;
    fired_.clear();
    FireDue(wheel_, now_);
    fired_total_ += fired_.size();
    TimePoint last{};
    for (RecordingTimer* timer : fired_) {
      ASSERT_TRUE(model_.contains(timer));
      ASSERT_LE(timer->deadline(), now_);
      // Those that were due before they were armed come as of the wheel's position.
      ASSERT_LE(last, std::max(model_[timer], last_advance_));
      last = std::max(model_[timer], last_advance_);
      model_.erase(timer);
    }
    ASSERT_GT(EarliestInModel(), now_);
    last_advance_ = now_;
  }

  std::mt19937_64 random_{GetParam()};
  TimePoint now_ = kStart;
  TimePoint last_advance_ = kStart;
  TimerWheel wheel_{kStart};
  std::vector<RecordingTimer*> fired_;
  std::vector<std::unique_ptr<RecordingTimer>> timers_ = [this] {
    std::vector<std::unique_ptr<RecordingTimer>> timers;
    for (int i = 0; i < 200; ++i) timers.push_back(std::make_unique<RecordingTimer>(&fired_));
    return timers;
  }();
  std::map<RecordingTimer*, TimePoint> model_;  // armed timers and when they are to fire
  size_t fired_total_ = 0;
};

TEST_P(ModelTest, AgreesWhenTimeJumps) {
  for (int step = 0; step < 3000; ++step) {
    for (int i = 0; i < 4; ++i) ArmRandomTimer();
    DisarmRandomTimer();
    ASSERT_NO_FATAL_FAILURE(AdvanceTo(now_ + RandomDelay() / 4));
  }
  EXPECT_GT(fired_total_, 3000u);
}

// Sleeping exactly as long as NextWake allows, every timer fires at the first possible instant, and
// no timer needs more wakes than there are levels.
TEST_P(ModelTest, AgreesWhenTimeFollowsNextWake) {
  for (int step = 0; step < 2000; ++step) {
    for (int i = 0; i < 4; ++i) ArmRandomTimer();
    DisarmRandomTimer();
    const TimePoint earliest = EarliestInModel();
    for (int wakes = 0; now_ < earliest && wakes <= 9; ++wakes) {
      ASSERT_LT(wakes, 9);
      const TimePoint wake = wheel_.NextWake();
      ASSERT_LE(wake, std::max(earliest, now_));
      ASSERT_NO_FATAL_FAILURE(AdvanceTo(std::max(wake, now_)));
    }
    ASSERT_NO_FATAL_FAILURE(AdvanceTo(now_));
  }
  EXPECT_GT(fired_total_, 1000u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelTest, ::testing::Range(1u, 21u));

}  // namespace
}  // namespace weir::net
