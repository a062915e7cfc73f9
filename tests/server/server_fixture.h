// A whole server but for its sockets and threads: a worker on a fake loop, clients that speak
// frames, and the two text services.
//
//   blocking_.unary = ...;
//   RpcClient& client = Connect();
//   client.Sends(UnaryCall(1, "/text.Blocking/Unary", "hello"));
//   Settle();
//   EXPECT_THAT(client.Hears(), ElementsAre(kOkHeaders(1), Data(1, "HELLO"), kOkTrailers(1)));
#ifndef WEIR_TESTS_SERVER_SERVER_FIXTURE_H_
#define WEIR_TESTS_SERVER_SERVER_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/handler_pool.h"
#include "server/worker_context.h"
#include "tests/server/text_message.h"
#include "tests/server/text_service.h"
#include "tests/testing/fake_loop.h"
#include "tests/testing/fake_socket.h"
#include "tests/testing/frame_builder.h"
#include "tests/testing/output_reader.h"
#include "tests/testing/scripted_peer.h"
#include "transport/driver/worker.h"
#include "weir/interceptor.h"
#include "weir/server_options.h"

namespace weir::server {

inline constexpr std::string_view kUnary = "/text.Coroutine/Unary";
inline constexpr std::string_view kCollect = "/text.Coroutine/Collect";
inline constexpr std::string_view kExpand = "/text.Coroutine/Expand";
inline constexpr std::string_view kChat = "/text.Coroutine/Chat";
inline constexpr std::string_view kBlockingUnary = "/text.Blocking/Unary";
inline constexpr std::string_view kBlockingCollect = "/text.Blocking/Collect";
inline constexpr std::string_view kBlockingExpand = "/text.Blocking/Expand";
inline constexpr std::string_view kBlockingChat = "/text.Blocking/Chat";

// ---- what a client sends

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

// The headers of a call whose messages are to come.
inline std::string OpenCall(uint32_t stream_id, std::string_view path, const Fields& fields = {}) {
  testing::Headers headers(stream_id);
  headers.Post(path).Field("content-type", "application/grpc").Field("te", "trailers");
  for (const auto& [name, value] : fields) headers.Field(name, value);
  return headers;
}
inline std::string SendsMessage(uint32_t stream_id, std::string_view text) {
  return testing::Data(stream_id, Framed(text));
}
inline std::string SendsLast(uint32_t stream_id, std::string_view text) {
  return testing::LastData(stream_id, Framed(text));
}
inline std::string SendsEnd(uint32_t stream_id) { return testing::LastData(stream_id, ""); }
inline std::string UnaryCall(uint32_t stream_id, std::string_view path, std::string_view text,
                             const Fields& fields = {}) {
  return OpenCall(stream_id, path, fields) + SendsLast(stream_id, text);
}

// ---- what it hears

inline std::string HeadersLine(uint32_t stream_id, std::string_view more = "") {
  std::string line =
      "HEADERS " + std::to_string(stream_id) + " :status=200 content-type=application/grpc";
  return line.append(more);
}
inline std::string MessageLine(uint32_t stream_id, std::string_view text) {
  return "DATA " + std::to_string(stream_id) + " " + testing::Quoted(Framed(text));
}
inline std::string TrailersLine(uint32_t stream_id, std::string_view fields = "grpc-status=0") {
  return "HEADERS " + std::to_string(stream_id) + " end " + std::string(fields);
}
// Headers and trailers in one; `fields` from `grpc-status` on.
inline std::string TrailersOnlyLine(uint32_t stream_id, std::string_view fields) {
  return "HEADERS " + std::to_string(stream_id) +
         " end :status=200 content-type=application/grpc " + std::string(fields);
}
// The request was not over when the response was (RFC 9113 §8.1).
inline std::string NoMoreLine(uint32_t stream_id) {
  return "RST_STREAM " + std::to_string(stream_id) + " NO_ERROR";
}
inline std::string CancelLine(uint32_t stream_id) {
  return "RST_STREAM " + std::to_string(stream_id) + " CANCEL";
}

class RpcClient {
 public:
  RpcClient(net::FakeLoop& loop, int fd) : wire(loop, fd) {}

  void Sends(std::string_view octets) {
    std::string_view frames = octets;
    if (frames.starts_with(testing::kPreface)) frames.remove_prefix(testing::kPreface.size());
    reader_.NoteSent(frames);
    wire.Sends(octets);
  }
  // What was heard since the last call, frame by frame; not WINDOW_UPDATEs.
  std::vector<std::string> Hears() {
    std::vector<std::string> lines = reader_.Read(wire.TakeWritten());
    for (std::string& line : lines) {
      if (line.starts_with("WINDOW_UPDATE")) window_updates_.push_back(line);
    }
    std::erase_if(lines, [](const std::string& l) { return l.starts_with("WINDOW_UPDATE"); });
    return lines;
  }
  // The WINDOW_UPDATEs among what Hears() has read.
  std::vector<std::string> TakeWindowUpdates() { return std::exchange(window_updates_, {}); }

  net::FakeWire wire;

 private:
  testing::OutputReader reader_;
  std::vector<std::string> window_updates_;
};

class ServerTest : public ::testing::Test {
 protected:
  ServerTest();
  ~ServerTest() override;

  // ---- to be changed before the first Connect()
  ServerOptions options_;
  MethodOptions blocking_options_;
  std::unordered_map<std::string, MethodOptions> method_options_;
  driver::WorkerOptions worker_options_;
  std::vector<std::unique_ptr<Interceptor>> interceptors_;
  std::vector<Service*> more_services_;
  size_t pool_threads_ = 4;
  Service* generic_service_ = nullptr;
  Compressors added_compressors_;

  BlockingTextService blocking_;
  CoroutineTextService coroutine_;
  net::FakeLoop loop_;

  // Who the next clients are.
  net::SocketAddress next_address_;
  std::optional<net::UnixCredentials> next_credentials_;

  // A client behind the prefaces.
  RpcClient& Connect(std::string_view settings = testing::Settings());

  // Turns until nothing happens any more by itself.
  void Settle();
  // Turns until `condition` holds, for tests with handlers on other threads.
  void RunUntil(const std::function<bool()>& condition);
  // Turns until the client has heard `line`; gives all it heard.
  std::vector<std::string> RunUntilHears(RpcClient& client, const std::string& line);

  driver::Worker& worker();
  // Of the first connection that is left, as the engine counts them.
  size_t OpenStreams();
  // Lines of the server's log, with their severity left out.
  std::vector<std::string> LogLines() {
    const std::lock_guard lock(log_mutex_);
    return log_lines_;
  }

 private:
  void Start();

  std::mutex log_mutex_;
  std::vector<std::string> log_lines_;
  std::unique_ptr<const ServerConfig> config_;
  std::unique_ptr<HandlerPool> pool_;
  std::unique_ptr<WorkerContext> context_;
  std::vector<std::unique_ptr<RpcClient>> clients_;
  std::unique_ptr<driver::Worker> worker_;
};

}  // namespace weir::server

#endif  // WEIR_TESTS_SERVER_SERVER_FIXTURE_H_
