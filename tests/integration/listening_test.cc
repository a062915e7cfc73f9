// Does a server listen where it is told, and say in one sentence why it cannot?
#include <unistd.h>

#include <filesystem>

#include "tests/integration/raw_client.h"
#include "tests/integration/test_server.h"

namespace integration {
namespace {

std::unique_ptr<weir::Server> StartOrFail(weir::ServerBuilder& builder) {
  auto server = builder.BuildAndStart();
  if (!server.ok()) {
    ADD_FAILURE() << server.status().ToString();
    return nullptr;
  }
  return std::move(server).value();
}

grpc::Status CallAt(const std::string& target) {
  return CallUnary(*upstream::Echo::NewStub(NewChannelTo(target)), "");
}

// A directory for one test, short enough for the path of a socket.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char name[] = "/tmp/weir-test-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Listening, OnPortZeroTellsThePort) {
  CoroutineEcho echo;
  int port = -1;
  weir::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", weir::InsecureServerCredentials(), &port);
  builder.RegisterService(&echo);
  auto server = StartOrFail(builder);
  ASSERT_NE(server, nullptr);
  EXPECT_GT(port, 0);
  EXPECT_EQ(server->port(), port);
  ASSERT_EQ(server->addresses().size(), 1u);
  EXPECT_EQ(server->addresses()[0], "127.0.0.1:" + std::to_string(port));
  EXPECT_TRUE(CallAt(server->addresses()[0]).ok());
}

TEST(Listening, OnSeveralPortsServesAllOfThem) {
  CoroutineEcho echo;
  int ports[3] = {};
  weir::ServerBuilder builder;
  for (int& port : ports) {
    builder.AddListeningPort("127.0.0.1:0", weir::InsecureServerCredentials(), &port);
  }
  builder.RegisterService(&echo);
  auto server = StartOrFail(builder);
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(server->addresses().size(), 3u);
  for (int port : ports) EXPECT_TRUE(CallAt("127.0.0.1:" + std::to_string(port)).ok());
}

TEST(Listening, OnAHostNameServesEveryAddressOfIt) {
  CoroutineEcho echo;
  int port = 0;
  weir::ServerBuilder builder;
  builder.AddListeningPort("localhost:0", weir::InsecureServerCredentials(), &port);
  builder.RegisterService(&echo);
  auto server = StartOrFail(builder);
  ASSERT_NE(server, nullptr);
  ASSERT_FALSE(server->addresses().empty());
  for (const std::string& address : server->addresses()) {
    EXPECT_TRUE(address.ends_with(":" + std::to_string(port))) << address;
    EXPECT_TRUE(CallAt(address).ok()) << address;
  }
}

TEST(Listening, OnAUnixSocketKnowsItsPeer) {
  const TemporaryDirectory directory;
  const std::string target = "unix:" + directory.path() + "/socket";
  Shared<weir::Peer> seen;
  CoroutineEcho echo;
  echo.unary = [&](weir::ServerContext& context, auto&, auto&) -> weir::Task<weir::Status> {
    seen.Set(context.peer_info());
    co_return weir::Status::OK;
  };
  weir::ServerBuilder builder;
  builder.AddListeningPort(target, weir::InsecureServerCredentials());
  builder.RegisterService(&echo);
  auto server = StartOrFail(builder);
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(server->addresses(), std::vector<std::string>{target});
  EXPECT_EQ(server->port(), 0);
  const grpc::Status status = CallAt(target);
  EXPECT_TRUE(status.ok()) << status.error_message();
  const auto [peer, credentials, tls] = seen.Get();
  EXPECT_TRUE(peer.starts_with("unix:")) << peer;
  EXPECT_FALSE(tls.has_value());
  ASSERT_TRUE(credentials.has_value());
  EXPECT_EQ(credentials->user_id, getuid());
  EXPECT_EQ(credentials->group_id, getgid());
  EXPECT_EQ(credentials->process_id, static_cast<uint32_t>(getpid()));
}

TEST(Listening, OnAnAbstractUnixSocketNeedsNoFile) {
  const std::string target = "unix-abstract:weir-test-" + std::to_string(getpid());
  CoroutineEcho echo;
  weir::ServerBuilder builder;
  builder.AddListeningPort(target, weir::InsecureServerCredentials());
  builder.RegisterService(&echo);
  auto server = StartOrFail(builder);
  ASSERT_NE(server, nullptr);
  const grpc::Status status = CallAt(target);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST(Listening, CanBeRepeatedAtTheSameUnixPath) {
  const TemporaryDirectory directory;
  const std::string target = "unix:" + directory.path() + "/socket";
  for (int i = 0; i < 2; ++i) {
    CoroutineEcho echo;
    weir::ServerBuilder builder;
    builder.AddListeningPort(target, weir::InsecureServerCredentials());
    builder.RegisterService(&echo);
    auto server = StartOrFail(builder);
    ASSERT_NE(server, nullptr);
    EXPECT_TRUE(CallAt(target).ok());
  }
}

TEST(Listening, CanBeRepeatedOnAPortThatWasJustUsed) {
  CoroutineEcho echo;
  int port = 0;
  for (int i = 0; i < 3; ++i) {
    weir::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), weir::InsecureServerCredentials(),
                             &port);
    builder.RegisterService(&echo);
    auto server = StartOrFail(builder);
    ASSERT_NE(server, nullptr);
    EXPECT_TRUE(CallAt("127.0.0.1:" + std::to_string(port)).ok());
  }
}

