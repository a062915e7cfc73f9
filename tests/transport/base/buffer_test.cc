#include "transport/base/buffer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace weir {
namespace {

TEST(Buffer, OwnsNothingAtFirst) {
  const Buffer buffer;
  EXPECT_EQ(buffer.data(), nullptr);
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.capacity(), 0u);
  EXPECT_TRUE(buffer.view().empty());
  EXPECT_EQ(Buffer(0).data(), nullptr);
}

TEST(Buffer, KeepsItsContentWhileItGrows) {
  Buffer buffer;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = std::to_string(i);
    buffer.Append(AsBytes(text));
    expected += text;
  }
  EXPECT_EQ(AsText(buffer.view()), expected);
  buffer.Append(ByteView());
  EXPECT_EQ(buffer.size(), expected.size());
}

TEST(Buffer, DropsWhatIsInFront) {
  Buffer buffer = Buffer::CopyOf(AsBytes(std::string_view("abcdef")));
  const uint8_t* const place = buffer.data();
  buffer.DropFront(0);
  EXPECT_EQ(AsText(buffer.view()), "abcdef");
  buffer.DropFront(4);
  EXPECT_EQ(AsText(buffer.view()), "ef");
  EXPECT_EQ(buffer.data(), place);
  EXPECT_EQ(buffer.capacity(), 6u);
  buffer.DropFront(2);
  EXPECT_TRUE(buffer.empty());
}

TEST(Buffer, GivesItsMemoryAway) {
  Buffer buffer = Buffer::CopyOf(AsBytes(std::string_view("abc")));
  const uint8_t* const place = buffer.data();
  const std::unique_ptr<uint8_t[]> bytes = buffer.TakeBytes();
  EXPECT_EQ(bytes.get(), place);
  EXPECT_EQ(buffer.size(), 0u);
  EXPECT_EQ(buffer.capacity(), 0u);
}

TEST(Buffer, GrowsByDoubling) {
  Buffer buffer;
  int growths = 0;
  size_t capacity = 0;
  for (int i = 0; i < 100000; ++i) {
    *buffer.Extend(1) = 'x';
    if (buffer.capacity() != capacity) ++growths;
    capacity = buffer.capacity();
  }
  EXPECT_LE(growths, 18);
}

TEST(Buffer, ExtendsToExactlyWhatIsAskedFor) {
  Buffer buffer;
  buffer.Append(AsBytes("ab"));
  uint8_t* const place = buffer.Extend(100);
  EXPECT_EQ(place, buffer.data() + 2);
  EXPECT_EQ(buffer.size(), 102u);
}

TEST(Buffer, IsEmptyAfterItWasMovedFrom) {
  Buffer from = Buffer::CopyOf(AsBytes("text"));
  Buffer to = std::move(from);
  EXPECT_EQ(AsText(to.view()), "text");
  EXPECT_TRUE(from.empty());  // NOLINT: moved from by intention
  EXPECT_EQ(from.capacity(), 0u);
  from = std::move(to);
  EXPECT_EQ(AsText(from.view()), "text");
}

TEST(Buffer, TruncatesAndReleases) {
  Buffer buffer = Buffer::CopyOf(AsBytes("text"));
  buffer.Truncate(2);
  EXPECT_EQ(AsText(buffer.view()), "te");
  EXPECT_EQ(buffer.capacity(), 4u);
  buffer.Reserve(3);
  EXPECT_EQ(buffer.capacity(), 4u);
  buffer.Reserve(100);
  EXPECT_EQ(AsText(buffer.view()), "te");
  buffer.Release();
  EXPECT_EQ(buffer.capacity(), 0u);
  EXPECT_EQ(buffer.data(), nullptr);
}

}  // namespace
}  // namespace weir
