// Handlers of the blocking style, on real threads of a real pool, with the worker on a fake loop.
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/server_fixture.h"

namespace weir::server {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint16_t kInitialWindowSize = 4;

// Opens once; whoever waits goes on.
class Gate {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false;
};

class BlockingCallTest : public ServerTest {
 protected:
  void EchoChats() {
    blocking_.chat = [](ServerContext*, TextStream stream) {
      Text text;
      ReadResult read = stream.Read(&text);
      for (; read; read = stream.Read(&text)) {
        if (!stream.Write(text.value)) return Status::CANCELLED;
      }
      return read.is_end() ? Status::OK : Status::CANCELLED;
    };
  }
  void CollectSizes() {
    blocking_.collect = [](ServerContext*, TextStream stream, Text* response) {
      Text text;
      while (stream.Read(&text)) response->value += std::to_string(text.value.size()) + ",";
      return Status::OK;
    };
  }
  // On stream 1, whose window is `window` at first.
  void SendWithinWindow(RpcClient& client, int64_t window, const std::string& octets) {
    for (size_t at = 0; at < octets.size();) {
      RunUntil([&] {
        client.Hears();
        for (const std::string& update : client.TakeWindowUpdates()) {
          if (update.starts_with("WINDOW_UPDATE 1 +")) window += std::stol(update.substr(17));
        }
        return window > 0;
      });
      const size_t size =
          std::min({octets.size() - at, size_t{16'384}, static_cast<size_t>(window)});
      client.Sends(testing::Data(1, octets.substr(at, size)));
      window -= static_cast<int64_t>(size);
      at += size;
    }
  }
};

TEST_F(BlockingCallTest, AnswersOnAnotherThread) {
  std::thread::id its_thread;
  blocking_.unary = [&](ServerContext*, const Text* request, Text* response) {
    its_thread = std::this_thread::get_id();
    response->value = "re: " + request->value;
    return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kBlockingUnary, "hello"));
  EXPECT_THAT(RunUntilHears(client, TrailersLine(1)),
              ElementsAre(HeadersLine(1), MessageLine(1, "re: hello"), TrailersLine(1)));
  EXPECT_NE(its_thread, std::this_thread::get_id());
  EXPECT_EQ(OpenStreams(), 0u);
}

TEST_F(BlockingCallTest, FailsWithItsStatus) {
  blocking_.unary = [](ServerContext* context, const Text*, Text*) {
    context->AddTrailingMetadata("last", "1");
    return Status(StatusCode::NOT_FOUND, "nothing");
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kBlockingUnary, ""));
  const std::string line = TrailersOnlyLine(1, "grpc-status=5 grpc-message=nothing last=1");
  EXPECT_THAT(RunUntilHears(client, line), ElementsAre(line));
}

TEST_F(BlockingCallTest, ContainsExceptions) {
  blocking_.unary = [](ServerContext*, const Text*, Text*) -> Status {
    throw std::runtime_error("on purpose");
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kBlockingUnary, ""));
  const std::string line =
      TrailersOnlyLine(1, "grpc-status=2 grpc-message=the handler failed with an exception");
  EXPECT_THAT(RunUntilHears(client, line), ElementsAre(line));
  EXPECT_THAT(LogLines(), ElementsAre(HasSubstr("on purpose")));
}

TEST_F(BlockingCallTest, RunsSeveralHandlersAtOnce) {
  std::mutex mutex;
  std::condition_variable changed;
  int inside = 0;
  blocking_.unary = [&](ServerContext*, const Text*, Text*) {
    std::unique_lock lock(mutex);
    ++inside;
    changed.notify_all();
    changed.wait(lock, [&] { return inside == 4; });
    return Status::OK;
  };
  RpcClient& client = Connect();
  for (uint32_t id = 1; id < 9; id += 2) client.Sends(UnaryCall(id, kBlockingUnary, ""));
  int answers = 0;
  RunUntil([&] {
    for (const std::string& line : client.Hears()) answers += line.ends_with("grpc-status=0");
    return answers == 4;
  });
}

TEST_F(BlockingCallTest, IsRefusedWhenTooManyWait) {
  pool_threads_ = 1;
  options_.handler_queue_max = 2;
  Gate gate;
  std::promise<void> started;
  bool is_first = true;
  blocking_.unary = [&](ServerContext*, const Text*, Text*) {
    if (is_first) started.set_value();
    is_first = false;
    gate.Wait();
    return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kBlockingUnary, ""));
  Settle();
  started.get_future().wait();
  client.Sends(UnaryCall(3, kBlockingUnary, "") + UnaryCall(5, kBlockingUnary, "") +
               UnaryCall(7, kBlockingUnary, ""));
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre(TrailersOnlyLine(7,
                                           "grpc-status=8 grpc-message=the server has too many "
                                           "calls waiting for a handler thread")));
  gate.Open();
  const std::vector<std::string> heard = RunUntilHears(client, TrailersLine(5));
  EXPECT_THAT(heard, Contains(TrailersLine(1)));
  EXPECT_THAT(heard, Contains(TrailersLine(3)));
  EXPECT_EQ(worker().counters().limits.hits(http2::Limit::kHandlerQueue), 1u);
}