// ---- what cannot be ----------------------------------------------------------------------------

weir::Status StatusOfListeningOn(const std::string& address) {
  CoroutineEcho echo;
  weir::ServerBuilder builder;
  builder.AddListeningPort(address, weir::InsecureServerCredentials());
  builder.RegisterService(&echo);
  return builder.BuildAndStart().status();
}

// One sentence: no line feed, and it begins by saying what does not work.
void ExpectSentence(const weir::Status& status, const std::string& beginning) {
  EXPECT_TRUE(status.error_message().starts_with(beginning)) << status.error_message();
  EXPECT_EQ(status.error_message().find('\n'), std::string::npos) << status.error_message();
}

TEST(Listening, OnAPortInUseIsReported) {
  CoroutineEcho echo;
  TestServer server(&echo);
  const weir::Status status = StatusOfListeningOn(server.address());
  EXPECT_EQ(status.error_code(), weir::StatusCode::UNAVAILABLE);
  EXPECT_EQ(status.error_message(),
            "cannot listen on " + server.address() + ": address already in use");
  EXPECT_TRUE(CallUnary(*server.NewStub(), "").ok());
}

TEST(Listening, OnAUnixPathInUseIsReported) {
  const TemporaryDirectory directory;
  const std::string target = "unix:" + directory.path() + "/socket";
  CoroutineEcho echo;
  weir::ServerBuilder builder;
  builder.AddListeningPort(target, weir::InsecureServerCredentials());
  builder.RegisterService(&echo);
  auto server = StartOrFail(builder);
  ASSERT_NE(server, nullptr);
  const weir::Status status = StatusOfListeningOn(target);
  EXPECT_EQ(status.error_code(), weir::StatusCode::UNAVAILABLE);
  ExpectSentence(status, "cannot listen on ");
  EXPECT_NE(status.error_message().find(directory.path() + "/socket: address already in use"),
            std::string::npos)
      << status.error_message();
  EXPECT_TRUE(CallAt(target).ok());
}

TEST(Listening, OnANameThatDoesNotResolveIsReported) {
  // RFC 6761 §6.4: names below .invalid never exist.
  const weir::Status status = StatusOfListeningOn("no-such-host.invalid:0");
  EXPECT_EQ(status.error_code(), weir::StatusCode::UNAVAILABLE);
  ExpectSentence(status, "cannot ");
  EXPECT_NE(status.error_message().find("no-such-host.invalid"), std::string::npos)
      << status.error_message();
}

TEST(Listening, OnAnAddressOfAnotherMachineIsReported) {
  // RFC 5737: 192.0.2.0/24 is for documentation.
  const weir::Status status = StatusOfListeningOn("192.0.2.1:0");
  EXPECT_EQ(status.error_code(), weir::StatusCode::UNAVAILABLE);
  ExpectSentence(status, "cannot listen on 192.0.2.1:0: ");
}

TEST(Listening, OnWhatIsNoAddressIsReported) {
  for (const char* address : {"", ":", "localhost", "127.0.0.1:70000", "127.0.0.1:http", "[::1:0",
                              "127.0.0.1:-1", "unix:", "127.0.0.1:80:80"}) {
    const weir::Status status = StatusOfListeningOn(address);
    EXPECT_EQ(status.error_code(), weir::StatusCode::INVALID_ARGUMENT)
        << '"' << address << "\": " << status.ToString();
    ExpectSentence(status, "");
  }
}

TEST(Listening, OnASecondAddressThatFailsLeavesNothingBehind) {
  CoroutineEcho echo;
  TestServer taken(&echo);
  int port = 0;
  {
    weir::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", weir::InsecureServerCredentials(), &port);
    builder.AddListeningPort(taken.address(), weir::InsecureServerCredentials());
    builder.RegisterService(&echo);
    EXPECT_FALSE(builder.BuildAndStart().ok());
  }
  if (port != 0) {
    EXPECT_TRUE(StatusOfListeningOn("127.0.0.1:" + std::to_string(port)).ok());
  }
}

TEST(Listening, NowhereIsReported) {
  CoroutineEcho echo;
  weir::ServerBuilder builder;
  builder.RegisterService(&echo);
  EXPECT_EQ(builder.BuildAndStart().status().error_code(), weir::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace integration
