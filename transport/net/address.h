// Where is a socket, in the kernel's form and in the forms people read?
#ifndef WEIR_TRANSPORT_NET_ADDRESS_H_
#define WEIR_TRANSPORT_NET_ADDRESS_H_

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::net {

// Whom an IP address belongs to, as far as it tells: all of an IPv4 address, and the first 64 bits
// of an IPv6 address, since who has one of the rest has them all (RFC 4291 §2.5.4). IPv4 addresses
// mapped into IPv6 are IPv4.
struct AddressBlock {
  bool is_ipv6 = false;
  uint64_t prefix = 0;

  friend auto operator<=>(const AddressBlock& a, const AddressBlock& b) = default;
};

// An address of a socket: IPv4, IPv6 or Unix. A value of 116 bytes.
class SocketAddress {
 public:
  // No address: what an unconnected or foreign socket has.
  SocketAddress();

  // `address` as accept(), getsockname() or a resolver gave it. Families other than the three above
  // give the empty address, as does a length beyond what the family can have.
  static SocketAddress FromRaw(const sockaddr* address, socklen_t length);

  // 0.0.0.0 and [::].
  static SocketAddress AnyIpv4(uint16_t port);
  static SocketAddress AnyIpv6(uint16_t port);

  // `host` is a numeric address, IPv6 without brackets and possibly with a zone ("fe80::1%eth0").
  // False if it is not.
  static bool ParseNumeric(std::string_view host, uint16_t port, SocketAddress& address);

  // False when the path or name does not fit (107 bytes). An abstract name has no leading NUL here.
  static bool Unix(std::string_view path, SocketAddress& address);
  static bool UnixAbstract(std::string_view name, SocketAddress& address);

  // Of the socket that `fd` is; the empty address if the kernel does not know.
  static SocketAddress LocalOf(int fd);
  static SocketAddress PeerOf(int fd);

  int family() const { return any_.sa_family; }
  bool is_ip() const { return family() == AF_INET || family() == AF_INET6; }
  bool is_unix() const { return family() == AF_UNIX; }

  // 0 unless is_ip().
  uint16_t port() const;
  void set_port(uint16_t port);

  // 0.0.0.0 or [::].
  bool is_wildcard() const;

  // Nothing unless is_ip().
  std::optional<AddressBlock> block() const;

  // The path in the file system; empty for abstract and unnamed sockets and other families.
  std::string_view unix_path() const;

  // In gRPC's form, as in ServerContext::peer: "ipv4:127.0.0.1:50051", "ipv6:%5B::1%5D:50051",
  // "unix:/run/weir.sock", "unix-abstract:name". IPv4 addresses mapped into IPv6 are shown as IPv4.
  // An unnamed Unix socket is "unix:".
  std::string ToString() const;

  // As people write it: "127.0.0.1:50051", "[::1]:50051", "/run/weir.sock".
  std::string ToDisplayString() const;

  // The host alone: "127.0.0.1", "::1"; empty unless is_ip().
  std::string HostString() const;

  const sockaddr* raw() const { return &any_; }
  socklen_t raw_length() const { return length_; }

  friend bool operator==(const SocketAddress& a, const SocketAddress& b);

 private:
  std::string_view unix_name() const;

  union {
    sockaddr any_;
    sockaddr_in ipv4_;
    sockaddr_in6 ipv6_;
    sockaddr_un unix_;
  };
  socklen_t length_;
};

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_ADDRESS_H_
