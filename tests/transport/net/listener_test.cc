// Does a server get the port or the path it asks for, or a sentence that says why not?
#include "transport/net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/transport/net/scripted_name_server.h"
#include "tests/transport/net/temporary_folder.h"

namespace weir::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

SocketAddress Numeric(std::string_view host, uint16_t port) {
  SocketAddress address;
  EXPECT_TRUE(SocketAddress::ParseNumeric(host, port, address));
  return address;
}

SocketAddress UnixPath(const std::string& path) {
  SocketAddress address;
  EXPECT_TRUE(SocketAddress::Unix(path, address));
  return address;
}

std::unique_ptr<Listener> MustOpen(const SocketAddress& address) {
  auto listener = Listener::Open(address);
  EXPECT_TRUE(listener.ok()) << listener.error();
  return std::move(listener).value();
}

std::string ErrorOf(const SocketAddress& address) {
  const auto listener = Listener::Open(address);
  return listener.ok() ? "it listens" : listener.error();
}

bool CanConnect(const SocketAddress& address) {
  const UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), address.raw(), address.raw_length()) == 0;
}

bool MachineHasIpv6() { return Listener::Open(Numeric("::1", 0)).ok(); }

bool Exists(const std::string& path) {
  struct stat file {};
  return ::lstat(path.c_str(), &file) == 0;
}

// A socket file whose process is gone.
void LeaveStaleSocket(const std::string& path) {
  const SocketAddress address = UnixPath(path);
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(fd.get(), address.raw(), address.raw_length()), 0);
}

TEST(Listener, GetsAFreePortFromTheKernel) {
  const auto listener = MustOpen(Numeric("127.0.0.1", 0));
  EXPECT_NE(listener->port(), 0);
  EXPECT_TRUE(CanConnect(listener->local_address()));
}

TEST(Listener, SaysThatTheAddressIsInUse) {
  const auto listener = MustOpen(Numeric("127.0.0.1", 0));
  EXPECT_EQ(ErrorOf(listener->local_address()),
            "cannot listen on 127.0.0.1:" + std::to_string(listener->port()) +
                ": address already in use");
}

TEST(Listener, SaysThatTheAddressIsNotOfThisMachine) {
  EXPECT_EQ(ErrorOf(Numeric("198.51.100.1", 1)),
            "cannot listen on 198.51.100.1:1: cannot assign requested address");
}

TEST(Listener, FreesThePortWhenDestroyed) {
  auto listener = MustOpen(Numeric("127.0.0.1", 0));
  const SocketAddress address = listener->local_address();
  ASSERT_TRUE(CanConnect(address));
  listener.reset();
  EXPECT_FALSE(CanConnect(address));
  EXPECT_EQ(MustOpen(address)->port(), address.port());  // in spite of TIME_WAIT
}

TEST(Listener, TakesBothFamiliesOnTheIpv6Wildcard) {
  if (!MachineHasIpv6()) GTEST_SKIP() << "this machine has no IPv6";
  const auto wildcard = MustOpen(SocketAddress::AnyIpv6(0));
  EXPECT_TRUE(CanConnect(Numeric("127.0.0.1", wildcard->port())));
  EXPECT_TRUE(CanConnect(Numeric("::1", wildcard->port())));
}

TEST(Listener, PassesNoDelayOnToItsConnections) {
  const auto listener = MustOpen(Numeric("127.0.0.1", 0));
  const SocketAddress& address = listener->local_address();
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.get(), address.raw(), address.raw_length()), 0);
  const UniqueFd accepted(::accept(listener->fd(), nullptr, nullptr));
  int no_delay = 0;
  socklen_t length = sizeof(no_delay);
  ASSERT_EQ(::getsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &length), 0);
  EXPECT_EQ(no_delay, 1);
}

