// Thousands of calls whose time is too short are no attack.
//
// A program of its own: gRPC's client is busy with the remains of such a storm for up to a minute
// (one thread of its executor, under ThreadSanitizer), and connects to nothing else meanwhile.
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/test_server.h"

namespace integration {
namespace {

TEST(DeadlineStorm, CostsNoConnection) {
  std::mutex mutex;
  std::set<std::string> peers;
  CoroutineEcho service;
  service.unary = [&](weir::ServerContext& context, const EchoRequest&,
                      EchoReply&) -> weir::Task<weir::Status> {
    {
      const std::lock_guard lock(mutex);
      peers.insert(context.peer());
    }
    co_await context.SleepFor(std::chrono::seconds(10));
    co_return weir::Status::OK;
  };
  TestServer server(&service);
  const auto stub = server.NewStub();
  constexpr int kCalls = 3000;
  constexpr int kAtOnce = 50;
  for (int sent = 0; sent < kCalls; sent += kAtOnce) {
    std::vector<std::thread> calls;
    for (int i = 0; i < kAtOnce; ++i) {
      calls.emplace_back([&stub] {
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(1));
        EchoRequest request;
        EchoReply reply;
        const grpc::Status status = stub->Unary(&context, request, &reply);
        EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED)
            << status.error_message();
      });
    }
    for (std::thread& call : calls) call.join();
  }
  const std::lock_guard lock(mutex);
  EXPECT_EQ(peers.size(), 1u);  // one connection served them all
}

}  // namespace
}  // namespace integration
