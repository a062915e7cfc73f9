// Are addresses of sockets read and shown as gRPC does?
#include "transport/net/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace weir::net {
namespace {

SocketAddress Numeric(std::string_view host, uint16_t port) {
  SocketAddress address;
  EXPECT_TRUE(SocketAddress::ParseNumeric(host, port, address)) << host;
  return address;
}

SocketAddress UnixPath(std::string_view path) {
  SocketAddress address;
  EXPECT_TRUE(SocketAddress::Unix(path, address)) << path;
  return address;
}

SocketAddress Abstract(std::string_view name) {
  SocketAddress address;
  EXPECT_TRUE(SocketAddress::UnixAbstract(name, address)) << name;
  return address;
}

TEST(SocketAddress, IsShownInTheFormOfGrpc) {
  EXPECT_EQ(Numeric("127.0.0.1", 50051).ToString(), "ipv4:127.0.0.1:50051");
  EXPECT_EQ(Numeric("::1", 1).ToString(), "ipv6:%5B::1%5D:1");
  EXPECT_EQ(Numeric("2001:db8::7", 65535).ToString(), "ipv6:%5B2001:db8::7%5D:65535");
  EXPECT_EQ(Numeric("fe80::1%lo", 80).ToString(), "ipv6:%5Bfe80::1%25lo%5D:80");
  EXPECT_EQ(UnixPath("/run/weir.sock").ToString(), "unix:/run/weir.sock");
  EXPECT_EQ(UnixPath("/a b").ToString(), "unix:/a%20b");
  EXPECT_EQ(Abstract("weir").ToString(), "unix-abstract:weir");
  EXPECT_EQ(Abstract(std::string_view("a\0b", 3)).ToString(), "unix-abstract:a%00b");
  EXPECT_EQ(SocketAddress().ToString(), "");
}

TEST(SocketAddress, IsShownToPeopleAsTheyWriteIt) {
  EXPECT_EQ(Numeric("127.0.0.1", 50051).ToDisplayString(), "127.0.0.1:50051");
  EXPECT_EQ(Numeric("::1", 1).ToDisplayString(), "[::1]:1");
  EXPECT_EQ(UnixPath("/a b").ToDisplayString(), "/a b");
  EXPECT_EQ(Abstract("weir").ToDisplayString(), "unix-abstract:weir");
  EXPECT_EQ(SocketAddress().ToDisplayString(), "(no address)");
}

TEST(SocketAddress, BelongsToItsIpv4AddressOrItsIpv6Network) {
  EXPECT_EQ(Numeric("192.0.2.1", 443).block(), Numeric("192.0.2.1", 80).block());
  EXPECT_EQ(Numeric("192.0.2.1", 443).block(), Numeric("::ffff:192.0.2.1", 443).block());
  EXPECT_NE(Numeric("192.0.2.1", 443).block(), Numeric("192.0.2.2", 443).block());
  EXPECT_NE(Numeric("0.0.0.1", 443).block(), Numeric("::1:0:0:0:1", 443).block());
  EXPECT_EQ(Numeric("2001:db8:0:1::1", 1).block(), Numeric("2001:db8:0:1:ffff::2", 2).block());
  EXPECT_NE(Numeric("2001:db8:0:1::1", 1).block(), Numeric("2001:db8:0:2::1", 1).block());
  EXPECT_FALSE(SocketAddress().block());
  SocketAddress socket;
  ASSERT_TRUE(SocketAddress::Unix("/run/weir.sock", socket));
  EXPECT_FALSE(socket.block());
}

TEST(SocketAddress, ShowsAMappedIpv4AddressAsIpv4) {
  const SocketAddress mapped = Numeric("::ffff:192.0.2.1", 443);
  EXPECT_EQ(mapped.family(), AF_INET6);
  EXPECT_EQ(mapped.ToString(), "ipv4:192.0.2.1:443");
  EXPECT_EQ(mapped.HostString(), "192.0.2.1");
}

TEST(SocketAddress, RefusesWhatIsNotNumeric) {
  SocketAddress address;
  for (const char* host : {"", "localhost", "127.1", "1.2.3.4.5", "256.0.0.1", "[::1]", ":::",
                           "127.0.0.1%lo", "fe80::1%", "fe80::1%nosuchinterface", "fe80::1%0"}) {
    EXPECT_FALSE(SocketAddress::ParseNumeric(host, 1, address)) << host;
  }
}

TEST(SocketAddress, AcceptsAZoneByNumber) {
  SocketAddress address;
  ASSERT_TRUE(SocketAddress::ParseNumeric("fe80::1%4294967295", 1, address));
  EXPECT_EQ(address.HostString(), "fe80::1%4294967295");
}

TEST(SocketAddress, KnowsWildcards) {
  EXPECT_TRUE(SocketAddress::AnyIpv4(1).is_wildcard());
  EXPECT_TRUE(SocketAddress::AnyIpv6(1).is_wildcard());
  EXPECT_FALSE(Numeric("127.0.0.1", 1).is_wildcard());
  EXPECT_FALSE(UnixPath("/x").is_wildcard());
}

TEST(SocketAddress, KeepsAPathOf107BytesAndNoMore) {
  SocketAddress address;
  const std::string longest(107, 'p');
  ASSERT_TRUE(SocketAddress::Unix(longest, address));
  EXPECT_EQ(address.unix_path(), longest);
  EXPECT_FALSE(SocketAddress::Unix(longest + "p", address));
  ASSERT_TRUE(SocketAddress::UnixAbstract(longest, address));
  EXPECT_EQ(address.raw_length(), sizeof(sockaddr_un));
  EXPECT_FALSE(SocketAddress::UnixAbstract(longest + "p", address));
}

TEST(SocketAddress, RefusesAPathWithANul) {
  SocketAddress address;
  EXPECT_FALSE(SocketAddress::Unix(std::string_view("a\0b", 3), address));
  EXPECT_FALSE(SocketAddress::Unix("", address));
}

TEST(SocketAddress, SurvivesTheKernelsForm) {
  for (const SocketAddress& address :
       {Numeric("192.0.2.1", 7), Numeric("2001:db8::1", 8), UnixPath("/x/y"), Abstract("name")}) {
    const auto copy = SocketAddress::FromRaw(address.raw(), address.raw_length());
    EXPECT_EQ(copy, address);
    EXPECT_EQ(copy.ToString(), address.ToString());
  }
}

TEST(SocketAddress, ReadsTheFullFieldWithoutANul) {
  sockaddr_un raw{};
  raw.sun_family = AF_UNIX;
  std::memset(raw.sun_path, 'p', sizeof(raw.sun_path));
  const auto address = SocketAddress::FromRaw(reinterpret_cast<sockaddr*>(&raw), sizeof(raw));
  EXPECT_EQ(address.unix_path(), std::string(108, 'p'));
}

TEST(SocketAddress, KnowsAnUnnamedUnixSocket) {
  sockaddr_un raw{};
  raw.sun_family = AF_UNIX;
  const auto address =
      SocketAddress::FromRaw(reinterpret_cast<sockaddr*>(&raw), sizeof(sa_family_t));
  EXPECT_TRUE(address.is_unix());
  EXPECT_EQ(address.ToString(), "unix:");
  EXPECT_EQ(address.ToDisplayString(), "(unnamed unix socket)");
}

TEST(SocketAddress, IsEmptyForOtherFamiliesAndImpossibleLengths) {
  sockaddr_storage raw{};
  auto* address = reinterpret_cast<sockaddr*>(&raw);
  raw.ss_family = AF_NETLINK;
  EXPECT_EQ(SocketAddress::FromRaw(address, 12), SocketAddress());
  raw.ss_family = AF_INET;
  EXPECT_EQ(SocketAddress::FromRaw(address, sizeof(sockaddr_in) - 1), SocketAddress());
  raw.ss_family = AF_UNIX;
  EXPECT_EQ(SocketAddress::FromRaw(address, sizeof(raw)), SocketAddress());
  EXPECT_EQ(SocketAddress::FromRaw(nullptr, 0), SocketAddress());
}

TEST(SocketAddress, ComparesEverythingThatMatters) {
  EXPECT_EQ(Numeric("::1", 1), Numeric("0:0::1", 1));
  EXPECT_FALSE(Numeric("::1", 1) == Numeric("::1", 2));
  EXPECT_FALSE(Numeric("127.0.0.1", 1) == Numeric("127.0.0.2", 1));
  EXPECT_FALSE(Numeric("fe80::1%1", 1) == Numeric("fe80::1%2", 1));
  EXPECT_FALSE(UnixPath("name") == Abstract("name"));
  EXPECT_FALSE(SocketAddress() == Numeric("127.0.0.1", 1));
}

TEST(SocketAddress, ChangesThePortOfIpAddressesOnly) {
  SocketAddress ipv6 = Numeric("::1", 1);
  ipv6.set_port(2);
  EXPECT_EQ(ipv6, Numeric("::1", 2));
  SocketAddress path = UnixPath("/x");
  path.set_port(2);
  EXPECT_EQ(path, UnixPath("/x"));
  EXPECT_EQ(path.port(), 0);
}

}  // namespace
}  // namespace weir::net
