// Streams of coroutine handlers: reading, writing, windows, back-pressure, and how they end.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tests/server/server_fixture.h"
#include "tests/testing/segmenter.h"

namespace weir::server {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Segmentation;

constexpr uint16_t kInitialWindowSize = 4;
const std::string kOffers = " grpc-accept-encoding=identity,deflate,gzip,zstd";

// Answers with what it read, joined by commas, and whether the stream ended properly.
Task<Status> Join(CoTextStream stream, Text& response) {
  Text text;
  ReadResult read = co_await stream.Read(&text);
  while (read) {
    response.value += text.value + ",";
    read = co_await stream.Read(&text);
  }
  co_return read.is_end() ? Status::OK : Status(StatusCode::ABORTED, "the read failed");
}

Task<Status> Echo(CoTextStream stream) {
  Text text;
  while (co_await stream.Read(&text)) {
    if (!co_await stream.Write(text)) co_return Status::CANCELLED;
  }
  co_return Status::OK;
}

class StreamingAtEverySplit : public ServerTest,
                              public ::testing::WithParamInterface<Segmentation> {};

INSTANTIATE_TEST_SUITE_P(Split, StreamingAtEverySplit,
                         ::testing::ValuesIn(testing::AllSegmentations()),
                         [](const auto& test) { return testing::NameOf(test.param); });

TEST_P(StreamingAtEverySplit, ReadsEveryMessageOnceAndInOrder) {
  coroutine_.collect = [](ServerContext&, CoTextStream stream, Text& response) {
    return Join(stream, response);
  };
  RpcClient& client = Connect();
  // Messages do not care where DATA frames begin and end.
  const std::string octets = OpenCall(1, kCollect) + testing::Data(1, Framed("a") + Framed("b")) +
                             testing::Data(1, Framed("").substr(0, 3)) +
                             testing::Data(1, Framed("").substr(3) + Framed("cc").substr(0, 6)) +
                             testing::LastData(1, Framed("cc").substr(6));
  testing::Segmenter(GetParam()).Split(octets, [&](ByteView piece) {
    client.wire.Sends(AsText(piece));
    Settle();
  });
  EXPECT_THAT(client.Hears(),
              ElementsAre(HeadersLine(1), MessageLine(1, "a,b,,cc,"), TrailersLine(1)));
}

class StreamingCallTest : public ServerTest {};

TEST_F(StreamingCallTest, AnswersAClientThatSendsNothing) {
  coroutine_.collect = [](ServerContext&, CoTextStream stream, Text& response) {
    return Join(stream, response);
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kCollect) + SendsEnd(1));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(HeadersLine(1), MessageLine(1, ""), TrailersLine(1)));
}

TEST_F(StreamingCallTest, WritesMessagesAsTheyCome) {
  coroutine_.expand = [](ServerContext&, const Text& request, CoTextStream stream) -> Task<Status> {
    for (const char c : request.value) {
      if (!co_await stream.Write(std::string(1, c))) co_return Status::CANCELLED;
    }
    co_return Status(StatusCode::OUT_OF_RANGE, "that was all");
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kExpand, "ab"));
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre(HeadersLine(1), MessageLine(1, "a"), MessageLine(1, "b"),
                          TrailersLine(1, "grpc-status=11 grpc-message=that was all")));
}

TEST_F(StreamingCallTest, ConversesMessageByMessage) {
  coroutine_.chat = [](ServerContext&, CoTextStream stream) { return Echo(stream); };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat));
  Settle();
  EXPECT_THAT(client.Hears(), IsEmpty());  // headers come with the first message
  client.Sends(SendsMessage(1, "ping"));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(HeadersLine(1), MessageLine(1, "ping")));
  client.Sends(SendsMessage(1, "pong"));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(MessageLine(1, "pong")));
  client.Sends(SendsEnd(1));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(TrailersLine(1)));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(StreamingCallTest, MaySendHeadersFirst) {
  coroutine_.chat = [](ServerContext& context, CoTextStream stream) -> Task<Status> {
    context.AddInitialMetadata("key", "value");
    stream.SendInitialMetadata();
    stream.SendInitialMetadata();
    Text text;
    co_await stream.Read(&text);
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(HeadersLine(1, kOffers + " key=value")));
}

TEST_F(StreamingCallTest, MayEndBeforeTheClientDoes) {
  coroutine_.chat = [](ServerContext&, CoTextStream stream) -> Task<Status> {
    Text text;
    co_await stream.Read(&text);
    co_return Status(StatusCode::FAILED_PRECONDITION, "enough");
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat) + SendsMessage(1, "a") + SendsMessage(1, "b"));
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre(TrailersOnlyLine(1, "grpc-status=9 grpc-message=enough"), NoMoreLine(1)));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(StreamingCallTest, StartsTheHandlerBeforeAnyMessage) {
  bool was_called = false;
  coroutine_.collect = [&](ServerContext&, CoTextStream stream, Text& response) {
    was_called = true;
    return Join(stream, response);
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kCollect));
  Settle();
  EXPECT_TRUE(was_called);
}

