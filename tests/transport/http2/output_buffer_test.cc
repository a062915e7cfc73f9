#include "transport/http2/output_buffer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

namespace weir::http2 {
namespace {

void Append(OutputBuffer* output, std::string_view text) {
  std::memcpy(output->Extend(text.size()), text.data(), text.size());
}

TEST(OutputBuffer, KeepsWhatWasNotWritten) {
  OutputBuffer output;
  EXPECT_TRUE(output.empty());
  Append(&output, "hello ");
  Append(&output, "world");
  output.OnWritten(4);
  EXPECT_EQ(AsText(output.unwritten()), "o world");
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
  EXPECT_EQ(AsText(output.unwritten()), "x");
  output.OnWritten(1);
  EXPECT_TRUE(output.has_memory());
  output.ReleaseIdleMemory();
  EXPECT_FALSE(output.has_memory());
  Append(&output, "y");
  EXPECT_EQ(AsText(output.unwritten()), "y");
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
    ASSERT_EQ(AsText(output.unwritten()), model);
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
