#include "server/blocking_input.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace weir::server {
namespace {

constexpr size_t kMessageMax = 1000;

ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string Framed(std::string_view payload) {
  std::string framed(grpc::kMessagePrefixSize, '\0');
  framed[3] = static_cast<char>(payload.size() / 256);
  framed[4] = static_cast<char>(payload.size() % 256);
  return framed.append(payload);
}

std::string TextOf(const Buffer& buffer) {
  return {reinterpret_cast<const char*>(buffer.data()), buffer.size()};
}

class BlockingInputTest : public ::testing::Test {
 protected:
  BlockingInputTest() { input_.Reset(kMessageMax); }
  void Append(std::string_view text) { input_.Append(AsBytes(text)); }

  BlockingInput input_;
};

TEST_F(BlockingInputTest, HasNothingAtFirst) {
  EXPECT_TRUE(input_.is_empty());
  EXPECT_FALSE(input_.HasMessage());
  EXPECT_EQ(input_.missing_bytes(), 0u);
}

TEST_F(BlockingInputTest, HasAMessageWhenItsLastByteHasCome) {
  const std::string message = Framed("hello");
  for (size_t i = 0; i + 1 < message.size(); ++i) {
    Append(message.substr(i, 1));
    EXPECT_FALSE(input_.HasMessage());
    // The size is known with the prefix.
    EXPECT_EQ(input_.missing_bytes(), i < 4 ? 4 - i : message.size() - 1 - i);
  }
  Append(message.substr(message.size() - 1));
  EXPECT_TRUE(input_.HasMessage());
  EXPECT_EQ(input_.missing_bytes(), 0u);
}

TEST_F(BlockingInputTest, HasAnEmptyMessageWithItsPrefix) {
  Append(Framed(""));
  EXPECT_TRUE(input_.HasMessage());
}

TEST_F(BlockingInputTest, HasWhatWillBeRefusedAtOnce) {
  Append(Framed(std::string(kMessageMax, 'x')).substr(0, 5));
  EXPECT_FALSE(input_.HasMessage());
  input_.Reset(kMessageMax);
  Append(Framed(std::string(kMessageMax + 1, 'x')).substr(0, 5));
  EXPECT_TRUE(input_.HasMessage());
  input_.Reset(kMessageMax);
  Append(std::string("\x02\0\0\0\x09", 5));
  EXPECT_TRUE(input_.HasMessage());
}

TEST_F(BlockingInputTest, TakesBackTheBeginningOfAMessage) {
  const std::string message = Framed("message");
  Append(message.substr(0, 7));
  Buffer taken = input_.Take();
  EXPECT_TRUE(input_.is_empty());
  EXPECT_EQ(input_.missing_bytes(), 0u);
  input_.PutBack(std::move(taken));
  EXPECT_FALSE(input_.HasMessage());
  EXPECT_EQ(input_.missing_bytes(), message.size() - 7);
  Append(message.substr(7));
  ASSERT_TRUE(input_.HasMessage());
  EXPECT_EQ(TextOf(input_.Take()), message);
}

// What comes while a part of a message is elsewhere may look like a prefix.
TEST_F(BlockingInputTest, MistakesNoPayloadForAPrefix) {
  const std::string message = Framed(std::string(100, '\0'));
  Append(message.substr(0, 50));
  Buffer taken = input_.Take();
  Append(std::string("\0\0\0\x03\0", 5));
  Buffer since = input_.Take();
  taken.Append(since.view());
  input_.PutBack(std::move(taken));
  EXPECT_EQ(input_.missing_bytes(), message.size() - 55);
  Append(message.substr(55));
  EXPECT_TRUE(input_.HasMessage());
}

TEST_F(BlockingInputTest, MakesRoomForALargeMessageOnce) {
  input_.Reset(1 << 20);
  const std::string message = Framed(std::string(60'000, 'x'));
  std::string large = message;
  large[2] = 8;  // 524,288 bytes more
  Append(large);
  input_.ExpectMissingBytes();
  const size_t missing = input_.missing_bytes();
  EXPECT_EQ(missing, 8u << 16);
  Append(std::string(missing, 'x'));
  EXPECT_TRUE(input_.HasMessage());
  EXPECT_LT(input_.Take().capacity(), large.size() + missing + 65'536);
}

}  // namespace
}  // namespace weir::server
