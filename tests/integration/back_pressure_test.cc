// Does a slow peer hold up only itself, with a bounded amount of memory on its account?
#include <atomic>

#include "tests/integration/gate.h"
#include "tests/integration/raw_client.h"
#include "tests/integration/test_server.h"

namespace integration {
namespace {

constexpr size_t kMessageBytes = 10'000;
constexpr int kMessages = 200;
constexpr size_t kInitialWindow = 65'535;  // of the client, which never widens it by itself

class BackPressure : public EveryStyleTest {
 protected:
  // Expand sends kMessages messages and counts those that Write has accepted.
  void SetUp() override {
    reply_.set_payload(std::string(kMessageBytes, 'x'));
    blocking_.expand = [this](weir::ServerContext*, auto*, auto* writer) {
      for (int i = 0; i < kMessages; ++i) {
        if (!writer->Write(reply_)) return weir::Status::CANCELLED;
        accepted_.Increment();
      }
      return weir::Status::OK;
    };
    coroutine_.expand = [this](weir::ServerContext&, auto&,
                               auto& writer) -> weir::Task<weir::Status> {
      for (int i = 0; i < kMessages; ++i) {
        if (!co_await writer.Write(reply_)) co_return weir::Status::CANCELLED;
        accepted_.Increment();
      }
      co_return weir::Status::OK;
    };
  }

  // Messages that may be accepted while the client has let `window` bytes through: those, what the
  // server buffers for the call, and the message with which it went over its mark.
  static int MostAccepted(size_t window) {
    const size_t bytes = window + weir::ServerOptions().write_buffer_bytes + kMessageBytes;
    return static_cast<int>(bytes / kMessageBytes) + 2;
  }

  // Calls Expand on stream 1 and reads until the window is used up.
  void StartAndFillWindow(RawClient& client) {
    client.StartHttp2();
    client.SendHeaders(1, RequestFields("/integration.Echo/Expand"), false);
    client.SendData(1, Prefixed(""), true);
    size_t received = 0;
    while (received < kInitialWindow) {
      const std::optional<Frame> frame = client.ReadUntil(FrameType::kData);
      ASSERT_TRUE(frame.has_value());
      received += frame->payload.size();
    }
    EXPECT_EQ(received, kInitialWindow);
  }

