#include "transport/net/address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "transport/base/bytes.h"
#include "transport/net/percent_path.h"

namespace weir::net {

namespace {

constexpr size_t kUnixNameOffset = offsetof(sockaddr_un, sun_path);
// One less than the field, for the NUL that ends a path.
constexpr size_t kUnixNameMax = sizeof(sockaddr_un::sun_path) - 1;

std::string FormatIpv4(const in_addr& address) {
  std::array<char, INET_ADDRSTRLEN> text;
  return ::inet_ntop(AF_INET, &address, text.data(), text.size());
}

std::string FormatIpv6(const sockaddr_in6& address) {
  std::array<char, INET6_ADDRSTRLEN> text;
  std::string host = ::inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
  if (address.sin6_scope_id != 0) {
    std::array<char, IF_NAMESIZE> zone;
    host += '%';
    host += ::if_indextoname(address.sin6_scope_id, zone.data()) != nullptr
                ? std::string(zone.data())
                : std::to_string(address.sin6_scope_id);
  }
  return host;
}

// RFC 4007 §11.2: a name of an interface, or its number.
bool ParseZone(const std::string& zone, uint32_t& scope_id) {
  scope_id = ::if_nametoindex(zone.c_str());
  if (scope_id != 0) return true;
  const char* end = zone.data() + zone.size();
  const auto [stop, error] = std::from_chars(zone.data(), end, scope_id);
  return error == std::errc() && stop == end && scope_id != 0;
}

}  // namespace

SocketAddress::SocketAddress() : unix_{}, length_(0) {}

SocketAddress SocketAddress::FromRaw(const sockaddr* address, socklen_t length) {
  SocketAddress result;
  if (address == nullptr || length < sizeof(sa_family_t)) return result;
  size_t expected_max = 0;
  size_t expected_min = 0;
  switch (address->sa_family) {
    case AF_INET:
      expected_min = expected_max = sizeof(sockaddr_in);
      break;
    case AF_INET6:
      expected_min = expected_max = sizeof(sockaddr_in6);
      break;
    case AF_UNIX:
      expected_min = kUnixNameOffset;
      expected_max = sizeof(sockaddr_un);
      break;
    default:
      return result;
  }
  if (length < expected_min || length > expected_max) return result;
  std::memcpy(&result.unix_, address, length);
  result.length_ = length;
  return result;
}

SocketAddress SocketAddress::AnyIpv4(uint16_t port) {
  SocketAddress result;
  result.ipv4_.sin_family = AF_INET;
  result.ipv4_.sin_addr.s_addr = htonl(INADDR_ANY);
  result.length_ = sizeof(sockaddr_in);
  result.set_port(port);
  return result;
}

SocketAddress SocketAddress::AnyIpv6(uint16_t port) {
  SocketAddress result;
  result.ipv6_.sin6_family = AF_INET6;
  result.ipv6_.sin6_addr = in6addr_any;
  result.length_ = sizeof(sockaddr_in6);
  result.set_port(port);
  return result;
}

bool SocketAddress::ParseNumeric(std::string_view host, uint16_t port, SocketAddress& address) {
  const size_t percent = host.find('%');
  const std::string digits(host.substr(0, percent));
  if (percent == std::string_view::npos) {
    SocketAddress ipv4 = AnyIpv4(port);
    if (::inet_pton(AF_INET, digits.c_str(), &ipv4.ipv4_.sin_addr) == 1) {
      address = ipv4;
      return true;
    }
  }
  SocketAddress ipv6 = AnyIpv6(port);
  if (::inet_pton(AF_INET6, digits.c_str(), &ipv6.ipv6_.sin6_addr) != 1) return false;
  if (percent != std::string_view::npos &&
      !ParseZone(std::string(host.substr(percent + 1)), ipv6.ipv6_.sin6_scope_id)) {
    return false;
  }
  address = ipv6;
  return true;
}

bool SocketAddress::Unix(std::string_view path, SocketAddress& address) {
  if (path.empty() || path.size() > kUnixNameMax || path.find('\0') != path.npos) return false;
  address = SocketAddress();
  address.unix_.sun_family = AF_UNIX;
  std::memcpy(address.unix_.sun_path, path.data(), path.size());
  address.length_ = static_cast<socklen_t>(kUnixNameOffset + path.size() + 1);
  return true;
}

bool SocketAddress::UnixAbstract(std::string_view name, SocketAddress& address) {
  if (name.empty() || name.size() > kUnixNameMax) return false;
  address = SocketAddress();
  address.unix_.sun_family = AF_UNIX;
  std::memcpy(address.unix_.sun_path + 1, name.data(), name.size());
  address.length_ = static_cast<socklen_t>(kUnixNameOffset + 1 + name.size());
  return true;
}

SocketAddress SocketAddress::LocalOf(int fd) {
  sockaddr_storage raw{};
  socklen_t length = sizeof(raw);
  auto* address = reinterpret_cast<sockaddr*>(&raw);
  if (::getsockname(fd, address, &length) != 0) return SocketAddress();
  return FromRaw(address, length);
}

SocketAddress SocketAddress::PeerOf(int fd) {
  sockaddr_storage raw{};
  socklen_t length = sizeof(raw);
  auto* address = reinterpret_cast<sockaddr*>(&raw);
  if (::getpeername(fd, address, &length) != 0) return SocketAddress();
  return FromRaw(address, length);
}

uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(ipv4_.sin_port);
  return family() == AF_INET6 ? ntohs(ipv6_.sin6_port) : uint16_t{0};
}