TEST_F(StreamingCallTest, TellsTheEndFromAFailure) {
  std::vector<std::string> ends;
  coroutine_.collect = [&](ServerContext&, CoTextStream stream, Text&) -> Task<Status> {
    Text text;
    ReadResult read = co_await stream.Read(&text);
    while (read) read = co_await stream.Read(&text);
    ends.push_back(read.is_end() ? "end" : read.is_failed() ? "failed" : "?");
    // It stays as it is.
    read = co_await stream.Read(&text);
    ends.push_back(read.is_end() ? "end" : read.is_failed() ? "failed" : "?");
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kCollect) + SendsLast(1, "a"));
  client.Sends(OpenCall(3, kCollect) + SendsMessage(3, "a") + testing::RstStream(3));
  client.Sends(OpenCall(5, kCollect) + testing::LastData(5, Framed("a").substr(0, 4)));
  Settle();
  EXPECT_THAT(ends, ElementsAre("end", "end", "failed", "failed", "failed", "failed"));
}

TEST_F(StreamingCallTest, IsEndedByAMessageThatIsNoMessage) {
  struct Case {
    std::string octets;
    std::string status;
  };
  const std::vector<Case> cases = {
      {testing::LastData(1, Framed("cut").substr(0, 6)),
       "grpc-status=13 grpc-message=stream ended"},
      {testing::Data(1, Framed(kMalformedText)), "grpc-status=13 grpc-message=request message"},
      {testing::Data(1, std::string("\7\0\0\0\0", 5)),
       "grpc-status=13 grpc-message=message has an"},
      {testing::Data(1, Framed("zip", true)), "grpc-status=13 grpc-message=message is compressed"},
      {testing::Data(1, std::string("\0\x7f\0\0\0", 5)), "grpc-status=8 grpc-message=message of"},
  };
  int failures = 0;
  coroutine_.chat = [&](ServerContext& context, CoTextStream stream) -> Task<Status> {
    Text text;
    const ReadResult read = co_await stream.Read(&text);
    if (read.is_failed() && context.IsCancelled()) ++failures;
    co_return Status::OK;  // comes too late
  };
  for (const Case& each : cases) {
    RpcClient& client = Connect();
    client.Sends(OpenCall(1, kChat));
    Settle();
    client.Sends(each.octets);
    Settle();
    const std::vector<std::string> heard = client.Hears();
    ASSERT_FALSE(heard.empty()) << each.status;
    EXPECT_THAT(heard[0], HasSubstr(each.status));
  }
  EXPECT_EQ(failures, static_cast<int>(cases.size()));
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(StreamingCallTest, IsEndedByBadMessagesThatWereThereBeforeTheRead) {
  std::optional<bool> has_failed;
  coroutine_.chat = [&](ServerContext& context, CoTextStream stream) -> Task<Status> {
    co_await context.SleepFor(std::chrono::seconds(1));
    Text text;
    const ReadResult read = co_await stream.Read(&text);
    has_failed = read.is_failed();
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat) + SendsMessage(1, kMalformedText));
  loop_.Advance(std::chrono::seconds(2));
  EXPECT_EQ(has_failed, true);
  EXPECT_THAT(client.Hears(), Contains(HasSubstr("grpc-status=13")));
}

TEST_F(StreamingCallTest, GivesTheWindowBackOnlyAsTheHandlerReads) {
  std::coroutine_handle<> waiting;
  struct Stop {
    std::coroutine_handle<>* place;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) { *place = handle; }
    void await_resume() const {}
  };
  coroutine_.collect = [&](ServerContext&, CoTextStream stream, Text&) -> Task<Status> {
    co_await Stop{&waiting};
    Text joined;
    co_return co_await Join(stream, joined);
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kCollect));
  const std::string text(16'000, 'x');
  for (int i = 0; i < 4; ++i) client.Sends(SendsMessage(1, text));  // 64,020 of 65,535
  Settle();
  client.Hears();
  for (const std::string& update : client.TakeWindowUpdates()) {
    EXPECT_THAT(update, HasSubstr("WINDOW_UPDATE 0 "));  // the connection's is given back at once
  }
  waiting.resume();
  Settle();
  client.Hears();
  EXPECT_THAT(client.TakeWindowUpdates(), Contains(HasSubstr("WINDOW_UPDATE 1 ")));
  client.Sends(SendsEnd(1));
  Settle();
  EXPECT_EQ(client.Hears().back(), TrailersLine(1));
}

