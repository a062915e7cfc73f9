// Responses that clients leave lying: how long they may.
#include "server/unsent_responses.h"

#include <chrono>
#include <string>

#include "tests/server/server_fixture.h"

namespace weir::server {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint16_t kInitialWindowSize = 4;

class UnsentResponsesTest : public ServerTest {
 protected:
  UnsentResponsesTest() {
    coroutine_.unary = [](ServerContext&, const Text&, Text& response) -> Task<Status> {
      response.value = std::string(10'000, 'x');
      co_return Status::OK;
    };
  }

  // Time passes, and the client keeps the connection alive and its timers quiet.
  void Pass(std::chrono::nanoseconds duration) {
    loop_.Advance(duration);
    Settle();
  }
};

TEST_F(UnsentResponsesTest, AreResetWithoutProgress) {
  RpcClient& client = Connect(testing::Settings({{kInitialWindowSize, 0}}));
  client.Sends(UnaryCall(1, kUnary, ""));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(HeadersLine(1)));
  EXPECT_EQ(OpenStreams(), 1u);
  Pass(119s);
  EXPECT_THAT(client.Hears(), IsEmpty());
  Pass(2s);
  EXPECT_THAT(client.Hears(), ElementsAre(CancelLine(1)));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(UnsentResponsesTest, AreResetWhenTheClientOnlyDribbles) {
  RpcClient& client = Connect(testing::Settings({{kInitialWindowSize, 0}}));
  client.Sends(UnaryCall(1, kUnary, ""));
  Settle();
  for (int i = 0; i < 11; ++i) {
    Pass(10s);
    client.Sends(testing::WindowUpdate(1, 1));
    Settle();
  }
  EXPECT_EQ(OpenStreams(), 1u);
  Pass(11s);
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(UnsentResponsesTest, MayTakeTheirTimeAsLongAsThereIsProgress) {
  RpcClient& client = Connect(testing::Settings({{kInitialWindowSize, 0}}));
  client.Sends(UnaryCall(1, kUnary, ""));
  Settle();
  for (int i = 0; i < 9; ++i) {
    Pass(100s);
    client.Sends(testing::WindowUpdate(1, 1'100));
    Settle();
    EXPECT_EQ(OpenStreams(), 1u);
  }
  client.Sends(testing::WindowUpdate(1, 1'100));
  Settle();
  EXPECT_EQ(client.Hears().back(), TrailersLine(1));
}

TEST_F(UnsentResponsesTest, EndWithTheEarliestDeadlineFirst) {
  RpcClient& client = Connect(testing::Settings({{kInitialWindowSize, 0}}));
  client.Sends(UnaryCall(1, kUnary, "", {{"grpc-timeout", "30S"}}) +
               UnaryCall(3, kUnary, "", {{"grpc-timeout", "10S"}}) +
               UnaryCall(5, kUnary, "", {{"grpc-timeout", "20S"}}));
  Settle();
  client.Hears();
  Pass(10'002ms);
  EXPECT_THAT(client.Hears(), ElementsAre(CancelLine(3)));
  Pass(10s);
  EXPECT_THAT(client.Hears(), ElementsAre(CancelLine(5)));
  Pass(10s);
  EXPECT_THAT(client.Hears(), ElementsAre(CancelLine(1)));
}

TEST_F(UnsentResponsesTest, ThatWereTakenAreForgotten) {
  RpcClient& client = Connect(testing::Settings({{kInitialWindowSize, 1'000}}));
  for (uint32_t id = 1; id < 1'000; id += 2) {
    client.Sends(UnaryCall(id, kUnary, "", {{"grpc-timeout", "30S"}}));
    Settle();
    client.Sends(testing::WindowUpdate(id, 20'000) + testing::WindowUpdate(0, 20'000));
    Settle();
  }
  EXPECT_THAT(client.Hears(), Contains(TrailersLine(999)));
  Pass(31s);
  EXPECT_THAT(client.Hears(), IsEmpty());
}

TEST_F(UnsentResponsesTest, GoWithTheirConnection) {
  RpcClient& client = Connect(testing::Settings({{kInitialWindowSize, 0}}));
  client.Sends(UnaryCall(1, kUnary, "", {{"grpc-timeout", "30S"}}));
  Settle();
  client.wire.EndsSending();
  Pass(31s);
  EXPECT_TRUE(worker().is_empty());
}

}  // namespace
}  // namespace weir::server
