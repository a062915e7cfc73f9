#include "server/connections_by_address.h"

#include <gtest/gtest.h>

#include <string_view>

namespace weir::server {
namespace {

net::SocketAddress Ip(std::string_view host, uint16_t port = 1) {
  net::SocketAddress address;
  EXPECT_TRUE(net::SocketAddress::ParseNumeric(host, port, address));
  return address;
}

TEST(ConnectionsByAddress, LetEachClientHaveItsShare) {
  ConnectionsByAddress connections(2);
  EXPECT_TRUE(connections.Add(Ip("192.0.2.1", 1)));
  EXPECT_TRUE(connections.Add(Ip("192.0.2.1", 2)));
  EXPECT_FALSE(connections.Add(Ip("192.0.2.1", 3)));
  EXPECT_TRUE(connections.Add(Ip("192.0.2.2", 1)));
  EXPECT_EQ(connections.client_count(), 2u);
}

TEST(ConnectionsByAddress, GiveAPlaceBack) {
  ConnectionsByAddress connections(1);
  for (uint16_t i = 1; i < 100; ++i) {
    EXPECT_TRUE(connections.Add(Ip("192.0.2.1", i)));
    EXPECT_FALSE(connections.Add(Ip("192.0.2.1", i)));
    connections.Remove(Ip("192.0.2.1", i));
    EXPECT_EQ(connections.client_count(), 0u);
  }
}

TEST(ConnectionsByAddress, TakeAnIpv6NetworkForOneClient) {
  ConnectionsByAddress connections(1);
  EXPECT_TRUE(connections.Add(Ip("2001:db8:0:1::1")));
  EXPECT_FALSE(connections.Add(Ip("2001:db8:0:1:ffff::2")));
  EXPECT_TRUE(connections.Add(Ip("2001:db8:0:2::1")));
}

TEST(ConnectionsByAddress, DoNotCountUnixSockets) {
  ConnectionsByAddress connections(1);
  net::SocketAddress socket;
  ASSERT_TRUE(net::SocketAddress::Unix("/run/weir.sock", socket));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(connections.Add(socket));
  connections.Remove(socket);
  EXPECT_EQ(connections.client_count(), 0u);
}

TEST(ConnectionsByAddress, KeepNothingWithoutALimit) {
  ConnectionsByAddress connections(0);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(connections.Add(Ip("192.0.2.1")));
  EXPECT_EQ(connections.client_count(), 0u);
  connections.Remove(Ip("192.0.2.1"));
}

}  // namespace
}  // namespace weir::server
