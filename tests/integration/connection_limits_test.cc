// Limits on connections, as upstream clients meet them: nobody who behaves may lose a call.
#include <atomic>
#include <set>
#include <thread>

#include "tests/integration/raw_client.h"
#include "tests/integration/test_server.h"

namespace integration {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class ConnectionLimits : public testing::Test {
 protected:
  ConnectionLimits() {
    service_.unary = [this](weir::ServerContext& context, const EchoRequest& request,
                            EchoReply& reply) -> weir::Task<weir::Status> {
      {
        const std::lock_guard lock(mutex_);
        peers_.insert(context.peer());
      }
      reply.set_text(request.text());
      co_return weir::Status::OK;
    };
  }

  size_t peers_seen() {
    const std::lock_guard lock(mutex_);
    return peers_.size();
  }

  CoroutineEcho service_;
  std::mutex mutex_;
  std::set<std::string> peers_;
};

TEST_F(ConnectionLimits, OneConnectionMoreThanTheMaximumWaitsForAnotherToEnd) {
  weir::ServerOptions options = TestServer::DefaultOptions();
  options.max_connections = 2;
  TestServer server(&service_, options);
  auto first = std::make_unique<RawClient>(server.port());
  first->StartHttp2();
  ASSERT_TRUE(first->Synchronise());
  auto second = server.NewStub();
  ASSERT_TRUE(CallUnary(*second, "a").ok());

  const auto third = server.NewStub();
  grpc::ClientContext impatient;
  impatient.set_deadline(std::chrono::system_clock::now() + milliseconds(300));
  EchoRequest request;
  EchoReply reply;
  EXPECT_EQ(third->Unary(&impatient, request, &reply).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(CallUnary(*second, "b").ok());

  first->Close();
  grpc::ClientContext patient;
  patient.set_wait_for_ready(true);
  patient.set_deadline(std::chrono::system_clock::now() + kPatience);
  EXPECT_TRUE(third->Unary(&patient, request, &reply).ok());
}

// gRFC A9: connections that come of age while calls come and go lose none of them.
TEST_F(ConnectionLimits, ConnectionsComeOfAgeWithoutLosingACall) {
  weir::ServerOptions options = TestServer::DefaultOptions();
  options.max_connection_age = milliseconds(50);
  TestServer server(&service_, options);
  std::atomic<int> calls = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&, stub = server.NewStub()] {
      const auto until = steady_clock::now() + seconds(1);
      while (steady_clock::now() < until) {
        std::string answer;
        const grpc::Status status = CallUnary(*stub, "text", &answer);
        EXPECT_TRUE(status.ok()) << status.error_code() << " " << status.error_message();
        EXPECT_EQ(answer, "text");
        ++calls;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_GT(calls, 100);
  EXPECT_GT(peers_seen(), 8u);  // each client went through several connections
}

TEST_F(ConnectionLimits, AnIdleConnectionIsClosedAndTheClientComesBack) {
  weir::ServerOptions options = TestServer::DefaultOptions();
  options.max_connection_idle = milliseconds(100);
  TestServer server(&service_, options);
  RawClient client(server.port());
  client.StartHttp2();
  EXPECT_EQ(client.ReadToEnd(), ErrorCode::kNoError);
  const auto stub = server.NewStub();
  EXPECT_TRUE(CallUnary(*stub, "a").ok());
}

}  // namespace
}  // namespace integration
