// Which texts say where to listen, and what is said about the others?
#include "transport/net/listen_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace weir::net {
namespace {

using Kind = ListenAddress::Kind;

struct Accepted {
  std::string text;
  Kind kind;
  std::string address;  // of numeric and Unix ones; else the host
  uint16_t port;
};

class AcceptedTest : public ::testing::TestWithParam<Accepted> {};

TEST_P(AcceptedTest, IsUnderstood) {
  const Accepted& expected = GetParam();
  const auto parsed = ListenAddress::Parse(expected.text);
  ASSERT_TRUE(parsed.ok()) << parsed.error();
  const ListenAddress& address = parsed.value();
  EXPECT_EQ(address.kind, expected.kind);
  EXPECT_EQ(address.port, expected.port);
  EXPECT_EQ(address.text, expected.text);
  const bool is_complete = address.kind == Kind::kNumeric || address.kind == Kind::kUnix;
  EXPECT_EQ(is_complete ? address.numeric.ToDisplayString() : address.host, expected.address);
}

INSTANTIATE_TEST_SUITE_P(
    ListenAddress, AcceptedTest,
    ::testing::Values(Accepted{"0.0.0.0:50051", Kind::kNumeric, "0.0.0.0:50051", 50051},
                      Accepted{"127.0.0.1:0", Kind::kNumeric, "127.0.0.1:0", 0},
                      Accepted{"[::1]:65535", Kind::kNumeric, "[::1]:65535", 65535},
                      Accepted{"[::]:80", Kind::kNumeric, "[::]:80", 80},
                      Accepted{"[fe80::1%lo]:80", Kind::kNumeric, "[fe80::1%lo]:80", 80},
                      Accepted{"*:50051", Kind::kWildcard, "", 50051},
                      Accepted{":50051", Kind::kWildcard, "", 50051},
                      Accepted{"localhost:50051", Kind::kName, "localhost", 50051},
                      Accepted{"api_1.example-2.com:1", Kind::kName, "api_1.example-2.com", 1},
                      Accepted{"dns:localhost:50051", Kind::kName, "localhost", 50051},
                      Accepted{"dns:///localhost:50051", Kind::kName, "localhost", 50051},
                      Accepted{"dns:/localhost:50051", Kind::kName, "localhost", 50051},
                      Accepted{"dns:1.2.3.4:50051", Kind::kNumeric, "1.2.3.4:50051", 50051},
                      Accepted{"ipv4:1.2.3.4:50051", Kind::kNumeric, "1.2.3.4:50051", 50051},
                      Accepted{"ipv6:[::1]:50051", Kind::kNumeric, "[::1]:50051", 50051},
                      Accepted{"ipv6:%5B::1%5D:50051", Kind::kNumeric, "[::1]:50051", 50051},
                      Accepted{"unix:/run/weir.sock", Kind::kUnix, "/run/weir.sock", 0},
                      Accepted{"unix:relative.sock", Kind::kUnix, "relative.sock", 0},
                      Accepted{"unix:///run/weir.sock", Kind::kUnix, "/run/weir.sock", 0},
                      Accepted{"unix:/a%20b", Kind::kUnix, "/a b", 0},
                      Accepted{"unix-abstract:weir", Kind::kUnix, "unix-abstract:weir", 0},
                      Accepted{"unix-abstract:a%00b", Kind::kUnix, "unix-abstract:a%00b", 0}));

struct Refused {
  std::string text;
  std::string reason;
};

class RefusedTest : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedTest, IsExplained) {
  const auto parsed = ListenAddress::Parse(GetParam().text);
  ASSERT_FALSE(parsed.ok());
  EXPECT_THAT(parsed.error(), ::testing::StartsWith("listen address \"" + GetParam().text + "\" "));
  EXPECT_THAT(parsed.error(), ::testing::HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    ListenAddress, RefusedTest,
    ::testing::Values(
        Refused{"", "has no port"}, Refused{"localhost", "host:port"},
        Refused{"[::1]", "[address]:port"}, Refused{"[::1", "without a \"]\""},
        Refused{"::1", "brackets"}, Refused{"::1:50051", "brackets"},
        Refused{"[localhost]:1", "not an IPv6 address"},
        Refused{"[127.0.0.1]:1", "not an IPv6 address"}, Refused{"[]:1", "not an IPv6 address"},
        Refused{"localhost:", "0 to 65535"}, Refused{"localhost:65536", "0 to 65535"},
        Refused{"localhost:-1", "0 to 65535"}, Refused{"localhost:+1", "0 to 65535"},
        Refused{"localhost: 1", "0 to 65535"}, Refused{"localhost:1x", "0 to 65535"},
        Refused{"localhost:https", "0 to 65535"}, Refused{"my host:1", "no host name"},
        Refused{"a/b:1", "no host name"}, Refused{"http://localhost:80", "scheme"},
        Refused{"dns://8.8.8.8/localhost:80", "name server"}, Refused{"dns:", "has no port"},
        Refused{"ipv4:localhost:1", "IPv4"}, Refused{"ipv4:[::1]:1", "IPv4"},
        Refused{"ipv6:1.2.3.4:1", "IPv6"}, Refused{"ipv6:::1", "brackets"},
        Refused{"ipv4:1.2.3.4:1,1.2.3.5:1", "each"}, Refused{"ipv6:%5B::1%5", "%25"},
        Refused{"unix:", "no path"}, Refused{"unix://host/path", "has a host"},
        Refused{"unix-abstract:", "no path"}, Refused{"unix-abstract:///x", "has a host"},
        Refused{"unix:a%00b", "no NUL"}, Refused{"unix:/" + std::string(107, 'p'), "107 bytes"}));

}  // namespace
}  // namespace weir::net
