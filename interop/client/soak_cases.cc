// The cases that repeat large_unary: on one connection, and with a new connection for every call.
#include <mutex>
#include <thread>

#include "interop/client/test_case.h"

namespace weir::interop {
namespace {

using ::grpc::ClientContext;
using ::grpc::Status;
using ::grpc::testing::SimpleResponse;
using ::grpc::testing::upstream::TestService;

// What the threads of one soak have in common.
struct Soak {
  const Target& target;
  bool has_channel_per_call;
  std::mutex mutex;
  Verdict& verdict;  // guarded by mutex
};

// Makes one call. Returns the address of the peer.
std::string CallOnce(Soak& soak, const std::shared_ptr<::grpc::Channel>& channel) {
  ClientContext context;
  SetDeadline(context);
  SimpleResponse response;
  const auto start = std::chrono::steady_clock::now();
  Status status = TestService::NewStub(channel)->UnaryCall(&context, MakeLargeRequest(), &response);
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);

  std::lock_guard lock(soak.mutex);
  soak.verdict.ExpectOk(status, "UnaryCall");
  ExpectZeros(soak.verdict, response.payload(), kLargeResponseBytes, "response");
  soak.verdict.Expect(elapsed <= soak.target.soak_latency_max,
                      "a call took " + std::to_string(elapsed.count()) + " ms, more than " +
                          std::to_string(soak.target.soak_latency_max.count()));
  return context.peer();
}

void RunThread(Soak& soak) {
  std::string first_peer;
  for (int i = 0; i < soak.target.soak_iterations; ++i) {
    const std::string peer =
        CallOnce(soak, soak.has_channel_per_call ? soak.target.new_channel() : soak.target.channel);
    if (first_peer.empty()) first_peer = peer;
    std::lock_guard lock(soak.mutex);
    soak.verdict.ExpectEqual(peer, first_peer, "address of the peer");
  }
}

void RunSoak(const Target& target, Verdict& verdict, bool has_channel_per_call) {
  Soak soak{target, has_channel_per_call, {}, verdict};
  std::vector<std::thread> threads;
  for (int i = 0; i < target.soak_threads; ++i) {
    threads.emplace_back([&soak] { RunThread(soak); });
  }
  for (std::thread& thread : threads) thread.join();
}

void RpcSoak(const Target& target, Verdict& verdict) { RunSoak(target, verdict, false); }

void ChannelSoak(const Target& target, Verdict& verdict) { RunSoak(target, verdict, true); }

constexpr TestCase kCases[] = {
    {"rpc_soak", RpcSoak},
    {"channel_soak", ChannelSoak},
};

}  // namespace

std::span<const TestCase> SoakCases() { return kCases; }

}  // namespace weir::interop
