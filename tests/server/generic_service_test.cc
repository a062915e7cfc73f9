// Methods that no service has, services without a .proto, and messages that stay bytes.
#include "weir/generic_service.h"

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "server/message_decoder.h"
#include "tests/server/server_fixture.h"
#include "weir/method.h"

namespace weir::server {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Answers each message with the method's name and the message.
class CoroutineEcho final : public GenericCoroutineService {
 public:
  Task<Status> Call(ServerContext& context, Stream& stream) override {
    ByteBuffer message;
    while (co_await stream.Read(&message)) {
      const ByteBuffer answer(std::string(context.method()) + " " + std::string(message.view()));
      const bool is_sent = co_await stream.Write(answer);
      if (!is_sent) co_return Status::CANCELLED;
    }
    co_return Status::OK;
  }
};

class BlockingGeneric final : public GenericService {
 public:
  std::function<Status(ServerContext*, Stream*)> call;

  Status Call(ServerContext* context, Stream* stream) override { return call(context, stream); }
};

class GenericServiceTest : public ServerTest {
 protected:
  GenericServiceTest() { generic_service_ = &coroutine_echo_; }

  std::atomic<bool> is_reading_ = false;
  CoroutineEcho coroutine_echo_;
  BlockingGeneric blocking_generic_;
};

TEST_F(GenericServiceTest, AnswersMethodsThatNoServiceHas) {
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, "/absent.Service/Method", "hello"));
  client.Sends(UnaryCall(3, "/text.Coroutine/Absent", ""));
  Settle();
  EXPECT_THAT(
      client.Hears(),
      ElementsAre(HeadersLine(1), MessageLine(1, "/absent.Service/Method hello"), TrailersLine(1),
                  HeadersLine(3), MessageLine(3, "/text.Coroutine/Absent "), TrailersLine(3)));
}

TEST_F(GenericServiceTest, LeavesMethodsToTheServicesThatHaveThem) {
  coroutine_.unary = [](ServerContext&, const Text&, Text& response) -> Task<Status> {
    response.value = "its own";
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, "hello"));
  Settle();
  EXPECT_THAT(client.Hears(), Contains(MessageLine(1, "its own")));
}

TEST_F(GenericServiceTest, DoesNotAnswerMalformedPaths) {
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, "/no-method", "hello"));
  Settle();
  EXPECT_THAT(client.Hears(), Contains(HasSubstr("grpc-status=12")));
}

TEST_F(GenericServiceTest, KeepsToTheLimitsOfMessages) {
  options_.max_receive_message_bytes = 10;
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, "/absent.Service/Method", "hello world"));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(HasSubstr("grpc-status=8")));
}

TEST_F(GenericServiceTest, MayBlock) {
  generic_service_ = &blocking_generic_;
  blocking_generic_.call = [](ServerContext*, GenericService::Stream* stream) {
    ByteBuffer message;
    while (stream->Read(&message)) stream->Write(message);
    return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, "/a.B/C") + SendsMessage(1, "one") + SendsLast(1, "two"));
  const std::vector<std::string> heard = RunUntilHears(client, TrailersLine(1));
  EXPECT_THAT(heard, Contains(MessageLine(1, "one")));
  EXPECT_THAT(heard, Contains(MessageLine(1, "two")));
}

// ---- StopReading -------------------------------------------------------------------------------

TEST_F(GenericServiceTest, MayStopReadingWhileAnotherThreadReads) {
  generic_service_ = &blocking_generic_;
  std::atomic<bool> may_stop = false;
  blocking_generic_.call = [&](ServerContext*, GenericService::Stream* stream) {
    std::string seen;
    std::thread reader([&] {
      ByteBuffer message;
      ReadResult read = stream->Read(&message);
      for (; read; read = stream->Read(&message)) {
        seen += message.view();
        stream->Write(message);
      }
      seen += read.is_failed() ? " stopped" : " ended";
    });
    while (!may_stop) std::this_thread::yield();
    stream->StopReading();
    reader.join();
    ByteBuffer message;
    return Status(StatusCode::ABORTED, stream->Read(&message).is_failed() ? seen : "read on");
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, "/a.B/C") + SendsMessage(1, "one"));
  RunUntilHears(client, MessageLine(1, "one"));
  // The reader is about to wait for the next message, or waits already.
  for (int i = 0; i < 100; ++i) std::this_thread::yield();
  may_stop = true;
  RunUntilHears(client, TrailersLine(1, "grpc-status=10 grpc-message=one stopped"));
}

