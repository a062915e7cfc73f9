// Is a client's certificate taken apart completely, and not into names that mislead?
#include "transport/net/tls_peer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/transport/net/test_certificates.h"
#include "tests/transport/net/tls_test_client.h"

namespace weir::net {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The peer as the server describes it, when a client shows `identity`.
TlsPeer PeerOf(const TestAuthority& authority, const TestIdentity& identity) {
  const TestIdentity own = authority.Issue({.common_name = "server"});
  auto context =
      TlsContext::Create({.identities = {{own.private_key_pem, own.certificate_pem}},
                          .client_roots_pem = authority.certificate_pem(),
                          .client_certificates = ClientCertificateMode::kRequireAndVerify});
  EXPECT_TRUE(context.ok());
  TlsTestServer server(**context);
  TlsTestClient client(
      {.certificate_pem = identity.certificate_pem, .private_key_pem = identity.private_key_pem});
  Exchange(client, server);
  EXPECT_TRUE(server.session().IsHandshakeDone()) << server.session().failure();
  return server.session().Peer().value_or(TlsPeer());
}

TEST(TlsPeer, HasTheNamesOfTheCertificate) {
  const TestAuthority authority("authority");
  const TestIdentity identity = authority.Issue(
      {.common_name = "alice",
       .alternative_names = "DNS:a.example,DNS:b.example,URI:spiffe://example/alice,"
                            "email:alice@example.com,IP:192.0.2.1,IP:2001:db8::1,RID:1.2.3.4"});
  const TlsPeer peer = PeerOf(authority, identity);
  EXPECT_TRUE(peer.is_verified);
  EXPECT_EQ(peer.subject, "CN=alice");
  EXPECT_EQ(peer.common_name, "alice");
  EXPECT_THAT(peer.dns_names, ElementsAre("a.example", "b.example"));
  EXPECT_THAT(peer.uris, ElementsAre("spiffe://example/alice"));
  EXPECT_THAT(peer.email_addresses, ElementsAre("alice@example.com"));
  EXPECT_THAT(peer.ip_addresses, ElementsAre("192.0.2.1", "2001:db8::1"));
  EXPECT_EQ(peer.certificate_pem, identity.certificate_pem);
}

TEST(TlsPeer, HasTheWholeChainThatTheClientSent) {
  const TestAuthority authority("authority");
  TestIdentity identity = authority.Issue({});
  const std::string leaf = identity.certificate_pem;
  identity.certificate_pem += authority.certificate_pem();
  const TlsPeer peer = PeerOf(authority, identity);
  EXPECT_EQ(peer.certificate_pem, leaf);
  EXPECT_EQ(peer.chain_pem, identity.certificate_pem);
}

TEST(TlsPeer, MayHaveNoNamesAtAll) {
  const TestAuthority authority("authority");
  const TlsPeer peer = PeerOf(authority, authority.Issue({.common_name = "x"}));
  EXPECT_THAT(peer.dns_names, IsEmpty());
  EXPECT_THAT(peer.uris, IsEmpty());
  EXPECT_THAT(peer.email_addresses, IsEmpty());
  EXPECT_THAT(peer.ip_addresses, IsEmpty());
}

TEST(TlsPeer, LeavesOutANameWithANulInside) {
  const TestAuthority authority("authority");
  const std::string misleading("good.example\0.evil.example", 26);
  const TlsPeer peer = PeerOf(authority, authority.Issue({.common_name = misleading}));
  EXPECT_EQ(peer.common_name, "");
  EXPECT_NE(peer.subject, "CN=good.example");
}

TEST(TlsPeer, ShowsLettersOfAnyAlphabet) {
  const TestAuthority authority("authority");
  const TlsPeer peer = PeerOf(authority, authority.Issue({.common_name = "Ålice 爱"}));
  EXPECT_EQ(peer.common_name, "Ålice 爱");
}

}  // namespace
}  // namespace weir::net
