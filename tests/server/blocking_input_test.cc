#include "server/blocking_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "transport/grpc/message_reader.h"

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
  const std::string second = Framed("second");
  Append(Framed("first") + second.substr(0, 7));
  ASSERT_TRUE(input_.HasMessage());
  Buffer taken = input_.Take();
  EXPECT_TRUE(input_.is_empty());
  Append(second.substr(7, 2));  // meanwhile
  input_.PutBack(&taken, Framed("first").size());
  EXPECT_TRUE(taken.empty());
  EXPECT_FALSE(input_.HasMessage());
  EXPECT_EQ(input_.missing_bytes(), 2u);
  Append(second.substr(9));
  ASSERT_TRUE(input_.HasMessage());
  EXPECT_EQ(TextOf(input_.Take()), second);
}

TEST_F(BlockingInputTest, KeepsNoLargeBufferForASmallRest) {
  input_.Reset(1 << 20);
  Append(Framed(std::string(60000, 'x')));
  Append(Framed(std::string(60000, 'x')) + Framed("end").substr(0, 6));
  Buffer taken = input_.Take();
  input_.PutBack(&taken, 2 * 60005);
  EXPECT_EQ(taken.capacity(), 0u);
  EXPECT_EQ(input_.missing_bytes(), 2u);
  EXPECT_LT(input_.Take().capacity(), 100u);
}

// Whatever comes in whatever pieces, and is put back wherever: the messages come out as they were.
TEST_F(BlockingInputTest, LosesNothing) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::minstd_rand random(seed);
    const auto upto = [&](size_t most) { return random() % (most + 1); };
    std::vector<std::string> sent;
    std::string stream;
    for (size_t i = 0; i < 20; ++i) {
      sent.emplace_back(upto(300), static_cast<char>('a' + i));
      stream += Framed(sent.back());
    }
    input_.Reset(kMessageMax);
    std::vector<std::string> found;
    Buffer taken;
    size_t used = 0;
    for (size_t at = 0; found.size() < sent.size();) {
      const size_t piece = std::min(upto(400), stream.size() - at);
      Append(std::string_view(stream).substr(at, piece));
      at += piece;
      if (upto(1) == 0) continue;
      input_.PutBack(&taken, used);
      used = 0;
      if (!input_.HasMessage()) continue;
      taken = input_.Take();
      while (input_.HoldMessage(taken.view().subspan(used))) {
        const size_t size = grpc::BytesOfFirstMessage(taken.view().subspan(used), kMessageMax);
        found.push_back(TextOf(taken).substr(used + 5, size - 5));
        used += size;
        if (at < stream.size() && upto(3) == 0) break;  // what follows is put back, too
      }
    }
    EXPECT_THAT(found, ::testing::ElementsAreArray(sent)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace weir::server