TEST_F(StreamingCallTest, HoldsAWriteAtTheMarkUntilTheClientTakesSome) {
  int written = 0;
  coroutine_.expand = [&](ServerContext&, const Text&, CoTextStream stream) -> Task<Status> {
    const Text text{std::string(10'000, 'x')};
    for (int i = 0; i < 30; ++i) {
      if (!co_await stream.Write(text)) co_return Status::CANCELLED;
      ++written;
    }
    co_return Status::OK;
  };
  RpcClient& client = Connect(testing::Settings({{kInitialWindowSize, 0}}));
  client.Sends(UnaryCall(1, kExpand, ""));
  Settle();
  // The seventh message reaches the mark of 64 KiB, so its Write waits.
  EXPECT_EQ(written, 6);
  client.Sends(testing::WindowUpdate(1, 20'000));
  Settle();
  EXPECT_EQ(written, 6);  // 50,035 are left, the low mark is 16,384
  client.Sends(testing::WindowUpdate(1, 34'000));
  Settle();
  EXPECT_EQ(written, 11);
  client.Sends(testing::WindowUpdate(1, 1'000'000) + testing::WindowUpdate(0, 1'000'000));
  Settle();
  EXPECT_EQ(written, 30);
  EXPECT_EQ(client.Hears().back(), TrailersLine(1));
}

TEST_F(StreamingCallTest, KeepsAWriteThatWaitsFromHoldingUpOtherCalls) {
  coroutine_.expand = [](ServerContext&, const Text&, CoTextStream stream) -> Task<Status> {
    co_await stream.Write(std::string(100'000, 'x'));
    co_return Status::OK;
  };
  coroutine_.unary = [](ServerContext&, const Text&, Text&) -> Task<Status> {
    co_return Status::OK;
  };
  RpcClient& client = Connect(testing::Settings({{kInitialWindowSize, 10}}));
  client.Sends(UnaryCall(1, kExpand, "") + UnaryCall(3, kUnary, ""));
  Settle();
  EXPECT_THAT(client.Hears(), Contains(TrailersLine(3)));
}

TEST_F(StreamingCallTest, ContinuesAfterAnExceptionWithTheNextCall) {
  coroutine_.chat = [](ServerContext&, CoTextStream stream) -> Task<Status> {
    Text text;
    co_await stream.Read(&text);
    if (text.value == "throw") throw std::runtime_error("on purpose");
    co_await stream.Write(text);
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat) + SendsMessage(1, "throw"));
  client.Sends(OpenCall(3, kChat) + SendsMessage(3, "do not"));
  Settle();
  EXPECT_THAT(
      client.Hears(),
      ElementsAre(
          TrailersOnlyLine(1, "grpc-status=2 grpc-message=the handler failed with an exception"),
          NoMoreLine(1), HeadersLine(3), MessageLine(3, "do not"), TrailersLine(3), NoMoreLine(3)));
  EXPECT_THAT(LogLines(), ElementsAre(HasSubstr("threw an exception: on purpose")));
}

TEST_F(StreamingCallTest, IgnoresTrailersOfTheClient) {
  coroutine_.collect = [](ServerContext&, CoTextStream stream, Text& response) {
    return Join(stream, response);
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kCollect) + SendsMessage(1, "a") +
               std::string(testing::Headers(1).Field("key", "value").EndStream()));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(HeadersLine(1), MessageLine(1, "a,"), TrailersLine(1)));
}

TEST_F(StreamingCallTest, SendsTheLastMessageAndTheStatusTogether) {
  coroutine_.expand = [](ServerContext&, const Text&, CoTextStream stream) -> Task<Status> {
    const Text text{"last"};
    co_await stream.Write(text, WriteOptions().set_last_message());
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.wire.TakeWriteCount();
  client.Sends(UnaryCall(1, kExpand, ""));
  Settle();
  EXPECT_EQ(client.Hears().size(), 3u);
  EXPECT_EQ(client.wire.TakeWriteCount(), 1);
}

TEST_F(StreamingCallTest, EndsWithAMessageThatIsTooLarge) {
  options_.max_send_message_bytes = 10;
  std::vector<bool> written;
  coroutine_.chat = [&](ServerContext&, CoTextStream stream) -> Task<Status> {
    written.push_back(co_await stream.Write(std::string("short")));
    written.push_back(co_await stream.Write(std::string("much too long")));
    written.push_back(co_await stream.Write(std::string("short")));
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat));
  Settle();
  EXPECT_THAT(written, ElementsAre(true, false, false));
  EXPECT_THAT(client.Hears(), ElementsAre(HeadersLine(1), MessageLine(1, "short"),
                                          HasSubstr("grpc-status=8"), NoMoreLine(1)));
}

}  // namespace
}  // namespace weir::server