  EchoReply reply_;
  Counter accepted_;
};
INSTANTIATE_FOR_EVERY_STYLE(BackPressure);

TEST_P(BackPressure, MakesWriteWaitForASlowReader) {
  StartServer();
  RawClient client(server().port());
  StartAndFillWindow(client);
  // Plenty of turns of the server's loop, in which it must not take more from the handler.
  for (int i = 0; i < 20; ++i) {
    const std::optional<std::vector<Frame>> skipped = client.Synchronise();
    ASSERT_TRUE(skipped.has_value());
    for (const Frame& frame : *skipped) EXPECT_NE(frame.type, FrameType::kData);
    EXPECT_LE(accepted_.value(), MostAccepted(kInitialWindow));
  }

  // The rest arrives, whole, once the client reads on.
  client.SendWindowUpdate(0, 1u << 30);
  client.SendWindowUpdate(1, 1u << 30);
  const Response response = client.ReadResponse(1);
  EXPECT_TRUE(response.is_complete);
  EXPECT_EQ(response.grpc_status(), "0");
  const size_t total = Prefixed(reply_.SerializeAsString()).size() * kMessages;
  EXPECT_EQ(response.data.size() + kInitialWindow, total);
  EXPECT_EQ(accepted_.value(), kMessages);
}

TEST_P(BackPressure, OfOneStreamDoesNotStopOthersOfTheConnection) {
  StartServer();
  RawClient client(server().port());
  client.StartHttp2();
  client.SendWindowUpdate(0, 1u << 30);  // Only the window of the stream is small.
  client.SendHeaders(1, RequestFields("/integration.Echo/Expand"), false);
  client.SendData(1, Prefixed(""), true);
  ASSERT_TRUE(accepted_.WaitFor(kInitialWindow / kMessageBytes));
  client.SendHeaders(3, RequestFields("/integration.Echo/Unary"), false);
  client.SendData(3, Prefixed(""), true);
  const Response response = client.ReadResponse(3);
  EXPECT_EQ(response.grpc_status(), "0");
  EXPECT_LE(accepted_.value(), MostAccepted(kInitialWindow));
}

TEST_P(BackPressure, OfOneConnectionDoesNotStopOthers) {
  weir::ServerOptions options = TestServer::DefaultOptions();
  options.worker_threads = 1;  // So that they share it.
  StartServer(options);
  RawClient client(server().port());
  StartAndFillWindow(client);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(CallUnary(stub(), "").ok());
  EXPECT_LE(accepted_.value(), MostAccepted(kInitialWindow));
}

TEST_P(BackPressure, EndsWhenTheSlowReaderGoesAway) {
  Notification done;
  blocking_.expand = [&](weir::ServerContext*, auto*, auto* writer) {
    while (writer->Write(reply_)) accepted_.Increment();
    done.Notify();
    return weir::Status::OK;
  };
  coroutine_.expand = [&](weir::ServerContext&, auto&, auto& writer) -> weir::Task<weir::Status> {
    while (co_await writer.Write(reply_)) accepted_.Increment();
    done.Notify();
    co_return weir::Status::OK;
  };
  StartServer();
  RawClient client(server().port());
  StartAndFillWindow(client);
  EXPECT_FALSE(done.HasBeenNotified());
  client.Close();
  EXPECT_TRUE(done.Wait());
}

// ---- the other direction -----------------------------------------------------------------------

class UploadBackPressure : public EveryStyleTest {};
INSTANTIATE_FOR_EVERY_STYLE(UploadBackPressure);

// Sum of the WINDOW_UPDATEs of a stream among frames.
size_t WindowGiven(const std::vector<Frame>& frames, uint32_t stream_id) {
  size_t sum = 0;
  for (const Frame& frame : frames) {
    if (frame.type != FrameType::kWindowUpdate || frame.stream_id != stream_id) continue;
    for (size_t i = 0, value = 0; i < 4; ++i) {
      value = value << 8 | static_cast<uint8_t>(frame.payload[i]);
      if (i == 3) sum += value;
    }
  }
  return sum;
}

TEST_P(UploadBackPressure, GivesNoWindowForWhatTheHandlerHasNotRead) {
  Gate read_on;
  blocking_.collect = [&](weir::ServerContext*, auto* reader, EchoReply* reply) {
    EXPECT_TRUE(read_on.Wait());
    EchoRequest request;
    while (reader->Read(&request)) reply->set_count(reply->count() + 1);
    return weir::Status::OK;
  };
  coroutine_.collect = [&](weir::ServerContext& context, auto& reader,
                           EchoReply& reply) -> weir::Task<weir::Status> {
    co_await read_on.Pass(context);
    EchoRequest request;
    while (co_await reader.Read(&request)) reply.set_count(reply.count() + 1);
    co_return weir::Status::OK;
  };
  StartServer();
  RawClient client(server().port());
  client.StartHttp2();
  client.SendHeaders(1, RequestFields("/integration.Echo/Collect"), false);

  // Messages of 1,000 bytes, up to the stream's window and not beyond it.
  EchoRequest request;
  request.set_payload(std::string(992, 'x'));
  const std::string message = Prefixed(request.SerializeAsString());
  ASSERT_EQ(message.size(), 1000u);
  constexpr size_t window = 65'535;  // nothing makes it grow
  for (size_t sent = 0; sent + message.size() <= window; sent += message.size()) {
    client.SendData(1, message, false);
  }
  const std::optional<std::vector<Frame>> skipped = client.Synchronise();
  ASSERT_TRUE(skipped.has_value());
  EXPECT_EQ(WindowGiven(*skipped, 1), 0u) << "the handler has read nothing";

  read_on.Open();
  const std::optional<Frame> update = client.ReadUntil(FrameType::kWindowUpdate);
  ASSERT_TRUE(update.has_value());
  client.SendData(1, "", true);
  const Response response = client.ReadResponse(1);
  EXPECT_EQ(response.grpc_status(), "0");
  EchoReply reply;
  ASSERT_TRUE(reply.ParseFromString(response.data.substr(5)));
  EXPECT_EQ(reply.count(), static_cast<int>(window / message.size()));
}

TEST_P(UploadBackPressure, EndsACallThatIgnoresItsWindow) {
  Gate read_on;
  std::atomic<bool> read_failed = false;
  Notification started, done;
  blocking_.collect = [&](weir::ServerContext*, auto* reader, EchoReply*) {
    started.Notify();
    EXPECT_TRUE(read_on.Wait());
    EchoRequest request;
    read_failed = reader->Read(&request).is_failed();
    done.Notify();
    return weir::Status::OK;
  };
  coroutine_.collect = [&](weir::ServerContext& context, auto& reader,
                           EchoReply&) -> weir::Task<weir::Status> {
    started.Notify();
    co_await read_on.Pass(context);
    EchoRequest request;
    const weir::ReadResult read = co_await reader.Read(&request);
    read_failed = read.is_failed();
    done.Notify();
    co_return weir::Status::OK;
  };
  StartServer();
  RawClient client(server().port());
  client.StartHttp2();
  client.SendHeaders(1, RequestFields("/integration.Echo/Collect"), false);
  ASSERT_TRUE(started.Wait());
  const std::string piece(16'384, '\0');
  for (size_t sent = 0; sent <= weir::ServerOptions().stream_window_bytes; sent += piece.size()) {
    client.SendData(1, piece, false);
  }
  const Response response = client.ReadResponse(1);
  ASSERT_TRUE(response.reset.has_value());
  EXPECT_EQ(*response.reset, ErrorCode::kFlowControlError);
  read_on.Open();
  EXPECT_TRUE(done.Wait());
  EXPECT_TRUE(read_failed);
  EXPECT_TRUE(CallUnary(stub(), "other connections are good").ok());
}

}  // namespace
}  // namespace integration