TEST(Listener, NeitherBlocksNorReachesChildProcesses) {
  const auto listener = MustOpen(Numeric("127.0.0.1", 0));
  EXPECT_EQ(::accept(listener->fd(), nullptr, nullptr), -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_NE(::fcntl(listener->fd(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(Listener, MakesAndRemovesTheFileOfAUnixSocket) {
  const TemporaryFolder folder;
  const std::string path = folder.PathOf("socket");
  {
    const auto listener = MustOpen(UnixPath(path));
    EXPECT_EQ(listener->local_address().unix_path(), path);
    EXPECT_TRUE(CanConnect(UnixPath(path)));
  }
  EXPECT_FALSE(Exists(path));
}

TEST(Listener, ReplacesAnAbandonedUnixSocket) {
  const TemporaryFolder folder;
  const std::string path = folder.PathOf("socket");
  LeaveStaleSocket(path);
  const auto listener = MustOpen(UnixPath(path));
  EXPECT_TRUE(CanConnect(UnixPath(path)));
}

TEST(Listener, LeavesAUnixSocketAloneThatSomebodyListensOn) {
  const TemporaryFolder folder;
  const std::string path = folder.PathOf("socket");
  const auto listener = MustOpen(UnixPath(path));
  EXPECT_EQ(ErrorOf(UnixPath(path)), "cannot listen on " + path + ": address already in use");
  EXPECT_TRUE(CanConnect(UnixPath(path)));
}

TEST(Listener, LeavesAFileAloneThatIsNoSocket) {
  const TemporaryFolder folder;
  const std::string path = folder.PathOf("precious");
  const UniqueFd file(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  ASSERT_TRUE(file.is_valid());
  EXPECT_EQ(ErrorOf(UnixPath(path)),
            "cannot listen on " + path + ": the file exists and is not a socket");
  EXPECT_TRUE(Exists(path));
}

TEST(Listener, DoesNotRemoveTheFileOfItsSuccessor) {
  const TemporaryFolder folder;
  const std::string path = folder.PathOf("socket");
  auto first = MustOpen(UnixPath(path));
  ASSERT_EQ(::unlink(path.c_str()), 0);
  const auto second = MustOpen(UnixPath(path));
  first.reset();
  EXPECT_TRUE(CanConnect(UnixPath(path)));
}

TEST(Listener, SaysThatTheFolderIsMissing) {
  const TemporaryFolder folder;
  const std::string path = folder.PathOf("missing/socket");
  EXPECT_EQ(ErrorOf(UnixPath(path)), "cannot listen on " + path + ": no such file or directory");
}

TEST(Listener, ListensOnAnAbstractName) {
  const std::string name = "weir-test-" + std::to_string(::getpid());
  SocketAddress address;
  ASSERT_TRUE(SocketAddress::UnixAbstract(name, address));
  const auto listener = MustOpen(address);
  EXPECT_TRUE(CanConnect(address));
  EXPECT_EQ(ErrorOf(address),
            "cannot listen on unix-abstract:" + name + ": address already in use");
}

TEST(Listener, AdoptsAListeningSocketAndLeavesItsFile) {
  const TemporaryFolder folder;
  const std::string path = folder.PathOf("socket");
  const SocketAddress address = UnixPath(path);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_EQ(::bind(fd.get(), address.raw(), address.raw_length()), 0);
  ASSERT_EQ(::listen(fd.get(), 1), 0);
  {
    auto listener = Listener::Adopt(std::move(fd));
    ASSERT_TRUE(listener.ok()) << listener.error();
    EXPECT_EQ((*listener)->local_address(), address);
    EXPECT_NE(::fcntl((*listener)->fd(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl((*listener)->fd(), F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_TRUE(Exists(path));
}

TEST(Listener, AdoptsNothingElse) {
  const auto error_of = [](int fd) {
    const auto listener = Listener::Adopt(UniqueFd(fd));
    return listener.ok() ? "it listens" : listener.error();
  };
  EXPECT_EQ(error_of(-1), "cannot listen on the descriptor -1: bad file descriptor");
  EXPECT_THAT(error_of(::socket(AF_INET, SOCK_STREAM, 0)), HasSubstr("listen()"));
  EXPECT_THAT(error_of(::socket(AF_INET, SOCK_DGRAM, 0)), HasSubstr("not a stream socket"));
  EXPECT_THAT(error_of(::open("/dev/null", O_RDONLY)), HasSubstr("non-socket"));
}

// --- ListenOn ----------------------------------------------------------------------------------

Result<std::vector<std::unique_ptr<Listener>>, std::string> ListenOnText(std::string_view text) {
  const auto address = ListenAddress::Parse(text);
  EXPECT_TRUE(address.ok()) << address.error();
  return ListenOn(address.value());
}

TEST(ListenOn, ListensOnOneSocketForTheWildcard) {
  auto listeners = ListenOnText("*:0");
  ASSERT_TRUE(listeners.ok()) << listeners.error();
  ASSERT_EQ(listeners->size(), 1u);
  const uint16_t port = listeners->front()->port();
  EXPECT_TRUE(CanConnect(Numeric("127.0.0.1", port)));
  EXPECT_EQ(CanConnect(Numeric("::1", port)), MachineHasIpv6());
}

// Listens on a name that stands for `addresses`; returns where.
std::vector<std::string> ListenOnName(const std::vector<std::string>& addresses) {
  const ScriptedNameServer server({.addresses = addresses});
  const auto address = ListenAddress::Parse("weir.test:0");
  auto listeners = ListenOn(address.value(), {.resolve = {.name_servers = server.address()}});
  if (!listeners.ok()) return {listeners.error()};
  std::vector<std::string> hosts;
  for (const auto& listener : *listeners) {
    EXPECT_NE(listener->port(), 0);
    EXPECT_EQ(listener->port(), listeners->front()->port());
    EXPECT_TRUE(CanConnect(listener->local_address()));
    hosts.push_back(listener->local_address().HostString());
  }
  return hosts;
}

TEST(ListenOn, GivesAllAddressesOfANameOnePort) {
  EXPECT_THAT(ListenOnName({"127.0.0.1", "127.0.0.2", "127.0.0.3"}),
              UnorderedElementsAre("127.0.0.1", "127.0.0.2", "127.0.0.3"));
}

TEST(ListenOn, LeavesOutAddressesOfOtherMachines) {
  EXPECT_THAT(ListenOnName({"198.51.100.1", "127.0.0.1", "198.51.100.2"}),
              ElementsAre("127.0.0.1"));
  EXPECT_THAT(ListenOnName({"198.51.100.1"}),
              ElementsAre("cannot listen on weir.test:0 (198.51.100.1:0): "
                          "cannot assign requested address"));
}

TEST(ListenOn, KnowsLocalhost) {
  auto listeners = ListenOnText("localhost:0");
  ASSERT_TRUE(listeners.ok()) << listeners.error();
  EXPECT_TRUE(CanConnect(listeners->front()->local_address()));
}

TEST(ListenOn, SaysWhichAddressOfANameIsInUse) {
  const auto holder = MustOpen(Numeric("127.0.0.1", 0));
  const std::string port = std::to_string(holder->port());
  const auto listeners = ListenOnText("localhost:" + port);
  ASSERT_FALSE(listeners.ok());
  EXPECT_EQ(listeners.error(), "cannot listen on localhost:" + port + " (127.0.0.1:" + port +
                                   "): address already in use");
}

TEST(ListenOn, ListensOnAUnixSocket) {
  const TemporaryFolder folder;
  const std::string path = folder.PathOf("socket");
  auto listeners = ListenOnText("unix:" + path);
  ASSERT_TRUE(listeners.ok()) << listeners.error();
  EXPECT_TRUE(CanConnect(UnixPath(path)));
}

TEST(ListenOn, SaysThatANameDoesNotResolve) {
  auto address = ListenAddress::Parse("nobody.invalid:1");
  ASSERT_TRUE(address.ok());
  ListenerOptions options;
  options.resolve.name_servers = "127.0.0.1:1";  // nobody answers there
  options.resolve.timeout = std::chrono::milliseconds(200);
  const auto listeners = ListenOn(address.value(), options);
  ASSERT_FALSE(listeners.ok());
  EXPECT_THAT(listeners.error(),
              StartsWith("cannot listen on nobody.invalid:1: cannot resolve \"nobody.invalid\": "));
}

}  // namespace
}  // namespace weir::net