TEST_F(BlockingCallTest, ConversesMessageByMessage) {
  EchoChats();
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kBlockingChat));
  for (const std::string text : {"one", "two", ""}) {
    client.Sends(SendsMessage(1, text));
    EXPECT_THAT(RunUntilHears(client, MessageLine(1, text)), Contains(MessageLine(1, text)));
  }
  client.Sends(SendsEnd(1));
  EXPECT_THAT(RunUntilHears(client, TrailersLine(1)), ElementsAre(TrailersLine(1)));
}

TEST_F(BlockingCallTest, ReadsWhatCameInPieces) {
  blocking_.collect = [](ServerContext*, TextStream stream, Text* response) {
    Text text;
    while (stream.Read(&text)) response->value += text.value + ",";
    return Status::OK;
  };
  RpcClient& client = Connect();
  const std::string octets = Framed("one") + Framed("") + Framed("three");
  client.Sends(OpenCall(1, kBlockingCollect));
  for (const char octet : octets) {
    client.Sends(testing::Data(1, std::string(1, octet)));
    loop_.RunTurn();
  }
  client.Sends(SendsEnd(1));
  EXPECT_THAT(RunUntilHears(client, TrailersLine(1)),
              ElementsAre(HeadersLine(1), MessageLine(1, "one,,three,"), TrailersLine(1)));
}

// The rest of a message that comes while the handler is busy may look like the prefix of another.
TEST_F(BlockingCallTest, ReadsBinaryMessagesThatWentOnWhileItWasBusy) {
  Gate gate;
  std::atomic<bool> has_read = false;
  blocking_.collect = [&](ServerContext*, TextStream stream, Text* response) {
    Text text;
    for (int i = 0; stream.Read(&text); ++i) {
      response->value += std::to_string(text.value.size()) + ",";
      if (i == 0) {
        has_read = true;
        gate.Wait();
      }
    }
    return Status::OK;
  };
  RpcClient& client = Connect();
  const std::string second =
      Framed("head" + std::string("\0\0\x20\x41\0", 5) + std::string(995, '\0'));
  client.Sends(OpenCall(1, kBlockingCollect) +
               testing::Data(1, Framed("first") + second.substr(0, 9)));
  RunUntil([&] { return has_read.load(); });
  client.Sends(testing::Data(1, second.substr(9, 500)));
  Settle();
  client.Sends(testing::Data(1, second.substr(509)));
  Settle();
  gate.Open();
  client.Sends(SendsMessage(1, "third") + SendsEnd(1));
  EXPECT_THAT(RunUntilHears(client, TrailersLine(1)), Contains(MessageLine(1, "5,1004,5,")));
}

TEST_F(BlockingCallTest, ReadsAMessageOfManyWindows) {
  CollectSizes();
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kBlockingCollect));
  SendWithinWindow(client, 65'535, Framed(std::string(2'000'000, 'x')) + Framed("end"));
  client.Sends(SendsEnd(1));
  EXPECT_THAT(RunUntilHears(client, TrailersLine(1)), Contains(MessageLine(1, "2000000,3,")));
}

// Window is given back late for small messages, but never too late.
class SmallWindowTest : public BlockingCallTest, public ::testing::WithParamInterface<uint32_t> {};

TEST_P(SmallWindowTest, LetsManyMessagesThrough) {
  worker_options_.http2.stream_window = worker_options_.http2.stream_window_max = GetParam();
  CollectSizes();
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kBlockingCollect));
  std::string octets;
  std::string sizes;
  for (size_t i = 0; i < 300; ++i) {
    const size_t size = i * i % 200;
    octets += Framed(std::string(size, 'x'));
    sizes += std::to_string(size) + ",";
  }
  SendWithinWindow(client, GetParam(), octets);
  client.Sends(SendsEnd(1));
  EXPECT_THAT(RunUntilHears(client, TrailersLine(1)), Contains(MessageLine(1, sizes)));
}

INSTANTIATE_TEST_SUITE_P(Windows, SmallWindowTest, ::testing::Values(1, 4, 5, 64, 300, 5000));

