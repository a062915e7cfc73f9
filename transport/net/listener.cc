#include "transport/net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string_view>
#include <utility>

#include "transport/base/check.h"
#include "transport/net/io_error.h"

namespace weir::net {

namespace {

std::string Complain(std::string_view where, std::string_view reason) {
  return "cannot listen on " + std::string(where) + ": " + std::string(reason);
}

// Why binding failed, for ListenOn to judge and for people to read.
struct OpenFailure {
  int error_number = 0;
  std::string reason;
  SocketAddress address;
};

OpenFailure FailedCall() {
  const int error_number = errno;
  return {error_number, DescribeErrno(error_number), SocketAddress()};
}

bool SetFlag(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

// Whether the socket file `address` was left behind by a process that is gone: connecting is
// refused.
bool IsAbandoned(const SocketAddress& address) {
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return probe.is_valid() && ::connect(probe.get(), address.raw(), address.raw_length()) != 0 &&
         errno == ECONNREFUSED;
}

bool Bind(int fd, const SocketAddress& address) {
  return ::bind(fd, address.raw(), address.raw_length()) == 0;
}

// Binds to a path, replacing the file of a socket that nobody listens on.
std::optional<OpenFailure> BindUnixPath(int fd, const SocketAddress& address) {
  if (Bind(fd, address)) return std::nullopt;
  if (errno != EADDRINUSE) return FailedCall();
  const std::string path(address.unix_path());
  struct stat file {};
  if (::lstat(path.c_str(), &file) == 0 && !S_ISSOCK(file.st_mode)) {
    return OpenFailure{EADDRINUSE, "the file exists and is not a socket", address};
  }
  if (!IsAbandoned(address)) return OpenFailure{EADDRINUSE, DescribeErrno(EADDRINUSE), address};
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return FailedCall();
  if (!Bind(fd, address)) return FailedCall();
  return std::nullopt;
}

// The options that have to be set before bind().
bool PrepareIpSocket(int fd, const SocketAddress& address) {
  // Connections inherit TCP_NODELAY from the socket they were accepted on (Linux), which saves a
  // system call for each.
  if (!SetFlag(fd, SOL_SOCKET, SO_REUSEADDR, 1) || !SetFlag(fd, IPPROTO_TCP, TCP_NODELAY, 1)) {
    return false;
  }
  // Said explicitly, because the default is a setting of the machine (net.ipv6.bindv6only). It
  // makes a difference to the wildcard alone.
  return address.family() != AF_INET6 || SetFlag(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
}

Result<UniqueFd, OpenFailure> OpenSocket(const SocketAddress& address, int backlog) {
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.is_valid()) return FailedCall();
  if (address.is_ip() && !PrepareIpSocket(fd.get(), address)) return FailedCall();
  if (!address.unix_path().empty()) {
    if (auto failure = BindUnixPath(fd.get(), address)) return *failure;
  } else if (!Bind(fd.get(), address)) {
    return FailedCall();
  }
  if (::listen(fd.get(), backlog) != 0) return FailedCall();
  return fd;
}

// This machine lacks the address or its whole family.
bool IsAbsentHere(const OpenFailure& failure) {
  return failure.error_number == EADDRNOTAVAIL || failure.error_number == EAFNOSUPPORT;
}

// Listens on each address that is present here, all on the port that the first one gets.
Result<std::vector<UniqueFd>, OpenFailure> OpenSocketsOnce(std::vector<SocketAddress> addresses,
                                                           int backlog) {
  std::vector<UniqueFd> sockets;
  OpenFailure absence;
  uint16_t chosen_port = 0;
  for (SocketAddress& address : addresses) {
    if (address.port() == 0) address.set_port(chosen_port);
    auto fd = OpenSocket(address, backlog);
    if (fd.ok()) {
      chosen_port = SocketAddress::LocalOf(fd->get()).port();
      sockets.push_back(std::move(fd).value());
      continue;
    }
    absence = fd.error();
    absence.address = address;
    if (!IsAbsentHere(absence)) return absence;
  }
  if (sockets.empty()) return absence;
  return sockets;
}

// As above; tries again when the kernel's choice for the first address is taken on another one.
Result<std::vector<UniqueFd>, OpenFailure> OpenSockets(const std::vector<SocketAddress>& addresses,
                                                       int backlog) {
  // A port that is free on one address is nearly always free on the others.
  constexpr int kAttempts = 16;
  auto sockets = OpenSocketsOnce(addresses, backlog);
  for (int attempt = 1; attempt < kAttempts; ++attempt) {
    const bool was_chosen = addresses.size() > 1 && addresses.front().port() == 0;
    if (sockets.ok() || !was_chosen || sockets.error().error_number != EADDRINUSE) break;
    sockets = OpenSocketsOnce(addresses, backlog);
  }
  return sockets;
}

Result<std::vector<SocketAddress>, std::string> AddressesOf(const ListenAddress& address,
                                                            const ListenerOptions& options) {
  switch (address.kind) {
    case ListenAddress::Kind::kNumeric:
    case ListenAddress::Kind::kUnix:
      return std::vector<SocketAddress>{address.numeric};
    case ListenAddress::Kind::kWildcard:
      return std::vector<SocketAddress>{SocketAddress::AnyIpv6(address.port)};
    case ListenAddress::Kind::kName:
      return ResolveHost(address.host, address.port, options.resolve);
  }
  WEIR_UNREACHABLE();
}

}  // namespace

Listener::Listener(UniqueFd fd, const SocketAddress& local) : fd_(std::move(fd)), local_(local) {}

std::unique_ptr<Listener> Listener::OfOwnSocket(UniqueFd fd) {
  const SocketAddress local = SocketAddress::LocalOf(fd.get());
  std::unique_ptr<Listener> listener(new Listener(std::move(fd), local));
  const std::string path(local.unix_path());
  struct stat file {};
  if (!path.empty() && ::lstat(path.c_str(), &file) == 0) {
    listener->file_device_ = file.st_dev;
    listener->file_inode_ = file.st_ino;
  }
  return listener;
}

Result<std::unique_ptr<Listener>, std::string> Listener::Open(const SocketAddress& address,
                                                              const ListenerOptions& options) {
  auto fd = OpenSocket(address, options.backlog);
  if (!fd.ok()) return Complain(address.ToDisplayString(), fd.error().reason);
  return OfOwnSocket(std::move(fd).value());
}

Result<std::unique_ptr<Listener>, std::string> Listener::Adopt(UniqueFd fd) {
  int type = 0;
  int is_listening = 0;
  socklen_t length = sizeof(int);
  const std::string where = "the descriptor " + std::to_string(fd.get());
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_TYPE, &type, &length) != 0 ||
      ::getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &length) != 0) {
    return Complain(where, DescribeErrno(errno));
  }
  if (type != SOCK_STREAM) return Complain(where, "it is not a stream socket");
  if (is_listening == 0) return Complain(where, "nobody has called listen() on it");
  const int status = ::fcntl(fd.get(), F_GETFL);
  if (status < 0 || ::fcntl(fd.get(), F_SETFL, status | O_NONBLOCK) != 0 ||
      ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0) {
    return Complain(where, DescribeErrno(errno));
  }
  const SocketAddress local = SocketAddress::LocalOf(fd.get());
  if (local.is_ip() && !SetFlag(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1)) {
    return Complain(where, DescribeErrno(errno));
  }
  return std::unique_ptr<Listener>(new Listener(std::move(fd), local));
}

