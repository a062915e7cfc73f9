// The deadline of a call, in every state a call can be in when it passes.
#include <chrono>
#include <optional>
#include <string>

#include "tests/server/server_fixture.h"

namespace weir::server {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint16_t kInitialWindowSize = 4;

const std::string kPassed =
    "grpc-status=4 grpc-message=the deadline passed before the server had answered";

class DeadlineTest : public ServerTest {};

TEST_F(DeadlineTest, PassesBeforeTheRequestIsThere) {
  bool was_called = false;
  coroutine_.unary = [&](ServerContext&, const Text&, Text&) -> Task<Status> {
    was_called = true;
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kUnary, {{"grpc-timeout", "100m"}}));
  Settle();
  loop_.Advance(99ms);
  EXPECT_THAT(client.Hears(), IsEmpty());
  loop_.Advance(4ms);
  EXPECT_THAT(client.Hears(), ElementsAre(TrailersOnlyLine(1, kPassed), NoMoreLine(1)));
  EXPECT_FALSE(was_called);
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(DeadlineTest, HasPassedOnArrival) {
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, "", {{"grpc-timeout", "0n"}}));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(HasSubstr("grpc-status=4"), NoMoreLine(1)));
}

TEST_F(DeadlineTest, EndsAHandlerThatReads) {
  bool has_failed = false;
  coroutine_.chat = [&](ServerContext& context, CoTextStream stream) -> Task<Status> {
    Text text;
    const ReadResult read = co_await stream.Read(&text);
    has_failed = read.is_failed() && context.IsCancelled();
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat, {{"grpc-timeout", "1S"}}));
  Settle();
  loop_.Advance(1002ms);
  EXPECT_TRUE(has_failed);
  EXPECT_THAT(client.Hears(), ElementsAre(TrailersOnlyLine(1, kPassed), NoMoreLine(1)));
  EXPECT_EQ(OpenStreams(), 0u);
}

// What one call has wanted of the clock is not the next one's, though the object is the same.
TEST_F(DeadlineTest, IsOfOneCallOnly) {
  int slept = 0;
  coroutine_.unary = [&](ServerContext& context, const Text&, Text&) -> Task<Status> {
    const bool is_limited = context.requested_timeout().has_value();
    EXPECT_EQ(context.time_remaining() != std::chrono::nanoseconds::max(), is_limited);
    slept += co_await context.SleepFor(100ms);
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  for (const uint32_t id : {1u, 5u}) {
    client.Sends(UnaryCall(id, kUnary, "", {{"grpc-timeout", "1S"}}));
    Settle();
    loop_.Advance(102ms);
    EXPECT_EQ(client.Hears().back(), TrailersLine(id));
    client.Sends(UnaryCall(id + 2, kUnary, ""));
    Settle();
    loop_.Advance(102ms);
    EXPECT_EQ(client.Hears().back(), TrailersLine(id + 2));
  }
  EXPECT_EQ(slept, 4);
  client.Sends(UnaryCall(9, kUnary, "", {{"grpc-timeout", "50m"}}));
  Settle();
  loop_.Advance(52ms);
  EXPECT_THAT(client.Hears(), ElementsAre(TrailersOnlyLine(9, kPassed)));
  EXPECT_EQ(slept, 4);
}

TEST_F(DeadlineTest, AfterHeadersIsToldInTrailers) {
  coroutine_.chat = [](ServerContext&, CoTextStream stream) -> Task<Status> {
    co_await stream.Write(std::string("first"));
    Text text;
    co_await stream.Read(&text);
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat, {{"grpc-timeout", "1S"}}));
  Settle();
  loop_.Advance(1002ms);
  EXPECT_THAT(client.Hears(), ElementsAre(HeadersLine(1), MessageLine(1, "first"),
                                          TrailersLine(1, kPassed), NoMoreLine(1)));
}

TEST_F(DeadlineTest, ResetsAStreamWhoseDataTheClientDoesNotTake) {
  bool was_written = true;
  coroutine_.expand = [&](ServerContext&, const Text&, CoTextStream stream) -> Task<Status> {
    was_written = co_await stream.Write(std::string(100'000, 'x'));
    co_return Status::OK;
  };
  RpcClient& client = Connect(testing::Settings({{kInitialWindowSize, 0}}));
  client.Sends(UnaryCall(1, kExpand, "", {{"grpc-timeout", "1S"}}));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(HeadersLine(1)));
  loop_.Advance(1002ms);
  EXPECT_FALSE(was_written);
  EXPECT_THAT(client.Hears(), ElementsAre(CancelLine(1)));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(DeadlineTest, StillCountsWhenTheHandlerIsDoneAndItsDataIsNotTaken) {
  coroutine_.unary = [](ServerContext&, const Text&, Text& response) -> Task<Status> {
    response.value = "does not fit";
    co_return Status::OK;
  };
  RpcClient& client = Connect(testing::Settings({{kInitialWindowSize, 7}}));
  client.Sends(UnaryCall(1, kUnary, "", {{"grpc-timeout", "1S"}}));
  Settle();
  EXPECT_EQ(client.Hears().size(), 2u);
  loop_.Advance(990ms);
  EXPECT_THAT(client.Hears(), IsEmpty());
  loop_.Advance(15ms);
  EXPECT_THAT(client.Hears(), ElementsAre(CancelLine(1)));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(DeadlineTest, IsNoLongerOfInterestOnceTheResponseIsSent) {
  coroutine_.unary = [](ServerContext&, const Text&, Text&) -> Task<Status> {
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, "", {{"grpc-timeout", "1S"}}));
  Settle();
  client.Hears();
  loop_.Advance(5s);
  EXPECT_THAT(client.Hears(), IsEmpty());
}

TEST_F(DeadlineTest, IsNotInheritedByTheNextCallOfTheSameObject) {
  coroutine_.chat = [](ServerContext&, CoTextStream stream) -> Task<Status> {
    Text text;
    co_await stream.Read(&text);
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat, {{"grpc-timeout", "1S"}}) + SendsEnd(1));
  Settle();
  client.Sends(OpenCall(3, kChat));
  Settle();
  client.Hears();
  loop_.Advance(5s);
  EXPECT_THAT(client.Hears(), IsEmpty());
}

TEST_F(DeadlineTest, SaturatesWhereTheClockEnds) {
  std::optional<std::chrono::system_clock::time_point> deadline;
  coroutine_.unary = [&](ServerContext& context, const Text&, Text&) -> Task<Status> {
    deadline = context.deadline();
    EXPECT_EQ(context.time_remaining(), std::chrono::nanoseconds::max());
    EXPECT_EQ(context.requested_timeout(), std::chrono::nanoseconds::max());
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, "", {{"grpc-timeout", "99999999H"}}));
  Settle();
  EXPECT_EQ(deadline, std::chrono::system_clock::time_point::max());
}

TEST_F(DeadlineTest, IsAbsentUnlessTheClientAsks) {
  coroutine_.unary = [](ServerContext& context, const Text&, Text&) -> Task<Status> {
    EXPECT_EQ(context.deadline(), std::chrono::system_clock::time_point::max());
    EXPECT_EQ(context.time_remaining(), std::chrono::nanoseconds::max());
    EXPECT_EQ(context.requested_timeout(), std::nullopt);
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, ""));
  Settle();
  EXPECT_EQ(client.Hears().back(), TrailersLine(1));
}

}  // namespace
}  // namespace weir::server
