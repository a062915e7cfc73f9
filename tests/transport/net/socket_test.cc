// Do reads and writes tell apart data, waiting, the end and errors?
#include "transport/net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "transport/net/listener.h"

namespace weir::net {
namespace {

using Kind = IoResult::Kind;

// Two ends of one connection.
struct Ends {
  std::unique_ptr<TcpSocket> near;
  std::unique_ptr<TcpSocket> far;
};

std::unique_ptr<TcpSocket> MustAdopt(int fd) {
  auto socket = TcpSocket::Adopt(UniqueFd(fd));
  EXPECT_TRUE(socket.ok()) << socket.error().Describe();
  return std::move(socket).value();
}

Ends UnixEnds() {
  int fds[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  return {MustAdopt(fds[0]), MustAdopt(fds[1])};
}

Ends TcpEnds() {
  SocketAddress loopback;
  EXPECT_TRUE(SocketAddress::ParseNumeric("127.0.0.1", 0, loopback));
  auto listener = Listener::Open(loopback);
  EXPECT_TRUE(listener.ok());
  const SocketAddress& address = (*listener)->local_address();
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(::connect(client, address.raw(), address.raw_length()), 0);
  const int server = ::accept((*listener)->fd(), nullptr, nullptr);
  return {MustAdopt(server), MustAdopt(client)};
}

IoResult WriteText(Socket& socket, std::string_view text) {
  const iovec part{const_cast<char*>(text.data()), text.size()};
  return socket.Write(std::span(&part, 1));
}

std::string ReadText(Socket& socket, size_t size) {
  std::string text(size, '\0');
  const IoResult result = socket.Read({reinterpret_cast<uint8_t*>(text.data()), size});
  EXPECT_EQ(result.kind, Kind::kOk);
  text.resize(result.bytes);
  return text;
}

IoResult ReadOne(Socket& socket) {
  uint8_t octet = 0;
  return socket.Read({&octet, 1});
}

TEST(TcpSocket, CarriesBytesInOrder) {
  for (const Ends& ends : {TcpEnds(), UnixEnds()}) {
    std::array<iovec, 3> parts{iovec{const_cast<char*>("abc"), 3}, iovec{nullptr, 0},
                               iovec{const_cast<char*>("def"), 3}};
    const IoResult written = ends.near->Write(parts);
    EXPECT_EQ(written.kind, Kind::kOk);
    EXPECT_EQ(written.bytes, 6u);
    EXPECT_EQ(ReadText(*ends.far, 4), "abcd");
    EXPECT_EQ(ReadText(*ends.far, 4), "ef");
  }
}

TEST(TcpSocket, WouldBlockWhenThereIsNothingToRead) {
  const Ends ends = UnixEnds();
  EXPECT_EQ(ReadOne(*ends.near).kind, Kind::kWouldBlock);
}

TEST(TcpSocket, WritesAPartAndThenWouldBlock) {
  const Ends ends = UnixEnds();
  const std::string text(8 << 20, 'x');
  const IoResult first = WriteText(*ends.near, text);
  EXPECT_EQ(first.kind, Kind::kOk);
  EXPECT_GT(first.bytes, 0u);
  EXPECT_LT(first.bytes, text.size());
  EXPECT_EQ(WriteText(*ends.near, text).kind, Kind::kWouldBlock);
  EXPECT_EQ(ReadText(*ends.far, first.bytes).size(), first.bytes);
  EXPECT_EQ(WriteText(*ends.near, text).kind, Kind::kOk);
}

TEST(TcpSocket, LooksAtNoMorePartsThanTheKernelTakes) {
  const Ends ends = UnixEnds();
  std::vector<iovec> parts(1025, iovec{const_cast<char*>("x"), 1});
  const IoResult written = ends.near->Write(parts);
  EXPECT_EQ(written.kind, Kind::kOk);
  EXPECT_EQ(written.bytes, 1024u);
}

TEST(TcpSocket, DoesNothingWhenAskedForNothing) {
  const Ends ends = UnixEnds();
  const IoResult read = ends.near->Read({});
  EXPECT_EQ(read.kind, Kind::kOk);
  EXPECT_EQ(read.bytes, 0u);
  EXPECT_EQ(ends.near->Write({}).kind, Kind::kOk);
}

TEST(TcpSocket, IsClosedForReadingAfterWhatThePeerSentLast) {
  for (const Ends& ends : {TcpEnds(), UnixEnds()}) {
    EXPECT_EQ(WriteText(*ends.far, "last").kind, Kind::kOk);
    ends.far->ShutdownWrite();
    EXPECT_EQ(ReadText(*ends.near, 10), "last");
    EXPECT_EQ(ReadOne(*ends.near).kind, Kind::kClosed);
    EXPECT_EQ(WriteText(*ends.near, "answer").kind, Kind::kOk);
    EXPECT_EQ(ReadText(*ends.far, 10), "answer");
  }
}

TEST(TcpSocket, ReportsAClosedPeerAsAnErrorOfTheWrite) {
  Ends ends = UnixEnds();
  ends.far.reset();
  const IoResult written = WriteText(*ends.near, "x");  // a SIGPIPE would end the test
  EXPECT_EQ(written.kind, Kind::kError);
  EXPECT_EQ(written.error_number, EPIPE);
}

TEST(TcpSocket, ReportsAReset) {
  Ends ends = TcpEnds();
  const linger reset{1, 0};
  ASSERT_EQ(::setsockopt(ends.far->fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
  ends.far.reset();
  const IoResult read = ReadOne(*ends.near);
  EXPECT_EQ(read.kind, Kind::kError);
  EXPECT_EQ(read.error_number, ECONNRESET);
  ends.near->ShutdownWrite();  // of a dead connection: no harm
}

TEST(TcpSocket, KnowsItsAddresses) {
  const Ends ends = TcpEnds();
  EXPECT_EQ(ends.near->peer_address(), ends.far->LocalAddress());
  EXPECT_EQ(ends.far->peer_address(), ends.near->LocalAddress());
  EXPECT_EQ(ends.near->peer_address().family(), AF_INET);
}

TEST(TcpSocket, KnowsWhoIsAtTheOtherEndOfAUnixSocket) {
  const auto credentials = UnixEnds().near->PeerCredentials();
  ASSERT_TRUE(credentials.has_value());
  EXPECT_EQ(credentials->process_id, ::getpid());
  EXPECT_EQ(credentials->user_id, ::getuid());
  EXPECT_EQ(credentials->group_id, ::getgid());
  EXPECT_FALSE(TcpEnds().near->PeerCredentials().has_value());
}

TEST(TcpSocket, GivesAnAdoptedSocketItsProperties) {
  const Ends ends = TcpEnds();
  EXPECT_NE(::fcntl(ends.near->fd(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(ends.near->fd(), F_GETFD) & FD_CLOEXEC, 0);
  int no_delay = 0;
  socklen_t length = sizeof(no_delay);
  ASSERT_EQ(::getsockopt(ends.near->fd(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &length), 0);
  EXPECT_EQ(no_delay, 1);
}

TEST(TcpSocket, AdoptsNothingButConnectedStreamSockets) {
  const auto error_of = [](int fd) {
    auto socket = TcpSocket::Adopt(UniqueFd(fd));
    return socket.ok() ? 0 : socket.error().error_number;
  };
  EXPECT_EQ(error_of(-1), EBADF);
  EXPECT_EQ(error_of(::open("/dev/null", O_RDONLY)), ENOTSOCK);
  EXPECT_EQ(error_of(::socket(AF_INET, SOCK_DGRAM, 0)), EPROTOTYPE);
  EXPECT_EQ(error_of(::socket(AF_INET, SOCK_STREAM, 0)), ENOTCONN);
}

TEST(UniqueFd, ClosesOnceAndOnlyWhatItOwns) {
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  {
    UniqueFd reader(fds[0]);
    UniqueFd writer(fds[1]);
    UniqueFd moved = std::move(writer);
    EXPECT_FALSE(writer.is_valid());
    EXPECT_EQ(moved.get(), fds[1]);
    EXPECT_EQ(reader.Release(), fds[0]);
  }
  EXPECT_EQ(::fcntl(fds[0], F_GETFD), 0);
  EXPECT_EQ(::fcntl(fds[1], F_GETFD), -1);
  ::close(fds[0]);
}

}  // namespace
}  // namespace weir::net