Listener::~Listener() {
  if (file_inode_ == 0) return;
  // Another server may have put its own socket in this place since.
  const std::string path(local_.unix_path());
  struct stat file {};
  if (::lstat(path.c_str(), &file) == 0 && file.st_dev == file_device_ &&
      file.st_ino == file_inode_) {
    ::unlink(path.c_str());
  }
}

Result<std::vector<std::unique_ptr<Listener>>, std::string> ListenOn(
    const ListenAddress& address, const ListenerOptions& options) {
  const auto addresses = AddressesOf(address, options);
  if (!addresses.ok()) return Complain(address.text, addresses.error());
  auto sockets = OpenSockets(addresses.value(), options.backlog);
  // A machine without IPv6 still has a wildcard.
  if (!sockets.ok() && address.kind == ListenAddress::Kind::kWildcard &&
      IsAbsentHere(sockets.error())) {
    sockets = OpenSockets({SocketAddress::AnyIpv4(address.port)}, options.backlog);
  }
  if (!sockets.ok()) {
    const std::string where = sockets.error().address.ToDisplayString();
    const bool is_name = address.kind == ListenAddress::Kind::kName;
    return Complain(is_name ? address.text + " (" + where + ")" : where, sockets.error().reason);
  }
  std::vector<std::unique_ptr<Listener>> listeners;
  for (UniqueFd& fd : *sockets) listeners.push_back(Listener::OfOwnSocket(std::move(fd)));
  return listeners;
}

}  // namespace weir::net
