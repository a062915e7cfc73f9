// Building, starting and stopping a server, and the sentences for everything that can be wrong with
// the attempt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "tests/server/text_service.h"
#include "weir/credentials.h"
#include "weir/server.h"
#include "weir/server_builder.h"

namespace weir::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ServerBuilderTest : public ::testing::Test {
 protected:
  // What is wrong with an attempt for which `prepare` does everything but the port.
  template <typename Prepare>
  Status Problem(Prepare prepare) {
    ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", InsecureServerCredentials());
    prepare(builder);
    return builder.BuildAndStart().status();
  }

  BlockingTextService service_;
};

TEST_F(ServerBuilderTest, NeedsAnAddress) {
  ServerBuilder builder;
  builder.RegisterService(&service_);
  const Status status = builder.BuildAndStart().status();
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("AddListeningPort"));
}

TEST_F(ServerBuilderTest, SaysWhichServiceIsThereTwice) {
  BlockingTextService other;
  const Status status = Problem(
      [&](ServerBuilder& builder) { builder.RegisterService(&service_).RegisterService(&other); });
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("text.Blocking is registered twice"));
}

TEST_F(ServerBuilderTest, RefusesWhatIsNull) {
  EXPECT_THAT(Problem([](ServerBuilder& b) { b.RegisterService(nullptr); }).error_message(),
              HasSubstr("service is null"));
  EXPECT_THAT(Problem([](ServerBuilder& b) { b.AddInterceptor(nullptr); }).error_message(),
              HasSubstr("interceptor is null"));
  EXPECT_THAT(
      Problem([](ServerBuilder& b) { b.AddListeningPort("127.0.0.1:0", nullptr); }).error_message(),
      HasSubstr("no credentials"));
}

TEST_F(ServerBuilderTest, SaysWhichMethodItDoesNotKnow) {
  const Status status = Problem([&](ServerBuilder& builder) {
    builder.RegisterService(&service_).SetMethodOptions("text.Blocking/Unary", {});
  });
  EXPECT_THAT(status.error_message(), HasSubstr("SetMethodOptions names text.Blocking/Unary"));
}

TEST_F(ServerBuilderTest, ChecksTheOptions) {
  const auto problem = [&](auto change) {
    return Problem([&](ServerBuilder& builder) {
             ServerOptions options;
             change(options);
             builder.SetOptions(std::move(options));
           })
        .error_message();
  };
  EXPECT_THAT(problem([](ServerOptions& o) { o.max_concurrent_streams = 0; }),
              HasSubstr("max_concurrent_streams"));
  EXPECT_THAT(problem([](ServerOptions& o) { o.stream_window_bytes = 0; }),
              HasSubstr("stream_window_bytes"));
  EXPECT_THAT(problem([](ServerOptions& o) { o.stream_window_bytes = 0x80000000; }),
              HasSubstr("stream_window_bytes"));
  EXPECT_THAT(problem([](ServerOptions& o) { o.connection_window_bytes = 65'534; }),
              HasSubstr("connection_window_bytes"));
  EXPECT_THAT(problem([](ServerOptions& o) { o.write_buffer_bytes = 0; }),
              HasSubstr("write_buffer_bytes"));
  EXPECT_THAT(problem([](ServerOptions& o) { o.handler_queue_max = 0; }),
              HasSubstr("handler_queue_max"));
  EXPECT_THAT(problem([](ServerOptions& o) { o.max_metadata_bytes = 0; }),
              HasSubstr("max_metadata_bytes"));
  EXPECT_THAT(problem([](ServerOptions& o) { o.max_metadata_entries = 0; }),
              HasSubstr("max_metadata_entries"));
  EXPECT_THAT(problem([](ServerOptions& o) { o.handshake_timeout = std::chrono::seconds(0); }),
              HasSubstr("handshake_timeout"));
}

TEST_F(ServerBuilderTest, SaysWhatIsWrongWithAnAddress) {
  const Status status = Problem([](ServerBuilder& builder) {
    builder.AddListeningPort("127.0.0.1:http", InsecureServerCredentials());
  });
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("127.0.0.1:http"));
}

TEST_F(ServerBuilderTest, SaysWhyItCannotListen) {
  ServerBuilder first;
  int port = 0;
  first.AddListeningPort("127.0.0.1:0", InsecureServerCredentials(), &port);
  const auto server = first.BuildAndStart();
  ASSERT_TRUE(server.ok()) << server.status().ToString();
  const std::string address = "127.0.0.1:" + std::to_string(port);
  const Status status = Problem([&](ServerBuilder& builder) {
    builder.AddListeningPort(address, InsecureServerCredentials());
  });
  EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr(address));
}