TEST_F(BlockingCallTest, WaitsWithWritesUntilTheClientTakesSome) {
  std::atomic<int> written = 0;
  blocking_.expand = [&](ServerContext*, const Text*, TextStream stream) {
    for (int i = 0; i < 100; ++i) {
      if (!stream.Write(std::string(10'000, 'x'))) return Status::CANCELLED;
      ++written;
    }
    return Status::OK;
  };
  RpcClient& client = Connect(testing::Settings({{kInitialWindowSize, 0}}));
  client.Sends(UnaryCall(1, kBlockingExpand, ""));
  RunUntil([&] { return written >= 7; });
  // One mark in the stream's queue, one on its way there, and the message that went over it.
  // Many turns, each of which lets the handler go on if it can.
  for (int turn = 0; turn < 50'000 && written <= 15; ++turn) {
    loop_.RunTurn();
    std::this_thread::yield();
  }
  EXPECT_LE(written, 15);
  client.Sends(testing::WindowUpdate(1, 2'000'000) + testing::WindowUpdate(0, 2'000'000));
  RunUntilHears(client, TrailersLine(1));
  EXPECT_EQ(written, 100);
}

TEST_F(BlockingCallTest, IsWokenWhenTheClientCancels) {
  std::atomic<int> failures = 0;
  std::atomic<int> callbacks = 0;
  std::atomic<int> ended = 0;
  blocking_.chat = [&](ServerContext* context, TextStream stream) {
    context->OnCancel([&] { ++callbacks; });
    Text text;
    if (stream.Read(&text).is_failed()) ++failures;
    if (stream.Read(&text).is_failed()) ++failures;
    if (!stream.Write("late")) ++failures;
    if (context->IsCancelled()) ++failures;
    ++ended;
    return Status::OK;
  };
  blocking_.expand = [&](ServerContext* context, const Text*, TextStream stream) {
    context->OnCancel([&] { ++callbacks; });
    while (stream.Write(std::string(10'000, 'x'))) {
    }
    ++ended;
    return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kBlockingChat) + UnaryCall(3, kBlockingExpand, ""));
  RunUntil([&] {
    const std::vector<std::string> heard = client.Hears();
    return std::find(heard.begin(), heard.end(), HeadersLine(3)) != heard.end();
  });
  client.Sends(testing::RstStream(1) + testing::RstStream(3));
  RunUntil([&] { return ended == 2; });
  RunUntil([&] { return OpenStreams() == 0; });
  EXPECT_EQ(failures, 4);
  EXPECT_LE(callbacks, 2);  // the chat may have been cancelled before it registered its own
}

TEST_F(BlockingCallTest, IsNotStartedAfterItsCancellation) {
  pool_threads_ = 1;
  Gate gate;
  std::atomic<int> started = 0;
  blocking_.unary = [&](ServerContext*, const Text*, Text*) {
    ++started;
    gate.Wait();
    return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kBlockingUnary, "") + UnaryCall(3, kBlockingUnary, ""));
  RunUntil([&] { return started == 1; });
  client.Sends(testing::RstStream(3));
  Settle();
  gate.Open();
  RunUntil([&] { return OpenStreams() == 0; });
  EXPECT_EQ(started, 1);
}

TEST_F(BlockingCallTest, OutlivesItsDeadlineAndItsConnection) {
  Gate gate;
  std::promise<void> started;
  blocking_.unary = [&](ServerContext* context, const Text*, Text* response) {
    started.set_value();
    gate.Wait();
    context->AddTrailingMetadata("late", "1");
    response->value = "late";
    return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kBlockingUnary, "", {{"grpc-timeout", "1S"}}));
  Settle();
  started.get_future().wait();
  loop_.Advance(std::chrono::milliseconds(1002));
  EXPECT_THAT(client.Hears(), ElementsAre(HasSubstr("grpc-status=4")));
  EXPECT_EQ(OpenStreams(), 1u);
  client.wire.Breaks();
  Settle();
  EXPECT_FALSE(worker().is_empty());
  gate.Open();
  RunUntil([&] { return worker().is_empty(); });
}

TEST_F(BlockingCallTest, EndsACallThatItCancels) {
  blocking_.unary = [](ServerContext* context, const Text*, Text*) {
    context->TryCancel();
    return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kBlockingUnary, ""));
  const std::string line =
      TrailersOnlyLine(1, "grpc-status=1 grpc-message=the server cancelled the call");
  EXPECT_THAT(RunUntilHears(client, line), ElementsAre(line));
}

TEST_F(BlockingCallTest, SendsMetadataWhileTheHandlerAddsMore) {
  // The worker sends the headers while the handler goes on to make its trailers.
  blocking_.chat = [](ServerContext* context, TextStream stream) {
    for (int i = 0; i < 3; ++i) {
      if (!stream.Write("message")) return Status::CANCELLED;
      EXPECT_TRUE(context->AddTrailingMetadata("key" + std::to_string(i), "value"));
      EXPECT_FALSE(context->AddInitialMetadata("late", "value"));
      EXPECT_EQ(context->client_metadata().count("mine"), 1u);
    }
    return Status::OK;
  };
  RpcClient& client = Connect();
  for (uint32_t id = 1; id < 41; id += 2) {
    client.Sends(OpenCall(id, kBlockingChat, {{"mine", "x"}}) + SendsEnd(id));
    const std::string trailers = TrailersLine(id, "grpc-status=0 key0=value key1=value key2=value");
    const std::vector<std::string> heard = RunUntilHears(client, trailers);
    EXPECT_THAT(heard,
                ElementsAre(HeadersLine(id), MessageLine(id, "message"), MessageLine(id, "message"),
                            MessageLine(id, "message"), trailers));
  }
}

TEST_F(BlockingCallTest, MaySendItsHeadersFirst) {
  Gate gate;
  blocking_.chat = [&](ServerContext* context, TextStream stream) {
    context->AddInitialMetadata("key", "value");
    stream.SendInitialMetadata();
    EXPECT_FALSE(context->AddInitialMetadata("late", "value"));
    gate.Wait();
    return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kBlockingChat) + SendsEnd(1));
  RunUntilHears(client,
                HeadersLine(1, " grpc-accept-encoding=identity,deflate,gzip,zstd key=value"));
  gate.Open();
  RunUntilHears(client, TrailersLine(1));
}

