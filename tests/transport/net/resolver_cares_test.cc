// Do names become addresses, or an explanation in time?
#include "transport/net/resolver_cares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/transport/net/scripted_name_server.h"
#include "transport/net/clock.h"

namespace weir::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<std::string> Resolve(const std::string& host, const ResolveOptions& options = {}) {
  const auto resolved = ResolveHost(host, 50051, options);
  EXPECT_TRUE(resolved.ok()) << resolved.error();
  std::vector<std::string> texts;
  if (!resolved.ok()) return texts;
  for (const SocketAddress& address : resolved.value()) texts.push_back(address.ToDisplayString());
  return texts;
}

std::string ErrorOf(const std::string& host, const ResolveOptions& options) {
  const auto resolved = ResolveHost(host, 1, options);
  return resolved.ok() ? "resolved" : resolved.error();
}

TEST(ResolveHost, ReturnsNumericAddressesWithoutAsking) {
  // A name server that cannot even be parsed shows that nobody is asked.
  const ResolveOptions unusable{.name_servers = "not an address"};
  EXPECT_THAT(Resolve("192.0.2.7", unusable), ::testing::ElementsAre("192.0.2.7:50051"));
  EXPECT_THAT(Resolve("2001:db8::7", unusable), ::testing::ElementsAre("[2001:db8::7]:50051"));
  EXPECT_EQ(ErrorOf("weir.test", unusable),
            "cannot resolve \"weir.test\": the list of name servers is malformed");
}

TEST(ResolveHost, KnowsLocalhostWithoutANameServer) {
  const ResolveOptions nobody{.timeout = seconds(2), .name_servers = "127.0.0.1:1"};
  const std::vector<std::string> addresses = Resolve("localhost", nobody);
  EXPECT_THAT(addresses, ::testing::Contains("127.0.0.1:50051"));
  EXPECT_THAT(addresses, ::testing::Each(::testing::AnyOf("127.0.0.1:50051", "[::1]:50051")));
}

TEST(ResolveHost, ReturnsAddressesOfBothFamiliesOnce) {
  ScriptedNameServer server({.addresses = {"192.0.2.7", "192.0.2.8", "192.0.2.7", "2001:db8::7"}});
  EXPECT_THAT(
      Resolve("weir.test", {.name_servers = server.address()}),
      ::testing::UnorderedElementsAre("192.0.2.7:50051", "192.0.2.8:50051", "[2001:db8::7]:50051"));
}

TEST(ResolveHost, NeedsOnlyOneFamily) {
  ScriptedNameServer server({.addresses = {"2001:db8::7"}});
  EXPECT_THAT(Resolve("weir.test", {.name_servers = server.address()}),
              ::testing::ElementsAre("[2001:db8::7]:50051"));
}

TEST(ResolveHost, SaysThatThereIsNoSuchName) {
  ScriptedNameServer server({.response_code = 3});
  EXPECT_EQ(ErrorOf("nobody.invalid", {.name_servers = server.address()}),
            "cannot resolve \"nobody.invalid\": no such name");
}

TEST(ResolveHost, SaysThatTheNameHasNoAddress) {
  ScriptedNameServer server({});
  EXPECT_EQ(ErrorOf("weir.test", {.name_servers = server.address()}),
            "cannot resolve \"weir.test\": the name has no address");
}

TEST(ResolveHost, SaysThatTheNameServersFail) {
  ScriptedNameServer failing({.response_code = 2});
  EXPECT_THAT(ErrorOf("weir.test", {.name_servers = failing.address()}),
              ::testing::StartsWith("cannot resolve \"weir.test\": the name servers "));
}

// Three servers are asked four times each, and would take ten times as long if nobody stopped that.
TEST(ResolveHost, GivesUpInTimeOnSilentServers) {
  const ScriptedNameServer silent({.answers = false});
  const std::string& one = silent.address();
  const TimePoint start = MonotonicNow();
  EXPECT_EQ(ErrorOf("weir.test",
                    {.timeout = milliseconds(200), .name_servers = one + "," + one + "," + one}),
            "cannot resolve \"weir.test\": the name servers did not answer in time");
  EXPECT_LT(MonotonicNow() - start, milliseconds(1500));
}

TEST(ResolveHost, RefusesWhatNoNameCanBe) {
  const ResolveOptions nobody{.timeout = milliseconds(100), .name_servers = "127.0.0.1:1"};
  EXPECT_THAT(ErrorOf(std::string(300, 'a'), nobody), ::testing::StartsWith("cannot resolve \"a"));
  EXPECT_THAT(ErrorOf("a..b", nobody), ::testing::StartsWith("cannot resolve \"a..b\": "));
  EXPECT_THAT(ErrorOf("", nobody), ::testing::StartsWith("cannot resolve \"\": "));
}

}  // namespace
}  // namespace weir::net
