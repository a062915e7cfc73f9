#include "transport/http2/window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace weir::http2 {
namespace {

TEST(ReceiveWindow, IsExhaustedAtItsSizeAndNotOneOctetLater) {
  ReceiveWindow window(100);
  EXPECT_TRUE(window.Debit(60));
  EXPECT_TRUE(window.Debit(40));
  EXPECT_TRUE(window.Debit(0));
  EXPECT_FALSE(window.Debit(1));
  ReceiveWindow other(100);
  EXPECT_FALSE(other.Debit(101));
}

TEST(ReceiveWindow, AnnouncesHalfAWindowAtATime) {
  ReceiveWindow window(100);
  ASSERT_TRUE(window.Debit(100));
  EXPECT_EQ(window.Release(49), 0u);
  EXPECT_EQ(window.Release(1), 50u);
  EXPECT_EQ(window.Release(49), 0u);
  EXPECT_EQ(window.Release(1), 50u);
  EXPECT_EQ(window.available(), 100);
}

TEST(ReceiveWindow, GivesBackNoMoreThanArrived) {
  ReceiveWindow window(100);
  ASSERT_TRUE(window.Debit(60));
  EXPECT_EQ(window.Release(1000), 60u);
  EXPECT_EQ(window.Release(1000), 0u);
  EXPECT_EQ(window.available(), 100);
}

TEST(ReceiveWindow, ExtendsToWhatAMessageNeeds) {
  ReceiveWindow window(100);
  ASSERT_TRUE(window.Debit(80));
  EXPECT_EQ(window.Extend(20), 0u);  // they may come anyway
  EXPECT_EQ(window.Extend(1000), 980u);
  EXPECT_EQ(window.available(), 1000);
  EXPECT_EQ(window.Extend(1000), 0u);
}

TEST(ReceiveWindow, FallsBackToItsSizeBehindAnExtension) {
  ReceiveWindow window(100);
  ASSERT_TRUE(window.Debit(100));
  EXPECT_EQ(window.Extend(1000), 1000u);
  ASSERT_TRUE(window.Debit(1000));
  // 1,100 are held. The first 1,000 to be released pay for the extension.
  EXPECT_EQ(window.Release(1000), 0u);
  EXPECT_EQ(window.Release(100), 100u);
  EXPECT_EQ(window.available(), 100);
}

TEST(ReceiveWindow, ExtendsWithWhatWasReleasedFirst) {
  ReceiveWindow window(100);
  ASSERT_TRUE(window.Debit(100));
  EXPECT_EQ(window.Release(40), 0u);
  EXPECT_EQ(window.Extend(100), 100u);
  ASSERT_TRUE(window.Debit(100));
  EXPECT_EQ(window.Release(160), 100u);  // 60 were granted beyond the window
  EXPECT_EQ(window.available(), 100);
}

TEST(ReceiveWindow, NeverExceedsTheMaximum) {
  ReceiveWindow window(kWindowMax);
  ASSERT_TRUE(window.Debit(10));
  EXPECT_EQ(window.Extend(UINT64_MAX), 10u);
  EXPECT_EQ(window.available(), int64_t{kWindowMax});
}

TEST(ReceiveWindow, MovesWithItsSizeAndMayBecomeNegative) {
  ReceiveWindow window(65535);
  ASSERT_TRUE(window.Debit(1000));
  window.Resize(100);
  EXPECT_EQ(window.available(), -900);
  EXPECT_FALSE(window.Debit(1));
  EXPECT_EQ(window.Release(950), 950u);
  EXPECT_EQ(window.available(), 50);
}

// Found by simulation: an empty frame that ends its stream needs no window (RFC 9113 §6.9.1).
TEST(ReceiveWindow, TakesNothingEvenBelowZero) {
  ReceiveWindow window(65535);
  ASSERT_TRUE(window.Debit(1000));
  window.Resize(100);
  EXPECT_TRUE(window.Debit(0));
  EXPECT_FALSE(window.Debit(1));
}

TEST(ReceiveWindow, GrowsAndTellsWhatWasGrantedBeyondIt) {
  ReceiveWindow window(100);
  ASSERT_TRUE(window.Debit(100));
  EXPECT_EQ(window.Release(40), 0u);
  EXPECT_EQ(window.SurplusFor(100), 60u);
  EXPECT_EQ(window.Extend(100), 100u);
  EXPECT_EQ(window.surplus(), 60u);
  EXPECT_EQ(window.SurplusFor(100), 0u);
  window.Grow(50);
  EXPECT_EQ(window.available(), 150);
  EXPECT_EQ(window.size(), 150u);
  EXPECT_EQ(window.TakeSurplus(), 60u);
  EXPECT_EQ(window.surplus(), 0u);
}

// Against a model that keeps every octet.
TEST(ReceiveWindow, AgreesWithAModelAtRandom) {
  std::mt19937 random(1);
  for (int run = 0; run < 200; ++run) {
    // Every other window is as large as may be, and so are the amounts.
    const bool is_large = run % 2 != 0;
    const uint32_t size = is_large ? kWindowMax - random() % 1000 : random() % 1000 + 1;
    const uint32_t amount_max = is_large ? kWindowMax : 600;
    ReceiveWindow window(size);
    int64_t peer_may_send = size;
    uint64_t held = 0;
    for (int step = 0; step < 500; ++step) {
      const uint32_t amount = random() % amount_max;
      switch (random() % 3) {
        case 0: {
          const bool is_allowed = amount <= peer_may_send;
          ASSERT_EQ(window.Debit(amount), is_allowed);
          if (is_allowed) {
            peer_may_send -= amount;
            held += amount;
          }
          break;
        }
        case 1:
          peer_may_send += window.Release(amount);
          held -= std::min<uint64_t>(held, amount);
          break;
        case 2: {
          const uint64_t surplus = window.surplus() + window.SurplusFor(amount);
          peer_may_send += window.Extend(amount);
          ASSERT_GE(peer_may_send, amount);
          ASSERT_EQ(window.surplus(), surplus);
          break;
        }
      }
      ASSERT_EQ(window.available(), peer_may_send);
      ASSERT_LE(peer_may_send, int64_t{kWindowMax});
      // All that was granted beyond the window is on its way to us, or here.
      ASSERT_LE(window.surplus(), held + static_cast<uint64_t>(peer_may_send));
    }
    // Whatever was extended: with everything released, the peer has its usual window again, but for
    // what is not worth an announcement.
    peer_may_send += window.Release(held);
    while (peer_may_send > 0) {
      const auto all = static_cast<uint32_t>(peer_may_send);
      ASSERT_TRUE(window.Debit(all));
      peer_may_send -= all;
      const uint32_t increment = window.Release(all);
      peer_may_send += increment;
      if (increment != 0 && all <= size) break;
    }
    ASSERT_LE(peer_may_send, int64_t{size});
    ASSERT_GE(peer_may_send, int64_t{size} / 2);
  }
}

SendWindows::Delta NoStreams() { return 0; }

TEST(SendWindows, StartWithTheValueOfTheRfc) {
  SendWindows windows;
  EXPECT_EQ(windows.Connection(), 65535);
  EXPECT_EQ(windows.Stream(0), 65535);
}

TEST(SendWindows, MoveAllStreamsWithTheInitialSize) {
  SendWindows windows;
  SendWindows::Delta stream = 0;
  windows.Debit(&stream, 60000);
  EXPECT_EQ(windows.Connection(), 5535);
  ASSERT_TRUE(windows.SetInitial(1000, NoStreams));
  EXPECT_EQ(windows.Stream(stream), -59000);
  EXPECT_EQ(windows.Stream(0), 1000);
  EXPECT_EQ(windows.Connection(), 5535);
  ASSERT_TRUE(windows.WidenStream(&stream, 59000));
  EXPECT_EQ(windows.Stream(stream), 0);
  ASSERT_TRUE(windows.WidenStream(&stream, 1));
  EXPECT_EQ(windows.Stream(stream), 1);
}

TEST(SendWindows, ReachTheMaximumAndNotOneMore) {
  SendWindows windows;
  ASSERT_TRUE(windows.WidenConnection(kWindowMax - 65535));
  EXPECT_EQ(windows.Connection(), int64_t{kWindowMax});
  EXPECT_FALSE(windows.WidenConnection(1));
  SendWindows::Delta stream = 0;
  ASSERT_TRUE(windows.WidenStream(&stream, kWindowMax - 65535));
  EXPECT_FALSE(windows.WidenStream(&stream, 1));
  windows.Debit(&stream, 1);
  EXPECT_TRUE(windows.WidenStream(&stream, 1));
}

TEST(SendWindows, RefuseAnInitialSizeThatOverflowsAStream) {
  SendWindows windows;
  SendWindows::Delta stream = 0;
  ASSERT_TRUE(windows.WidenStream(&stream, 10));
  const auto max_delta = [&] { return stream; };
  EXPECT_TRUE(windows.SetInitial(kWindowMax - 10, max_delta));
  EXPECT_FALSE(windows.SetInitial(kWindowMax - 9, max_delta));
}

TEST(SendWindows, LookAtTheStreamsOnlyWhenTheOldBoundDoesNotHelp) {
  SendWindows windows;
  int looks = 0;
  SendWindows::Delta stream = 0;
  const auto max_delta = [&] {
    ++looks;
    return stream;
  };
  ASSERT_TRUE(windows.WidenStream(&stream, 1000));
  for (uint32_t size = 0; size <= 100; ++size) {
    EXPECT_TRUE(windows.SetInitial(size, max_delta));
  }
  EXPECT_TRUE(windows.SetInitial(kWindowMax - 1000, max_delta));
  EXPECT_EQ(looks, 0);
  windows.Debit(&stream, 1000);
  EXPECT_TRUE(windows.SetInitial(kWindowMax, max_delta));
  EXPECT_EQ(looks, 1);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(windows.SetInitial(kWindowMax, max_delta));
  EXPECT_EQ(looks, 1);
}

TEST(SendWindows, AgreeWithWindowsKeptOneByOneAtRandom) {
  std::mt19937 random(2);
  for (int run = 0; run < 100; ++run) {
    SendWindows windows;
    std::vector<SendWindows::Delta> deltas(8, 0);
    std::vector<int64_t> model(8, 65535);
    int64_t initial = 65535;
    const auto max_delta = [&] { return *std::max_element(deltas.begin(), deltas.end()); };
    for (int step = 0; step < 300; ++step) {
      const size_t i = random() % deltas.size();
      const uint32_t amount = random() % 4 == 0 ? random() & kWindowMax : random() % 100000;
      switch (random() % 3) {
        case 0: {
          const int64_t sent = std::min<int64_t>(amount, std::max<int64_t>(model[i], 0));
          windows.Debit(&deltas[i], static_cast<uint32_t>(sent));
          model[i] -= sent;
          break;
        }
        case 1: {
          const bool fits = model[i] + amount <= int64_t{kWindowMax};
          ASSERT_EQ(windows.WidenStream(&deltas[i], amount), fits);
          if (fits) model[i] += amount;
          break;
        }
        case 2: {
          const int64_t change = int64_t{amount} - initial;
          const bool fits =
              *std::max_element(model.begin(), model.end()) + change <= int64_t{kWindowMax};
          // Streams below zero do not count, and a new stream fits always.
          ASSERT_EQ(windows.SetInitial(amount, max_delta), fits);
          if (!fits) break;
          for (int64_t& window : model) window += change;
          initial = amount;
          break;
        }
      }
      for (size_t j = 0; j < model.size(); ++j) ASSERT_EQ(windows.Stream(deltas[j]), model[j]);
    }
  }
}

}  // namespace
}  // namespace weir::http2