TEST_F(BlockingCallTest, IsEndedByARequestThatIsNoMessage) {
  std::atomic<int> failures = 0;
  blocking_.chat = [&](ServerContext*, TextStream stream) {
    Text text;
    if (stream.Read(&text).is_failed()) ++failures;
    if (stream.Read(&text).is_failed()) ++failures;  // not the next message
    return Status::OK;
  };
  const std::string texts[] = {Framed(kMalformedText), Framed("zip", true),
                               std::string("\7\0\0\0\0", 5)};
  for (const std::string& octets : texts) {
    RpcClient& client = Connect();
    client.Sends(OpenCall(1, kBlockingChat) + testing::Data(1, octets + Framed("next")));
    std::vector<std::string> heard;
    RunUntil([&] {
      for (std::string& line : client.Hears()) heard.push_back(std::move(line));
      return !heard.empty();
    });
    EXPECT_THAT(heard[0], HasSubstr("grpc-status=13"));
  }
  RunUntil([&] { return OpenStreams() == 0; });
  EXPECT_EQ(failures, 6);
}

TEST_F(BlockingCallTest, IsExhaustedByAMessageThatIsTooLarge) {
  options_.max_send_message_bytes = 10;
  blocking_.unary = [](ServerContext*, const Text*, Text* response) {
    response->value = std::string(11, 'x');
    return Status::OK;
  };
  blocking_.expand = [](ServerContext*, const Text*, TextStream stream) {
    EXPECT_TRUE(stream.Write("short"));
    EXPECT_FALSE(stream.Write(std::string(11, 'x')));
    EXPECT_FALSE(stream.Write("short"));
    return Status::OK;
  };
  RpcClient& client = Connect();
  const std::string status =
      "grpc-status=8 grpc-message=response message of 11 bytes exceeds the limit of 10 for ";
  client.Sends(UnaryCall(1, kBlockingUnary, ""));
  RunUntilHears(client, TrailersOnlyLine(1, status + std::string(kBlockingUnary)));
  client.Sends(UnaryCall(3, kBlockingExpand, ""));
  const std::string trailers = TrailersLine(3, status + std::string(kBlockingExpand));
  EXPECT_THAT(RunUntilHears(client, trailers),
              ElementsAre(HeadersLine(3), MessageLine(3, "short"), trailers));
}

TEST_F(BlockingCallTest, MayReadAndWriteOnTwoThreads) {
  blocking_.chat = [](ServerContext* context, TextStream stream) {
    context->set_compression_algorithm(CompressionAlgorithm::kGzip);
    std::thread writer([&] {
      for (int i = 0; i < 200; ++i) EXPECT_TRUE(stream.Write(std::to_string(i)));
    });
    Text text;
    int received = 0;
    while (stream.Read(&text)) ++received;
    writer.join();
    return received == 200 ? Status::OK : Status::CANCELLED;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kBlockingChat, {{"grpc-accept-encoding", "gzip"}}));
  for (int i = 0; i < 200; ++i) {
    client.Sends(SendsMessage(1, "text"));
    loop_.RunTurn();
  }
  client.Sends(SendsEnd(1));
  const std::vector<std::string> heard = RunUntilHears(client, TrailersLine(1));
  EXPECT_EQ(std::count_if(heard.begin(), heard.end(),
                          [](const std::string& l) { return l.starts_with("DATA"); }),
            200);
}