TEST_F(ServerBuilderTest, SaysWhatIsWrongWithACertificate) {
  SslServerCredentialsOptions options;
  options.pem_key_cert_pairs = {{.private_key = "no key", .cert_chain = "no certificate"}};
  const Status status = Problem([&](ServerBuilder& builder) {
    builder.AddListeningPort("127.0.0.1:0", SslServerCredentials(options));
  });
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message(), "");
}

TEST_F(ServerBuilderTest, IsUsedOnce) {
  ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", InsecureServerCredentials());
  ASSERT_TRUE(builder.BuildAndStart().ok());
  EXPECT_THAT(builder.BuildAndStart().status().error_message(), HasSubstr("twice"));
}

class ServerLifeTest : public ::testing::Test {
 protected:
  static std::unique_ptr<Server> Start() {
    ServerBuilder builder;
    ServerOptions options;
    options.worker_threads = 2;
    builder.SetOptions(options);
    builder.AddListeningPort("127.0.0.1:0", InsecureServerCredentials());
    StatusOr<std::unique_ptr<Server>> server = builder.BuildAndStart();
    EXPECT_TRUE(server.ok()) << server.status().ToString();
    return std::move(server).value();
  }
};

TEST_F(ServerLifeTest, KnowsWhereItListens) {
  const std::unique_ptr<Server> server = Start();
  EXPECT_GT(server->port(), 0);
  EXPECT_THAT(server->addresses(), ElementsAre("127.0.0.1:" + std::to_string(server->port())));
}

TEST_F(ServerLifeTest, KnowsUnixAddresses) {
  ServerBuilder builder;
  // Not in the test's own folder, whose path can be longer than a socket's may be.
  char folder[] = "/tmp/weir_lifecycle_XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string path = std::string(folder) + "/socket";
  builder.AddListeningPort("unix:" + path, InsecureServerCredentials());
  const auto server = builder.BuildAndStart();
  ASSERT_TRUE(server.ok()) << server.status().ToString();
  EXPECT_EQ((*server)->port(), 0);
  ASSERT_EQ((*server)->addresses().size(), 1u);
  EXPECT_EQ((*server)->addresses()[0], "unix:" + path);
  EXPECT_TRUE((*server)->Shutdown().was_graceful);
  EXPECT_EQ(rmdir(folder), 0) << "the server has left its socket's file behind";
}

TEST_F(ServerLifeTest, EndsWithItsObject) { Start(); }

TEST_F(ServerLifeTest, ShutsDownInEveryWay) {
  EXPECT_TRUE(Start()->Shutdown().was_graceful);
  EXPECT_TRUE(Start()->Shutdown(std::chrono::nanoseconds::zero()).was_graceful);
  EXPECT_TRUE(Start()->Shutdown(std::chrono::nanoseconds(-5)).was_graceful);
  EXPECT_TRUE(Start()->Shutdown(std::chrono::nanoseconds::max()).was_graceful);
  using WallPoint = std::chrono::system_clock::time_point;
  EXPECT_TRUE(Start()->Shutdown(WallPoint::max()).was_graceful);
  EXPECT_TRUE(Start()->Shutdown(WallPoint::min()).was_graceful);
  EXPECT_EQ(Start()->Shutdown().calls_cancelled, 0u);
}

TEST_F(ServerLifeTest, ShutsDownOnce) {
  const std::unique_ptr<Server> server = Start();
  std::thread other([&] { EXPECT_TRUE(server->Shutdown().was_graceful); });
  EXPECT_TRUE(server->Shutdown().was_graceful);
  other.join();
  EXPECT_TRUE(server->Shutdown().was_graceful);
}

TEST_F(ServerLifeTest, WaitsForItsShutdown) {
  const std::unique_ptr<Server> server = Start();
  std::thread waiter([&] { server->Wait(); });
  server->Shutdown();
  waiter.join();
  server->Wait();  // is over
}

}  // namespace
}  // namespace weir::server
