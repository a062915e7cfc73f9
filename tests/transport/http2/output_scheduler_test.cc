#include "transport/http2/output_scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "transport/http2/stream.h"

namespace weir::http2 {
namespace {

Buffer Text(std::string_view text) { return Buffer::CopyOf(AsBytes(text)); }

// The next octets of a queue, which goes on behind them.
std::string Take(SendQueue& queue, size_t count) {
  std::string taken;
  while (taken.size() < count) {
    const ByteView part = queue.front().first(std::min(count - taken.size(), queue.front().size()));
    taken += AsText(part);
    EXPECT_EQ(queue.Skip(part.size()).capacity(), 0u);  // nothing is lent
  }
  return taken;
}

// Queues a, b, c of three streams, each with a window of its own.
class OutputSchedulerTest : public ::testing::Test {
 protected:
  OutputSchedulerTest() {
    for (size_t i = 0; i < 3; ++i) {
      streams_[i] = std::make_unique<Stream>(static_cast<StreamId>(2 * i + 1), 0u);
      queues_[i] = std::make_unique<SendQueue>(*streams_[i]);
    }
  }
  SendQueue& Queue(char name) { return *queues_[static_cast<size_t>(name - 'a')]; }
  void Push(char name, std::string_view text, bool has_window = true) {
    scheduler_.Push(Queue(name), Text(text), has_window);
  }
  // Frames `quantum` octets a turn until nothing is ready: "aabbcc".
  std::string Drain(size_t quantum, size_t turns = 1000) {
    std::string order;
    for (; turns > 0 && scheduler_.has_ready(); --turns) {
      SendQueue& queue = scheduler_.Front();
      const size_t size = std::min(quantum, queue.size());
      order += Take(queue, size);
      scheduler_.OnTaken(queue, size, /*has_window_left=*/true);
    }
    return order;
  }