void SocketAddress::set_port(uint16_t port) {
  if (family() == AF_INET) ipv4_.sin_port = htons(port);
  if (family() == AF_INET6) ipv6_.sin6_port = htons(port);
}

bool SocketAddress::is_wildcard() const {
  if (family() == AF_INET) return ipv4_.sin_addr.s_addr == htonl(INADDR_ANY);
  return family() == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&ipv6_.sin6_addr);
}

// With the leading NUL of an abstract name, without the trailing one of a path.
std::string_view SocketAddress::unix_name() const {
  if (family() != AF_UNIX || length_ <= kUnixNameOffset) return {};
  const std::string_view name(unix_.sun_path, length_ - kUnixNameOffset);
  return name.front() == '\0' ? name : name.substr(0, name.find('\0'));
}

std::optional<AddressBlock> SocketAddress::block() const {
  if (family() == AF_INET) return AddressBlock{false, ntohl(ipv4_.sin_addr.s_addr)};
  if (family() != AF_INET6) return std::nullopt;
  const uint8_t* const octets = ipv6_.sin6_addr.s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&ipv6_.sin6_addr)) return AddressBlock{false, LoadBig32(octets + 12)};
  return AddressBlock{true, LoadBig64(octets)};
}

std::string_view SocketAddress::unix_path() const {
  const std::string_view name = unix_name();
  return name.empty() || name.front() == '\0' ? std::string_view() : name;
}

std::string SocketAddress::HostString() const {
  if (family() == AF_INET) return FormatIpv4(ipv4_.sin_addr);
  if (family() != AF_INET6) return std::string();
  if (!IN6_IS_ADDR_V4MAPPED(&ipv6_.sin6_addr)) return FormatIpv6(ipv6_);
  in_addr ipv4;
  std::memcpy(&ipv4, ipv6_.sin6_addr.s6_addr + 12, sizeof(ipv4));
  return FormatIpv4(ipv4);
}

std::string SocketAddress::ToDisplayString() const {
  if (is_ip()) {
    const std::string host = HostString();
    const std::string port_text = std::to_string(port());
    const bool needs_brackets = host.find(':') != std::string::npos;
    return needs_brackets ? "[" + host + "]:" + port_text : host + ":" + port_text;
  }
  if (!is_unix()) return "(no address)";
  const std::string_view name = unix_name();
  if (name.empty()) return "(unnamed unix socket)";
  return name.front() == '\0' ? "unix-abstract:" + PercentEncodePath(name.substr(1))
                              : std::string(name);
}

std::string SocketAddress::ToString() const {
  if (is_ip()) {
    const std::string display = ToDisplayString();
    return (display.front() == '[' ? "ipv6:" : "ipv4:") + PercentEncodePath(display);
  }
  if (!is_unix()) return std::string();
  const std::string_view name = unix_name();
  if (!name.empty() && name.front() == '\0') {
    return "unix-abstract:" + PercentEncodePath(name.substr(1));
  }
  return "unix:" + PercentEncodePath(name);
}

bool operator==(const SocketAddress& a, const SocketAddress& b) {
  if (a.family() != b.family()) return false;
  if (a.family() == AF_INET) {
    return a.ipv4_.sin_port == b.ipv4_.sin_port &&
           a.ipv4_.sin_addr.s_addr == b.ipv4_.sin_addr.s_addr;
  }
  if (a.family() == AF_INET6) {
    return a.ipv6_.sin6_port == b.ipv6_.sin6_port &&
           a.ipv6_.sin6_scope_id == b.ipv6_.sin6_scope_id &&
           IN6_ARE_ADDR_EQUAL(&a.ipv6_.sin6_addr, &b.ipv6_.sin6_addr);
  }
  return a.unix_name() == b.unix_name();
}

}  // namespace weir::net
