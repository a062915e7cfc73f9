// Limits on how many connections there are (L23), on sockets of 127.0.0.0/8.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "server/server_core.h"
#include "tests/limits/limit_case.h"
#include "tests/server/server_fixture.h"
#include "transport/net/unique_fd.h"

namespace weir::limits {
namespace {

using namespace weir::server;  // NOLINT: the vocabulary of the fixture
using http2::Limit;
using testing::Segmentation;

constexpr std::string_view kHome = "127.0.0.1";
constexpr std::string_view kElsewhere = "127.0.0.2";

class ListeningServer {
 public:
  explicit ListeningServer(ServerOptions options) {
    service_.unary = [](ServerContext&, const Text&, Text&) -> Task<Status> {
      co_return Status::OK;
    };
    options.worker_threads = kWorkers;
    options.memory_budget_bytes = SIZE_MAX;
    const MethodOptions defaults = {.execution = Execution::kPool,
                                    .max_receive_message_bytes = options.max_receive_message_bytes,
                                    .max_send_message_bytes = options.max_send_message_bytes};
    Router router;
    EXPECT_FALSE(router.AddService(service_, defaults, {}, {}));
    core_ = std::make_unique<ServerCore>(std::make_unique<const ServerConfig>(
        std::move(options), std::move(router), InterceptorChain({})));
    net::SocketAddress address;
    EXPECT_TRUE(net::SocketAddress::ParseNumeric(kHome, 0, address));
    ListeningPort port;
    port.listeners.push_back(std::move(net::Listener::Open(address)).value());
    std::vector<ListeningPort> ports;
    ports.push_back(std::move(port));
    EXPECT_TRUE(core_->Start(std::move(ports)).ok());
  }

  static constexpr size_t kWorkers = 2;

  uint16_t port() const { return static_cast<uint16_t>(core_->port()); }

  Counts counts() const {
    Counts counts;
    for (size_t i = 1; i < http2::kLimitCount; ++i) {
      const uint64_t hits = core_->LimitHits(static_cast<Limit>(i));
      if (hits != 0) counts[std::string(Describe(static_cast<Limit>(i)).name)] = hits;
    }
    return counts;
  }

 private:
  CoroutineTextService service_;
  std::unique_ptr<ServerCore> core_;
};

class TcpClient {
 public:
  TcpClient(const ListeningServer& server, std::string_view source)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience = {.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    const sockaddr_in from = AddressOf(source, 0);
    const sockaddr_in to = AddressOf(kHome, server.port());
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&from), sizeof(from)), 0);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  }

  // Whether the server begins to speak; false when it closes the connection.
  bool IsLetIn() { return Read(0); }
  // Without waiting: whether it has begun.
  bool HasHeard() { return Read(MSG_DONTWAIT); }

  // "served" when the server answers a call.
  std::string Calls() {
    const std::string octets = std::string(testing::kPreface) + testing::Settings() +
                               testing::SettingsAck() + UnaryCall(1, kUnary, "hello");
    EXPECT_EQ(::send(fd_.get(), octets.data(), octets.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(octets.size()));
    for (;;) {
      for (const std::string& line : reader_.Read(std::exchange(heard_, {}))) {
        if (line == TrailersLine(1)) return "served";
      }
      if (!Read(0)) return "closed";
    }
  }

  // Closes the connection, and waits until the server has done so, too.
  void Leaves() {
    ::shutdown(fd_.get(), SHUT_WR);
    while (Read(0)) {
    }
    fd_ = net::UniqueFd();
  }

 private:
  static sockaddr_in AddressOf(std::string_view host, uint16_t port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    EXPECT_EQ(::inet_pton(AF_INET, std::string(host).c_str(), &address.sin_addr), 1);
    return address;
  }

  bool Read(int flags) {
    std::array<char, 4096> part;
    const ssize_t count = ::recv(fd_.get(), part.data(), part.size(), flags);
    if (count <= 0) return false;
    heard_.append(part.data(), static_cast<size_t>(count));
    return true;
  }

  net::UniqueFd fd_;
  testing::OutputReader reader_;
  std::string heard_;
};

