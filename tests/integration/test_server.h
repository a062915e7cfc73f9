// A weir server in this process, and clients of gRPC C++ for it.
#ifndef WEIR_TESTS_INTEGRATION_TEST_SERVER_H_
#define WEIR_TESTS_INTEGRATION_TEST_SERVER_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/echo.grpc.pb.h"
#include "tests/integration/echo_services.h"
#include "tests/integration/notification.h"
#include "weir/weir.h"

namespace integration {

using EchoStub = upstream::Echo::Stub;

// A ClientContext with a deadline, so that no test waits for ever.
class BoundedContext final : public grpc::ClientContext {
 public:
  BoundedContext() { set_deadline(std::chrono::system_clock::now() + kPatience); }
};

// Listens on a port of 127.0.0.1 that the system chooses, for as long as the object lives. Ends the
// test program if the server does not start.
class TestServer {
 public:
  // Two workers, so that tests see connections of different threads.
  static weir::ServerOptions DefaultOptions();

  explicit TestServer(weir::Service* service, weir::ServerOptions options = DefaultOptions());
  // `configure` does everything but adding the port.
  explicit TestServer(const std::function<void(weir::ServerBuilder&)>& configure);

  weir::Server& server() { return *server_; }
  int port() const { return server_->port(); }
  // "127.0.0.1:50051"
  std::string address() const { return "127.0.0.1:" + std::to_string(port()); }

  // A channel with a connection of its own. It takes responses of any size.
  std::shared_ptr<grpc::Channel> NewChannel() const;
  std::unique_ptr<EchoStub> NewStub() const { return upstream::Echo::NewStub(NewChannel()); }

 private:
  std::unique_ptr<weir::Server> server_;
};

// A channel to `target` ("127.0.0.1:50051", "unix:/path") that shares no connection with others.
std::shared_ptr<grpc::Channel> NewChannelTo(const std::string& target,
                                            const std::shared_ptr<grpc::ChannelCredentials>&
                                                credentials = grpc::InsecureChannelCredentials(),
                                            grpc::ChannelArguments arguments = {});

// Unary with `text`. The answer's text goes to `*answer` unless that is null.
grpc::Status CallUnary(EchoStub& stub, const std::string& text, std::string* answer = nullptr);

// ---- every style of handler --------------------------------------------------------------------

enum class Style { kBlocking, kInline, kCoroutine };

void PrintTo(Style style, std::ostream* out);

// For tests that hold for handlers of every style.
class EveryStyleTest : public testing::TestWithParam<Style> {
 protected:
  // Fill in before StartServer; the style of the test decides which of them is registered.
  BlockingEcho blocking_;
  CoroutineEcho coroutine_;
  std::vector<std::unique_ptr<weir::Interceptor>> interceptors_;

  // Handlers may use members of the derived class until here.
  void TearDown() override {
    stub_.reset();
    server_.reset();
  }

  bool is_coroutine() const { return GetParam() == Style::kCoroutine; }
  void StartServer(weir::ServerOptions options = TestServer::DefaultOptions(),
                   weir::MethodOptions method_options = {});
  TestServer& server() { return *server_; }
  EchoStub& stub() { return *stub_; }

 private:
  std::unique_ptr<TestServer> server_;
  std::unique_ptr<EchoStub> stub_;
};

#define INSTANTIATE_FOR_EVERY_STYLE(Suite)                                                       \
  INSTANTIATE_TEST_SUITE_P(Style, Suite,                                                         \
                           testing::Values(Style::kBlocking, Style::kInline, Style::kCoroutine), \
                           testing::PrintToStringParamName())

}  // namespace integration

#endif  // WEIR_TESTS_INTEGRATION_TEST_SERVER_H_