// The writer waits for room, has waited for longer, and is not to take the reader's signal.
TEST_F(GenericServiceTest, WakesTheReaderWhileTheWriterWaits) {
  generic_service_ = &blocking_generic_;
  std::atomic<int> written = 0;
  std::atomic<bool> has_read = false;
  blocking_generic_.call = [&](ServerContext*, GenericService::Stream* stream) {
    const ByteBuffer large(std::string(1'000'000, 'x'));
    std::thread writer([&] {
      while (stream->Write(large)) ++written;
    });
    while (written < 1) std::this_thread::yield();
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    ByteBuffer message;
    has_read = stream->Read(&message);
    writer.join();
    return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, "/a.B/C"));
  RunUntil([&] { return written >= 1; });
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  client.Sends(SendsMessage(1, "one"));
  RunUntil([&] { return has_read.load(); });
  EXPECT_EQ(written, 1);
  client.Sends(testing::RstStream(1));
  Settle();
}

TEST_F(GenericServiceTest, DoesNotLeaveAReaderBehind) {
  generic_service_ = &blocking_generic_;
  std::thread reader;
  std::atomic<bool> has_failed = false;
  blocking_generic_.call = [&](ServerContext*, GenericService::Stream* stream) {
    reader = std::thread([&, stream] {
      ByteBuffer message;
      ReadResult read = stream->Read(&message);
      while (read) {
        stream->Write(message);
        read = stream->Read(&message);
      }
      has_failed = read.is_failed();
    });
    // Until it is certain that it reads.
    while (!is_reading_) std::this_thread::yield();
    return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, "/a.B/C") + SendsMessage(1, "one"));
  RunUntilHears(client, MessageLine(1, "one"));
  is_reading_ = true;
  RunUntilHears(client, TrailersLine(1));
  reader.join();
  EXPECT_TRUE(has_failed);
}

class StoppingEcho final : public GenericCoroutineService {
 public:
  Task<Status> Call(ServerContext&, Stream& stream) override {
    Reading reading;
    ReadOne(stream, &reading);
    const bool is_sent = co_await stream.Write(ByteBuffer("done"));
    EXPECT_TRUE(is_sent);
    EXPECT_FALSE(reading.is_over);
    stream.StopReading();
    EXPECT_TRUE(reading.is_over);
    ByteBuffer message;
    const ReadResult later = co_await stream.Read(&message);
    EXPECT_TRUE(later.is_failed());
    co_return Status(StatusCode::ABORTED, "");
  }

  struct Reading {
    bool is_over = false;
  };
  // A coroutine that nobody waits for.
  struct Detached {
    struct promise_type {
      Detached get_return_object() { return {}; }
      std::suspend_never initial_suspend() noexcept { return {}; }
      std::suspend_never final_suspend() noexcept { return {}; }
      void return_void() {}
      void unhandled_exception() { std::terminate(); }
    };
  };

  static Detached ReadOne(Stream& stream, Reading* reading) {
    ByteBuffer message;
    const ReadResult read = co_await stream.Read(&message);
    EXPECT_TRUE(read.is_failed());
    reading->is_over = true;
  }
};

TEST_F(GenericServiceTest, MayStopReadingWhileAnotherCoroutineReads) {
  StoppingEcho stopping;
  generic_service_ = &stopping;
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, "/a.B/C"));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre(HeadersLine(1), MessageLine(1, "done"),
                                          TrailersLine(1, "grpc-status=10"), NoMoreLine(1)));
}

