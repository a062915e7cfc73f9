#include "transport/http2/output_buffer.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <deque>
#include <random>
#include <span>
#include <string>
#include <utility>

namespace weir::http2 {
namespace {

void Append(OutputBuffer* output, std::string_view text) {
  std::memcpy(output->Extend(text.size()), text.data(), text.size());
}

std::string Unwritten(const OutputBuffer& output) {
  std::array<iovec, 64> parts;
  const size_t count = output.Describe(parts);
  std::string octets;
  for (size_t i = 0; i < count; ++i) {
    octets.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  }
  return octets;
}

TEST(OutputBuffer, KeepsWhatWasNotWritten) {
  OutputBuffer output;
  EXPECT_TRUE(output.empty());
  Append(&output, "hello ");
  Append(&output, "world");
  output.OnWritten(4);
  EXPECT_EQ(Unwritten(output), "o world");
  EXPECT_EQ(output.size(), 7u);
  EXPECT_EQ(output.appended(), 11u);
  output.OnWritten(7);
  EXPECT_TRUE(output.empty());
}

TEST(OutputBuffer, OwnsNoMemoryAfterItWasReleasedEmpty) {
  OutputBuffer output;
  EXPECT_FALSE(output.has_memory());
  Append(&output, "x");
  output.ReleaseIdleMemory();
  EXPECT_EQ(Unwritten(output), "x");
  output.OnWritten(1);
  EXPECT_TRUE(output.has_memory());
  output.ReleaseIdleMemory();
  EXPECT_FALSE(output.has_memory());
  Append(&output, "y");
  EXPECT_EQ(Unwritten(output), "y");
  EXPECT_EQ(output.appended(), 2u);
}

TEST(OutputBuffer, IsAQueueOfOctetsAtRandom) {
  std::mt19937 random(1);
  OutputBuffer output;
  std::string model;
  for (int step = 0; step < 5000; ++step) {
    if (random() % 2 == 0) {
      const std::string text(random() % 1500, static_cast<char>('a' + random() % 26));
      Append(&output, text);
      model += text;
    } else {
      const size_t count = random() % (model.size() + 1);
      output.OnWritten(count);
      model.erase(0, count);
    }
    ASSERT_EQ(Unwritten(output), model);
  }
}

TEST(OutputBuffer, BorrowedOctetsAreNotCopied) {
  OutputBuffer output;
  Buffer large = Buffer::CopyOf(AsBytes("large"));
  Append(&output, "<");
  ASSERT_TRUE(output.Borrow(large.view(), large.capacity()));
  Append(&output, ">");
  EXPECT_EQ(output.size(), 7u);
  EXPECT_EQ(output.appended(), 7u);
  std::array<iovec, 3> parts;
  ASSERT_EQ(output.Describe(parts), 3u);
  EXPECT_EQ(parts[1].iov_base, large.data());
  EXPECT_EQ(output.Describe(std::span(parts).first(2)), 2u);
  output.OnWritten(3);
  EXPECT_EQ(Unwritten(output), "rge>");
  output.OnWritten(4);
  EXPECT_TRUE(output.empty());
  Append(&output, "x");
  EXPECT_EQ(Unwritten(output), "x");
}

// AddressSanitizer sees to it that what is described is there.
TEST(OutputBuffer, KeepsABufferUntilItsLastOctetIsWritten) {
  OutputBuffer output;
  Buffer large = Buffer::CopyOf(AsBytes("large"));
  ASSERT_TRUE(output.Borrow(large.view(), large.capacity()));
  output.Keep(std::move(large));
  Append(&output, "!");
  output.OnWritten(4);
  EXPECT_EQ(Unwritten(output), "e!");
  output.OnWritten(1);
  EXPECT_EQ(Unwritten(output), "!");
}

TEST(OutputBuffer, OfABufferThatIsGivenUpItKeepsWhatItHasBorrowed) {
  OutputBuffer output;
  Buffer given_up = Buffer::CopyOf(AsBytes("abcdefgh"));
  const Buffer other = Buffer::CopyOf(AsBytes("other"));
  ASSERT_TRUE(output.Borrow(given_up.view().first(2), given_up.capacity()));
  ASSERT_TRUE(output.Borrow(other.view(), other.capacity()));
  ASSERT_TRUE(output.Borrow(given_up.view().subspan(2, 2), given_up.capacity()));
  output.OnWritten(1);
  output.Settle(std::move(given_up));
  EXPECT_EQ(Unwritten(output), "bothercd");
  output.Settle(Buffer());
  output.Settle(Buffer::CopyOf(AsBytes("of which nothing was borrowed")));
  EXPECT_EQ(Unwritten(output), "bothercd");
}

TEST(OutputBuffer, BorrowsNoMoreThanItMayKeep) {
  OutputBuffer output;
  for (int i = 0; i < 5; ++i) {
    Buffer large(1024 * 1024);
    ASSERT_TRUE(output.Borrow(large.view().first(1), large.capacity()));
    output.Keep(std::move(large));
  }
  const Buffer large(1024 * 1024);
  EXPECT_FALSE(output.Borrow(large.view(), large.capacity()));
  EXPECT_EQ(output.size(), 5u);
  output.OnWritten(1);
  EXPECT_TRUE(output.Borrow(large.view(), large.capacity()));
}

// A peer that never takes everything.
TEST(OutputBuffer, ForgetsLoansThatAreWritten) {
  OutputBuffer output;
  std::string model;
  for (int i = 0; i < 10000; ++i) {
    const std::string text(10, static_cast<char>('a' + i % 26));
    Buffer buffer = Buffer::CopyOf(AsBytes(text));
    ASSERT_TRUE(output.Borrow(buffer.view(), buffer.capacity()));
    output.Keep(std::move(buffer));
    model += text;
    if (i < 20) continue;
    output.OnWritten(10);
    model.erase(0, 10);
    ASSERT_LE(output.kept_bytes(), 21 * 10u);
  }
  EXPECT_EQ(Unwritten(output), model);
}

TEST(OutputBuffer, DropsWhatItHasBorrowed) {
  OutputBuffer output;
  Buffer large = Buffer::CopyOf(AsBytes("large"));
  ASSERT_TRUE(output.Borrow(large.view(), large.capacity()));
  output.Keep(std::move(large));
  output.Clear();
  EXPECT_TRUE(output.empty());
  EXPECT_EQ(Unwritten(output), "");
  Append(&output, "x");
  EXPECT_EQ(Unwritten(output), "x");
}

TEST(OutputBuffer, IsAQueueOfItsOwnAndBorrowedOctetsAtRandom) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    OutputBuffer output;
    std::string model;
    std::deque<std::pair<Buffer, size_t>> queue;  // with how much of it was borrowed
    for (int step = 0; step < 2000; ++step) {
      const std::string text(random() % 200 + 1, static_cast<char>('a' + random() % 26));
      switch (random() % 6) {
        case 0:
          Append(&output, text);
          model += text;
          break;
        case 1:
          queue.emplace_back(Buffer::CopyOf(AsBytes(text)), 0);
          break;
        case 2:
        case 3: {
          std::array<iovec, 60> parts;
          if (queue.empty() || output.Describe(parts) > 50) break;
          auto& [buffer, used] = queue.front();
          const size_t size = random() % (buffer.size() - used) + 1;
          const ByteView part = buffer.view().subspan(used, size);
          ASSERT_TRUE(output.Borrow(part, buffer.capacity()));
          model += AsText(part);
          used += size;
          if (used != buffer.size()) break;
          output.Keep(std::move(buffer));
          queue.pop_front();
          break;
        }
        case 4:
          if (queue.empty()) break;
          output.Settle(std::move(queue.front().first));
          queue.pop_front();
          break;
        case 5: {
          const size_t count = random() % (model.size() + 1);
          output.OnWritten(count);
          model.erase(0, count);
          break;
        }
      }
      ASSERT_EQ(output.size(), model.size());
      ASSERT_EQ(Unwritten(output), model);
    }
  }
}

TEST(ReplyBacklog, CountsRepliesUntilTheyAreWritten) {
  ReplyBacklog replies;
  replies.OnQueued(10);
  replies.OnQueued(20);
  EXPECT_EQ(replies.size(), 2u);
  replies.OnWritten(20);
  EXPECT_EQ(replies.size(), 0u);
}

TEST(ReplyBacklog, NeverCountsTooFewAndForgetsUnderASlowReader) {
  ReplyBacklog replies;
  // A reader that is always 100 replies behind.
  for (uint64_t i = 1; i <= 10000; ++i) {
    replies.OnQueued(10 * i);
    if (i > 100) replies.OnWritten(10 * (i - 100));
    ASSERT_GE(replies.size(), std::min<uint64_t>(i, 100));
    ASSERT_LE(replies.size(), 201u);
  }
}

}  // namespace
}  // namespace weir::http2