using Clients = std::vector<std::unique_ptr<TcpClient>>;

// Clients of which each was let in before the next came.
Clients LetIn(const ListeningServer& server, std::string_view source, uint32_t count) {
  Clients clients;
  for (uint32_t i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<TcpClient>(server, source));
    EXPECT_TRUE(clients.back()->IsLetIn()) << i;
  }
  return clients;
}

// ---- All connections: at the number accepting stops.

constexpr uint32_t kConnectionsMax = 4;

Outcome Connects(Step step, Segmentation) {
  ServerOptions options;
  options.max_connections = kConnectionsMax;
  const ListeningServer server(options);
  Clients clients = LetIn(server, kHome, UpTo(kConnectionsMax - 1, step));
  if (step != Step::kAbove) return {{clients.front()->Calls()}, server.counts()};
  Outcome outcome;
  TcpClient one_more(server, kHome);
  clients.front()->Calls();
  if (!one_more.HasHeard()) outcome.seen.push_back("one more waits");
  outcome.counts = server.counts();
  clients.back()->Leaves();
  outcome.seen.push_back(one_more.Calls());
  return outcome;
}

// One after the other, far more than at once.
Outcome ComesAndGoes(ServerOptions options) {
  const ListeningServer server(options);
  for (int i = 0; i < 50; ++i) {
    TcpClient client(server, kHome);
    EXPECT_EQ(client.Calls(), "served") << i;
    client.Leaves();
  }
  TcpClient last(server, kHome);
  return {{last.Calls()}, server.counts()};
}

// What has left is counted until its worker has looked at the next connection: each worker can be
// one behind.
Outcome ComesAndGoesWithinTheMaximum(Segmentation) {
  ServerOptions options;
  options.max_connections = 2 + ListeningServer::kWorkers;
  return ComesAndGoes(options);
}

// ---- Those of one address.

constexpr uint32_t kOfOneAddressMax = 3;

ServerOptions FewOfOneAddress() {
  ServerOptions options;
  options.max_connections_per_address = kOfOneAddressMax;
  return options;
}

Outcome ConnectsFromOneAddress(Step step, Segmentation) {
  const ListeningServer server(FewOfOneAddress());
  Outcome outcome;
  const Clients clients =
      LetIn(server, kHome, std::min(UpTo(kOfOneAddressMax, step), kOfOneAddressMax));
  if (step == Step::kAbove) {
    TcpClient one_more(server, kHome);
    if (!one_more.IsLetIn()) outcome.seen.push_back("closed");
  }
  outcome.seen.push_back(clients.front()->Calls());
  outcome.counts = server.counts();
  return outcome;
}

// Beside a client that has all it may have.
Outcome ConnectsFromElsewhere(Segmentation) {
  const ListeningServer server(FewOfOneAddress());
  const Clients of_one = LetIn(server, kHome, kOfOneAddressMax);
  const Clients of_other = LetIn(server, kElsewhere, kOfOneAddressMax);
  return {{of_other.back()->Calls()}, server.counts()};
}

Outcome ComesAndGoesFromOneAddress(Segmentation) {
  ServerOptions options;
  options.max_connections_per_address = 1 + ListeningServer::kWorkers;
  return ComesAndGoes(options);
}

}  // namespace

std::vector<LimitCase> AcceptCases() {
  return {
      {.limit = Limit::kConnections,
       .goes = Connects,
       .beyond = {"one more waits", "served"},
       .innocent = ComesAndGoesWithinTheMaximum,
       .is_split = false},
      {.limit = Limit::kConnectionsPerAddress,
       .goes = ConnectsFromOneAddress,
       .beyond = {"closed", "served"},
       .innocent = ConnectsFromElsewhere,
       .is_split = false},
      {.limit = Limit::kConnectionsPerAddress,
       .variant = "again",
       .goes = ConnectsFromOneAddress,
       .beyond = {"closed", "served"},
       .innocent = ComesAndGoesFromOneAddress,
       .is_split = false},
  };
}

}  // namespace weir::limits
