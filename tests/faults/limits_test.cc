// The system's own limits on a real server: no descriptors, and sockets with next to no buffer.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/server/server_fixture.h"
#include "tests/testing/frame_builder.h"
#include "tests/testing/output_reader.h"
#include "transport/net/unique_fd.h"
#include "weir/weir.h"

namespace weir::faults {
namespace {

// A socket that waits, but no longer than half a minute.
class PatientClient {
 public:
  PatientClient() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience = {.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  }

  void SetReceiveBuffer(int bytes) {
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
  }

  bool Connect(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }

  void Sends(std::string_view octets) {
    EXPECT_EQ(::send(fd_.get(), octets.data(), octets.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(octets.size()));
  }
  // Empty at the end of the stream, and of its patience.
  std::string Reads() {
    std::array<char, 4096> part;
    const ssize_t count = ::recv(fd_.get(), part.data(), part.size(), 0);
    return count <= 0 ? std::string() : std::string(part.data(), static_cast<size_t>(count));
  }
  bool HasSomethingToRead() {
    char octet;
    return ::recv(fd_.get(), &octet, 1, MSG_DONTWAIT | MSG_PEEK) > 0;
  }
  // Keeps its descriptor, so that none is freed but the server's.
  void HangsUp() { ::shutdown(fd_.get(), SHUT_RDWR); }

 private:
  net::UniqueFd fd_;
};

// Leaves room for so many descriptors, while it lives.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(int room) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit lowered = before_;
    const net::UniqueFd lowest(::dup(STDERR_FILENO));
    lowered.rlim_cur = static_cast<rlim_t>(lowest.get() + room);
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &lowered), 0);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

Task<Status> WriteMuch(server::CoTextStream stream) {
  const server::Text text(std::string(50'000, 'x'));
  for (int i = 0; i < 40; ++i) {
    if (!co_await stream.Write(text)) co_return Status::CANCELLED;
  }
  co_return Status::OK;
}

class SystemLimits : public ::testing::Test {
 protected:
  SystemLimits() {
    service_.expand = [](ServerContext&, const server::Text&, server::CoTextStream stream) {
      return WriteMuch(stream);
    };
    ServerOptions options;
    options.worker_threads = 1;
    ServerBuilder builder;
    builder.SetOptions(std::move(options));
    builder.AddListeningPort("127.0.0.1:0", InsecureServerCredentials());
    builder.RegisterService(&service_);
    StatusOr<std::unique_ptr<Server>> server = builder.BuildAndStart();
    EXPECT_TRUE(server.ok());
    server_ = std::move(*server);
  }
  ~SystemLimits() override { server_->Shutdown(std::chrono::nanoseconds(0)); }

  server::CoroutineTextService service_;
  std::unique_ptr<Server> server_;
};

TEST_F(SystemLimits, WithoutDescriptorsNewConnectionsWaitForOldOnesToEnd) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "UBSan takes it for a bad vptr when it has no descriptor to look at one";
#endif
  constexpr size_t kRoom = 4;
  std::vector<PatientClient> clients(3 * kRoom);
  const DescriptorLimit limit(kRoom);
  for (PatientClient& client : clients) {
    ASSERT_TRUE(client.Connect(server_->port()));  // the backlog takes them
    client.Sends(std::string(testing::kPreface) + testing::Settings());
  }
  for (size_t group = 0; group < clients.size(); group += kRoom) {
    for (size_t i = group; i < group + kRoom; ++i) {
      EXPECT_FALSE(clients[i].Reads().empty()) << "client " << i << " is not served";
    }
    // There is nothing left to accept the next one with.
    EXPECT_FALSE(group + kRoom < clients.size() && clients[group + kRoom].HasSomethingToRead());
    for (size_t i = group; i < group + kRoom; ++i) clients[i].HangsUp();
  }
}

TEST_F(SystemLimits, AClientWithNextToNoBufferGetsAllOfALargeResponse) {
  PatientClient client;
  client.SetReceiveBuffer(1);  // the kernel makes it as small as it can
  ASSERT_TRUE(client.Connect(server_->port()));
  testing::OutputReader reader;
  const std::string frames = testing::Settings() + testing::WindowUpdate(0, 4'000'000) +
                             server::UnaryCall(1, server::kExpand, "x") +
                             testing::WindowUpdate(1, 4'000'000);
  reader.NoteSent(frames);
  client.Sends(std::string(testing::kPreface) + frames);
  bool has_ended = false;
  size_t octets = 0;
  while (!has_ended) {
    const std::string part = client.Reads();
    ASSERT_FALSE(part.empty()) << "after " << octets << " octets";
    octets += part.size();
    for (const std::string& line : reader.Read(part)) {
      if (line == server::TrailersLine(1)) has_ended = true;
    }
  }
  EXPECT_GT(octets, 40u * 50'000u);
}

}  // namespace
}  // namespace weir::faults
