// What is kept of a request between events, and what of it is a message.
#include "server/request_input.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/server/text_message.h"
#include "transport/base/bytes.h"

namespace weir::server {
namespace {

using Outcome = RequestInput::Outcome;

class RequestInputTest : public ::testing::Test {
 protected:
  RequestInputTest() { input_.Reset(1'000'000, ""); }

  // An event that nobody reads.
  void Keeps(std::string_view octets) {
    input_.Offer(AsBytes(octets));
    input_.KeepOffered();
  }
  Outcome Pull() { return input_.Pull(kTextCodec, &text_, compressors_); }

  grpc::CompressorRegistry compressors_;
  RequestInput input_;
  Text text_;
};

TEST_F(RequestInputTest, GivesWhatWasKeptAndThenWhatIsOffered) {
  EXPECT_TRUE(input_.is_empty());
  const std::string second = Framed("second");
  Keeps(Framed("first") + second.substr(0, 7));
  EXPECT_FALSE(input_.is_empty());
  ASSERT_EQ(Pull(), Outcome::kMessage);
  EXPECT_EQ(text_.value, "first");
  ASSERT_EQ(Pull(), Outcome::kNeedMore);
  EXPECT_FALSE(input_.is_empty());
  EXPECT_EQ(input_.missing_bytes(), 4u);
  const std::string rest = second.substr(7) + Framed("third");
  input_.Offer(AsBytes(rest));
  ASSERT_EQ(Pull(), Outcome::kMessage);
  EXPECT_EQ(text_.value, "second");
  EXPECT_FALSE(input_.is_empty());
  ASSERT_EQ(Pull(), Outcome::kMessage);
  EXPECT_EQ(text_.value, "third");
  EXPECT_TRUE(input_.is_empty());
  EXPECT_EQ(input_.TakeConsumedBytes(), Framed("firstsecondthird").size() + 10);
}

TEST_F(RequestInputTest, GivesBackWhatNoMessageWasMadeOf) {
  const std::string octets = Framed("one") + "more";
  input_.Offer(AsBytes(octets));
  ASSERT_EQ(Pull(), Outcome::kMessage);
  EXPECT_EQ(AsText(input_.TakeOffered()), "more");
  EXPECT_TRUE(input_.is_empty());
}

TEST_F(RequestInputTest, ForgetsEverythingBetweenTwoUses) {
  Keeps(Framed("kept") + "half a prefix");
  ASSERT_EQ(Pull(), Outcome::kMessage);
  input_.ReleaseMemory();
  input_.Reset(3, "");
  EXPECT_TRUE(input_.is_empty());
  EXPECT_EQ(input_.TakeConsumedBytes(), 0u);
  EXPECT_EQ(input_.content_size(), 0u);
  Keeps(Framed("four"));
  EXPECT_EQ(Pull(), Outcome::kRejected);
  EXPECT_EQ(input_.rejection().kind, grpc::Rejection::Kind::kMessageTooLarge);
}

// With a reader that is behind most of the time nothing is lost, and what it has taken makes room.
TEST_F(RequestInputTest, LosesNothingAtRandom) {
  std::mt19937 random(1);
  std::string octets;
  std::vector<std::string> sent;
  for (int i = 0; i < 2000; ++i) {
    sent.emplace_back(random() % 100, static_cast<char>('a' + i % 26));
    octets += Framed(sent.back());
  }
  std::vector<std::string> received;
  const auto read = [&](size_t messages_max) {
    while (messages_max-- != 0) {
      const Outcome outcome = Pull();
      if (outcome != Outcome::kMessage) return true;
      received.push_back(text_.value);
    }
    return false;
  };
  bool waits = true;
  for (size_t used = 0; used < octets.size();) {
    const size_t size = std::min<size_t>(random() % 200 + 1, octets.size() - used);
    input_.Offer(AsBytes(std::string_view(octets).substr(used, size)));
    used += size;
    if (waits) waits = read(random() % 8);
    input_.KeepOffered();
    ASSERT_LE(input_.held_bytes(), 2 * input_.kept().size());
    if (!waits && random() % 3 == 0) waits = read(random() % 8);
  }
  read(sent.size());
  EXPECT_EQ(received, sent);
  EXPECT_TRUE(input_.is_empty());
}

}  // namespace
}  // namespace weir::server