TEST_F(BlockingCallTest, ServesManyCallsWithFewObjects) {
  EchoChats();
  blocking_.unary = [](ServerContext*, const Text* request, Text* response) {
    response->value = request->value;
    return Status::OK;
  };
  RpcClient& client = Connect();
  uint32_t id = 1;
  for (int round = 0; round < 50; ++round) {
    uint32_t last = 0;
    for (int i = 0; i < 10; ++i, id += 2) {
      last = id;
      if (i % 2 == 0) {
        client.Sends(UnaryCall(id, kBlockingUnary, std::to_string(id)));
      } else {
        client.Sends(OpenCall(id, kBlockingChat) + SendsLast(id, std::to_string(id)));
      }
      if (i % 5 == 4) client.Sends(testing::RstStream(id - 2));
    }
    RunUntilHears(client, MessageLine(last, std::to_string(last)));
    RunUntil([&] { return OpenStreams() == 0; });
  }
}

class Interception final : public Interceptor {
 public:
  explicit Interception(std::vector<std::string>& notes) : notes_(notes) {}
  Task<Outcome> Intercept(InterceptedCall& call, Continuation next) override {
    Outcome outcome = co_await next(call);
    // Back on the worker, and in time for the headers.
    EXPECT_TRUE(call.context().AddInitialMetadata("from", "interceptor"));
    notes_.push_back(outcome.status().ToString());
    const InterceptedCall::Statistics statistics = call.statistics();
    notes_.push_back(std::to_string(statistics.bytes_received) + "/" +
                     std::to_string(statistics.bytes_sent));
    co_return outcome;
  }

 private:
  std::vector<std::string>& notes_;
};

TEST_F(BlockingCallTest, IsWrappedByInterceptorsOnTheWorker) {
  std::vector<std::string> notes;
  interceptors_.push_back(std::make_unique<Interception>(notes));
  blocking_.unary = [](ServerContext*, const Text*, Text* response) {
    response->value = "four";
    return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kBlockingUnary, "request"));
  EXPECT_THAT(RunUntilHears(client, TrailersLine(1)),
              ElementsAre(HeadersLine(1,
                                      " grpc-accept-encoding=identity,deflate,gzip,zstd "
                                      "from=interceptor"),
                          MessageLine(1, "four"), TrailersLine(1)));
  EXPECT_THAT(notes, ElementsAre("OK", "7/4"));
}

TEST_F(BlockingCallTest, GetsItsThreadAlsoWhenOutputIsBeingFlushed) {
  // A coroutine of one call that resumes an interceptor of another while streams become writable.
  class Holder final : public Interceptor {
   public:
    explicit Holder(std::coroutine_handle<>* place) : place_(place) {}
    Task<Outcome> Intercept(InterceptedCall& call, Continuation next) override {
      struct Stop {
        std::coroutine_handle<>* place;
        bool await_ready() const { return false; }
        void await_suspend(std::coroutine_handle<> handle) { *place = handle; }
        void await_resume() const {}
      };
      if (call.method() == kBlockingUnary) co_await Stop{place_};
      co_return co_await next(call);
    }

   private:
    std::coroutine_handle<>* place_;
  };
  std::coroutine_handle<> held;
  interceptors_.push_back(std::make_unique<Holder>(&held));
  blocking_.unary = [](ServerContext*, const Text*, Text*) { return Status::OK; };
  coroutine_.expand = [&](ServerContext&, const Text&, CoTextStream stream) -> Task<Status> {
    const Text text(std::string(100'000, 'x'));
    co_await stream.Write(text);
    held.resume();
    co_return Status::OK;
  };
  RpcClient& blocked = Connect();
  RpcClient& client = Connect();
  blocked.Sends(UnaryCall(1, kBlockingUnary, ""));
  Settle();
  ASSERT_TRUE(held);
  client.Sends(UnaryCall(1, kExpand, ""));
  Settle();
  client.Sends(testing::WindowUpdate(1, 200'000) + testing::WindowUpdate(0, 200'000));
  RunUntilHears(blocked, TrailersLine(1));
}

}  // namespace
}  // namespace weir::server