  OutputScheduler scheduler_;
  std::array<std::unique_ptr<Stream>, 3> streams_;
  std::array<std::unique_ptr<SendQueue>, 3> queues_;
};

TEST_F(OutputSchedulerTest, TakesTurns) {
  Push('a', "aaaaaa");
  Push('b', "bbbb");
  Push('c', "c");
  EXPECT_EQ(scheduler_.queued_bytes(), 11u);
  EXPECT_EQ(Drain(2), "aabbcaabbaa");
  EXPECT_EQ(scheduler_.queued_bytes(), 0u);
  EXPECT_FALSE(scheduler_.has_ready());
}

TEST_F(OutputSchedulerTest, MoreDataDoesNotGiveAnotherTurn) {
  Push('a', "aaa");
  Push('b', "bbb");
  Push('a', "AAA");
  EXPECT_EQ(Drain(3), "aaabbbAAA");
}

TEST_F(OutputSchedulerTest, WithoutAWindowAStreamWaits) {
  Push('a', "aa", /*has_window=*/false);
  Push('b', "bb");
  EXPECT_EQ(Drain(1), "bb");
  scheduler_.Update(Queue('a'), true);
  EXPECT_EQ(Drain(1), "aa");
}

TEST_F(OutputSchedulerTest, AStreamThatUsesItsWindowUpIsParked) {
  Push('a', "aaaa");
  SendQueue& queue = scheduler_.Front();
  Take(queue, 2);
  scheduler_.OnTaken(queue, 2, /*has_window_left=*/false);
  EXPECT_FALSE(scheduler_.has_ready());
  EXPECT_EQ(scheduler_.queued_bytes(), 2u);
  scheduler_.Update(Queue('a'), true);
  EXPECT_EQ(Drain(10), "aa");
}

TEST_F(OutputSchedulerTest, AWiderWindowDoesNotCostTheTurn) {
  Push('a', "a");
  Push('b', "b");
  scheduler_.Update(Queue('a'), true);
  EXPECT_EQ(Drain(1), "ab");
}

TEST_F(OutputSchedulerTest, UpdatesAllAtOnce) {
  Push('a', "a", true);
  Push('b', "b", false);
  Push('c', "c", false);
  const auto only_b = [&](const SendQueue& queue) { return &queue == &Queue('b'); };
  scheduler_.UpdateAll(only_b);
  EXPECT_EQ(Drain(1), "b");
  scheduler_.UpdateAll([](const SendQueue&) { return true; });
  EXPECT_EQ(Drain(1), "ca");
}

TEST_F(OutputSchedulerTest, DropsAStreamInTheMiddle) {
  Push('a', "aaaa");
  Push('b', "bbbb");
  Push('c', "cccc", false);
  EXPECT_EQ(Drain(2, 1), "aa");
  EXPECT_EQ(scheduler_.Drop(Queue('b')).capacity(), 0u);  // nothing of it was taken
  EXPECT_EQ(scheduler_.Drop(Queue('c')).capacity(), 0u);
  EXPECT_EQ(scheduler_.queued_bytes(), 2u);
  EXPECT_EQ(Drain(2), "aa");
}

TEST_F(OutputSchedulerTest, UpdatingAnEmptyQueueListsNothing) {
  scheduler_.Update(Queue('a'), true);
  EXPECT_FALSE(scheduler_.has_ready());
}

TEST(SendQueue, HandsOutOctetsAcrossBuffers) {
  Stream stream(1, 0);
  SendQueue queue(stream);
  queue.Push(Text("abc"));
  queue.Push(Buffer());
  queue.Push(Text("defgh"));
  EXPECT_EQ(queue.size(), 8u);
  EXPECT_EQ(Take(queue, 2), "ab");
  EXPECT_EQ(Take(queue, 5), "cdefg");
  EXPECT_EQ(queue.size(), 1u);
}

TEST(SendQueue, GivesALentBufferAwayWhenItIsUsedUp) {
  Stream stream(1, 0);
  SendQueue queue(stream);
  queue.Push(Text("abc"));
  queue.Push(Text("de"));
  EXPECT_EQ(queue.front_capacity(), 3u);
  EXPECT_EQ(queue.Lend(2).capacity(), 0u);
  EXPECT_TRUE(queue.is_front_lent());
  EXPECT_EQ(AsText(queue.front()), "c");
  EXPECT_EQ(AsText(queue.Skip(1).view()), "abc");
  EXPECT_FALSE(queue.is_front_lent());
  EXPECT_EQ(AsText(queue.Lend(2).view()), "de");
  EXPECT_TRUE(queue.front().empty());
  EXPECT_EQ(queue.front_capacity(), 0u);
}

TEST(SendQueue, GivesTheLentBufferAwayWhenItIsCleared) {
  Stream stream(1, 0);
  SendQueue queue(stream);
  queue.Push(Text("abc"));
  queue.Push(Text("de"));
  EXPECT_EQ(queue.Lend(1).capacity(), 0u);
  EXPECT_EQ(AsText(queue.Clear().view()), "abc");
  EXPECT_TRUE(queue.empty());
  queue.Push(Text("fgh"));
  EXPECT_EQ(Take(queue, 1), "f");
  EXPECT_EQ(queue.Clear().capacity(), 0u);
}

TEST(SendQueue, KeepsTheOrderOfManyBuffers) {
  Stream stream(1, 0);
  SendQueue queue(stream);
  std::string expected;
  std::string taken;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = std::to_string(i);
    queue.Push(Text(text));
    expected += text;
    if (i % 3 == 0) continue;
    taken += Take(queue, std::min<size_t>(2, queue.size()));
  }
  EXPECT_EQ(taken + Take(queue, queue.size()), expected);
  EXPECT_TRUE(queue.empty());
}

TEST(WaitingTrailers, CopiesItsLines) {
  WaitingTrailers trailers;
  {
    std::string name = "grpc-message";
    std::string value = "gone by then";
    const std::array<OutputField, 2> fields = {
        {{.name = "grpc-status", .value = "5"}, {.name = name, .value = value, .indexed = true}}};
    trailers.Set(fields);
    name.assign(name.size(), 'x');
    value.assign(value.size(), 'x');
  }
  ASSERT_EQ(trailers.fields().size(), 2u);
  EXPECT_EQ(trailers.fields()[0].value, "5");
  EXPECT_FALSE(trailers.fields()[0].indexed);
  EXPECT_EQ(trailers.fields()[1].name, "grpc-message");
  EXPECT_EQ(trailers.fields()[1].value, "gone by then");
  EXPECT_TRUE(trailers.fields()[1].indexed);
  EXPECT_EQ(trailers.as_template(), nullptr);
}

}  // namespace
}  // namespace weir::http2