// Its reader is not to be there for the next call.
class CarelessEcho final : public GenericCoroutineService {
 public:
  Task<Status> Call(ServerContext&, Stream& stream) override {
    StoppingEcho::ReadOne(stream, &reading);
    const bool is_sent = co_await stream.Write(ByteBuffer("done"));
    EXPECT_TRUE(is_sent);
    co_return Status::OK;
  }

  StoppingEcho::Reading reading;
};

TEST_F(GenericServiceTest, DoesNotLeaveACoroutineBehind) {
  CarelessEcho careless;
  generic_service_ = &careless;
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, "/a.B/C"));
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre(HeadersLine(1), MessageLine(1, "done"), TrailersLine(1), NoMoreLine(1)));
  EXPECT_TRUE(careless.reading.is_over);
  EXPECT_THAT(LogLines(), ElementsAre(HasSubstr("ended while a Read")));
}

// ---- services without a .proto -----------------------------------------------------------------

class ByHand final : public Service {
 public:
  ByHand();

  Status Unary(ServerContext*, const ByteBuffer* request, ByteBuffer* response) {
    *response = *request;
    return Status::OK;
  }
  Status Collect(ServerContext*, ServerReader<ByteBuffer>* reader, ByteBuffer* response) {
    std::string all;
    for (ByteBuffer message; reader->Read(&message);) all += message.view();
    response->Assign(all);
    return Status::OK;
  }
  Status Expand(ServerContext*, const ByteBuffer* request, ServerWriter<ByteBuffer>* writer) {
    writer->Write(*request);
    writer->Write(*request);
    return Status::OK;
  }
  Status Chat(ServerContext*, ServerReaderWriter<ByteBuffer, ByteBuffer>* stream) {
    for (ByteBuffer message; stream->Read(&message);) stream->Write(message);
    return Status::OK;
  }
  Task<Status> CoUnary(ServerContext&, const ByteBuffer& request, ByteBuffer& response) {
    response = request;
    co_return Status::OK;
  }
  Task<Status> CoCollect(ServerContext&, Reader<ByteBuffer>& reader, ByteBuffer& response) {
    std::string all;
    ByteBuffer message;
    while (co_await reader.Read(&message)) all += message.view();
    response.Assign(all);
    co_return Status::OK;
  }
  Task<Status> CoExpand(ServerContext&, const ByteBuffer& request, Writer<ByteBuffer>& writer) {
    const bool is_sent = co_await writer.Write(request);
    if (is_sent) co_await writer.Write(request);
    co_return Status::OK;
  }
  Task<Status> CoChat(ServerContext&, ReaderWriter<ByteBuffer, ByteBuffer>& stream) {
    ByteBuffer message;
    while (co_await stream.Read(&message)) co_await stream.Write(message);
    co_return Status::OK;
  }
};

constexpr MethodDescriptor kByHandMethods[] = {
    MakeMethod<&ByHand::Unary>("Unary"),       MakeMethod<&ByHand::Collect>("Collect"),
    MakeMethod<&ByHand::Expand>("Expand"),     MakeMethod<&ByHand::Chat>("Chat"),
    MakeMethod<&ByHand::CoUnary>("CoUnary"),   MakeMethod<&ByHand::CoCollect>("CoCollect"),
    MakeMethod<&ByHand::CoExpand>("CoExpand"), MakeMethod<&ByHand::CoChat>("CoChat"),
};
constexpr ServiceDescriptor kByHand = {.full_name = "test.ByHand", .methods = kByHandMethods};
ByHand::ByHand() : Service(&kByHand) {}

static_assert(kByHandMethods[1].shape == MethodShape::kClientStreaming);
static_assert(kByHandMethods[1].coroutine == nullptr);
static_assert(kByHandMethods[6].shape == MethodShape::kServerStreaming);
static_assert(kByHandMethods[6].blocking == nullptr);

class ServiceByHand : public ServerTest, public ::testing::WithParamInterface<const char*> {
 protected:
  ServiceByHand() { more_services_.push_back(&by_hand_); }

