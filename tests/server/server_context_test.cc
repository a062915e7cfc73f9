// What a handler may do beside its messages, and the helpers around it: work for the worker, log
// lines, signals.
#include "weir/server_context.h"

#include <signal.h>

#include <atomic>
#include <coroutine>
#include <string>
#include <thread>
#include <vector>

#include "server/log.h"
#include "tests/server/server_fixture.h"
#include "weir/stop_signal.h"

namespace weir::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ServerContextTest : public ServerTest {};

TEST_F(ServerContextTest, LetsAnotherThreadWakeACoroutine) {
  std::thread helper;
  struct Work {
    ServerContext& context;
    std::thread& helper;
    std::thread::id resumed_on = {};
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      helper = std::thread([this, handle] {
        context.RunOnWorker([this, handle] {
          resumed_on = std::this_thread::get_id();
          handle.resume();
        });
      });
    }
    std::thread::id await_resume() const { return resumed_on; }
  };
  coroutine_.unary = [&](ServerContext& context, const Text&, Text&) -> Task<Status> {
    Work work{context, helper};
    const std::thread::id resumed_on = co_await work;
    EXPECT_EQ(resumed_on, std::this_thread::get_id());
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, ""));
  RunUntilHears(client, TrailersLine(1));
  helper.join();
}

TEST_F(ServerContextTest, RunsWorkAlsoAfterTheCall) {
  int runs = 0;
  coroutine_.unary = [&](ServerContext& context, const Text&, Text&) -> Task<Status> {
    context.RunOnWorker([&] { ++runs; });
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, ""));
  Settle();
  EXPECT_EQ(runs, 1);
}

TEST_F(ServerContextTest, ContainsWhatWorkThrows) {
  coroutine_.unary = [](ServerContext& context, const Text&, Text&) -> Task<Status> {
    context.RunOnWorker([] { throw 7; });
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, "") + UnaryCall(3, kUnary, ""));
  Settle();
  EXPECT_THAT(LogLines(), ElementsAre(HasSubstr("RunOnWorker"), HasSubstr("RunOnWorker")));
}

TEST_F(ServerContextTest, KnowsWhatTheClientCanDecompress) {
  std::vector<CompressionAlgorithm> accepted;
  coroutine_.unary = [&](ServerContext& context, const Text&, Text&) -> Task<Status> {
    for (const CompressionAlgorithm algorithm :
         {CompressionAlgorithm::kNone, CompressionAlgorithm::kGzip, CompressionAlgorithm::kDeflate,
          CompressionAlgorithm::kZstd}) {
      if (context.AcceptsCompression(algorithm)) accepted.push_back(algorithm);
    }
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, ""));
  Settle();
  EXPECT_THAT(accepted, ElementsAre(CompressionAlgorithm::kNone));
  accepted.clear();
  client.Sends(UnaryCall(3, kUnary, "", {{"grpc-accept-encoding", "identity,zstd,gzip,br"}}));
  Settle();
  EXPECT_THAT(accepted, ElementsAre(CompressionAlgorithm::kNone, CompressionAlgorithm::kGzip,
                                    CompressionAlgorithm::kZstd));
}

TEST_F(ServerContextTest, RemembersTheCompressionItWasTold) {
  coroutine_.unary = [](ServerContext& context, const Text&, Text&) -> Task<Status> {
    EXPECT_EQ(context.compression_algorithm(), CompressionAlgorithm::kNone);
    context.set_compression_algorithm(CompressionAlgorithm::kDeflate);
    EXPECT_EQ(context.compression_algorithm(), CompressionAlgorithm::kDeflate);
    EXPECT_FALSE(context.request_compressed());
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, ""));
  Settle();
  EXPECT_EQ(client.Hears().back(), TrailersLine(1));
}

TEST(Log, PassesLinesOnWithTheirSeverity) {
  std::vector<std::pair<LogSeverity, std::string>> lines;
  const Log log(
      [&](LogSeverity severity, std::string_view line) { lines.emplace_back(severity, line); });
  log.Info("one");
  log.Warning("two");
  log.Error("three");
  EXPECT_THAT(lines, ElementsAre(std::pair(LogSeverity::kInfo, "one"),
                                 std::pair(LogSeverity::kWarning, "two"),
                                 std::pair(LogSeverity::kError, "three")));
}

TEST(Log, GoesToStandardErrorUnlessToldOtherwise) {
  ::testing::internal::CaptureStderr();
  Log(nullptr).Warning("beware");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "weir: warning: beware\n");
}

TEST(StopSignal, TellsWhichSignalCame) {
  for (const int number : {SIGTERM, SIGINT}) {
    StopSignal stop;
    raise(number);
    EXPECT_EQ(stop.Wait(), number);
  }
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  EXPECT_FALSE(sigismember(&blocked, SIGTERM));
}

}  // namespace
}  // namespace weir::server