  // The messages of the answer to "a" and "b", or to "ab" where there can be only one.
  std::vector<std::string> Answer(const std::string& method, bool is_single) {
    RpcClient& client = Connect();
    client.Sends(OpenCall(1, "/test.ByHand/" + (GetParam() + method)) +
                 (is_single ? "" : SendsMessage(1, "a")) + SendsLast(1, is_single ? "ab" : "b"));
    std::vector<std::string> heard = RunUntilHears(client, TrailersLine(1));
    std::erase_if(heard, [](const std::string& line) { return !line.starts_with("DATA"); });
    return heard;
  }

  ByHand by_hand_;
};

INSTANTIATE_TEST_SUITE_P(Style, ServiceByHand, ::testing::Values("", "Co"), [](const auto& style) {
  return *style.param == '\0' ? "Blocking" : "Coroutine";
});

TEST_P(ServiceByHand, HasMethodsOfEveryShape) {
  EXPECT_THAT(Answer("Unary", true), ElementsAre(MessageLine(1, "ab")));
  EXPECT_THAT(Answer("Collect", false), ElementsAre(MessageLine(1, "ab")));
  EXPECT_THAT(Answer("Expand", true), ElementsAre(MessageLine(1, "ab"), MessageLine(1, "ab")));
  EXPECT_THAT(Answer("Chat", false), ElementsAre(MessageLine(1, "a"), MessageLine(1, "b")));
}

// ---- the messages ------------------------------------------------------------------------------

TEST(ByteBuffer, HoldsACopy) {
  std::string text = "bytes";
  const ByteBuffer buffer(text);
  text = "other";
  EXPECT_EQ(buffer.view(), "bytes");
  EXPECT_EQ(ByteBuffer(buffer).view(), "bytes");
  EXPECT_TRUE(ByteBuffer().empty());
  EXPECT_EQ(ByteBuffer(std::string_view()).view(), "");
}

TEST(ByteBuffer, CanBeMovedAndChanged) {
  ByteBuffer one("one");
  const uint8_t* const place = one.data();
  ByteBuffer other(std::move(one));
  EXPECT_EQ(other.data(), place);
  EXPECT_TRUE(one.empty());  // NOLINT: what moving leaves is specified
  one = other;
  EXPECT_EQ(one.view(), "one");
  other.Assign("x");
  EXPECT_EQ(other.data(), place);  // smaller: no other memory
  EXPECT_EQ(other.view(), "x");
  other.Clear();
  EXPECT_EQ(other.size(), 0u);
}

// A large message that comes in pieces is put together once.
TEST(ByteBuffer, TakesOverWhatTheDecoderHasAssembled) {
  const std::string content(100'000, 'x');
  const std::string framed = Framed(content);
  const grpc::CompressorRegistry none;
  MessageDecoder decoder;
  decoder.Reset(1'000'000, "");
  ByteBuffer message("before");
  const internal::MessageCodec& codec = internal::kMessageCodec<ByteBuffer>;
  ByteView first = AsBytes(std::string_view(framed).substr(0, 50'000));
  EXPECT_EQ(decoder.Pull(&first, codec, &message, none), MessageDecoder::Outcome::kNeedMore);
  decoder.ExpectMissingBytes();
  ByteView rest = AsBytes(std::string_view(framed).substr(50'000));
  EXPECT_EQ(decoder.Pull(&rest, codec, &message, none), MessageDecoder::Outcome::kMessage);
  EXPECT_EQ(message.view(), content);
  EXPECT_EQ(decoder.content_size(), content.size());
  const std::string framed_next = Framed("next");
  ByteView next = AsBytes(framed_next);
  EXPECT_EQ(decoder.Pull(&next, codec, &message, none), MessageDecoder::Outcome::kMessage);
  EXPECT_EQ(message.view(), "next");
  EXPECT_TRUE(decoder.IsAtBoundary());
}

}  // namespace
}  // namespace weir::server
