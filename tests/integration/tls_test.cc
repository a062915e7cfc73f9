// Does TLS keep out whom it should, tell the handler who is there, and stay out of the way
// otherwise?
#include <gmock/gmock.h>

#include "tests/integration/raw_client.h"
#include "tests/integration/test_certificates.h"
#include "tests/integration/test_server.h"

namespace integration {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A server with one secure port whose Unary handler notes what it knows of its client.
class TlsServer {
 public:
  TlsServer(const TestAuthority& authority, weir::ClientCertificateRequest request) {
    const Certificate identity = authority.Issue("server", "DNS:localhost,IP:127.0.0.1");
    echo_.unary = [this](weir::ServerContext& context, auto&, auto&) -> weir::Task<weir::Status> {
      client_.Set(context.peer_info().tls);
      co_return weir::Status::OK;
    };
    weir::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs = {
        {.private_key = identity.private_key, .cert_chain = identity.certificate}};
    options.pem_root_certs = authority.certificate();
    options.client_certificate_request = request;
    weir::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", weir::SslServerCredentials(options));
    builder.RegisterService(&echo_);
    auto server = builder.BuildAndStart();
    EXPECT_TRUE(server.ok()) << server.status().ToString();
    server_ = std::move(server).value();
  }

  int port() const { return server_->port(); }
  // What the handler of the last call was told.
  std::optional<weir::Peer::TlsIdentity> client() const { return client_.Get(); }

  // Calls Unary; a client without certificate is `identity == nullptr`.
  grpc::Status Call(const std::string& trusted, const Certificate* identity = nullptr) const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = trusted;
    if (identity != nullptr) {
      options.pem_private_key = identity->private_key;
      options.pem_cert_chain = identity->certificate;
    }
    return CallUnary(*upstream::Echo::NewStub(NewChannelTo("127.0.0.1:" + std::to_string(port()),
                                                           grpc::SslCredentials(options))),
                     "");
  }

 private:
  CoroutineEcho echo_;
  Shared<std::optional<weir::Peer::TlsIdentity>> client_;
  std::unique_ptr<weir::Server> server_;
};

TEST(Tls, CarriesCalls) {
  const TestAuthority authority;
  const TlsServer server(authority, weir::ClientCertificateRequest::kDontRequest);
  const grpc::Status status = server.Call(authority.certificate());
  EXPECT_TRUE(status.ok()) << status.error_message();
  ASSERT_TRUE(server.client().has_value());
  EXPECT_EQ(server.client()->protocol, "TLSv1.3");
  EXPECT_EQ(server.client()->common_name, "");
  EXPECT_EQ(server.client()->certificate_pem, "");
}

TEST(Tls, CarriesLargeMessages) {
  const TestAuthority authority;
  const Certificate identity = authority.Issue("server", "DNS:localhost,IP:127.0.0.1");
  BlockingEcho echo;
  int port = 0;
  TestServer server([&](weir::ServerBuilder& builder) {
    weir::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs = {
        {.private_key = identity.private_key, .cert_chain = identity.certificate}};
    builder.AddListeningPort("127.0.0.1:0", weir::SslServerCredentials(options), &port);
    builder.RegisterService(&echo);
  });
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = authority.certificate();
  auto stub = upstream::Echo::NewStub(
      NewChannelTo("127.0.0.1:" + std::to_string(port), grpc::SslCredentials(options)));
  EchoRequest request;
  request.set_payload(std::string(4'000'000, 'x'));
  for (int i = 0; i < 3; ++i) {
    BoundedContext context;
    EchoReply reply;
    const grpc::Status status = stub->Unary(&context, request, &reply);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_TRUE(reply.payload() == request.payload());
  }
  // The port in the clear beside it works as ever.
  const std::string in_the_clear = server.server().addresses().back();
  EXPECT_TRUE(CallUnary(*upstream::Echo::NewStub(NewChannelTo(in_the_clear)), "").ok());
}

TEST(Tls, TellsTheHandlerWhoTheClientIs) {
  const TestAuthority authority;
  const TlsServer server(authority, weir::ClientCertificateRequest::kRequireAndVerify);
  const Certificate alice = authority.Issue(
      "alice", "DNS:alice.test,DNS:a.test,URI:spiffe://test/alice,email:alice@example.com");
  const grpc::Status status = server.Call(authority.certificate(), &alice);
  EXPECT_TRUE(status.ok()) << status.error_message();
  ASSERT_TRUE(server.client().has_value());
  EXPECT_EQ(server.client()->common_name, "alice");
  EXPECT_THAT(server.client()->dns_names, ElementsAre("alice.test", "a.test"));
  EXPECT_THAT(server.client()->uris, ElementsAre("spiffe://test/alice"));
  EXPECT_THAT(server.client()->email_addresses, ElementsAre("alice@example.com"));
  EXPECT_EQ(server.client()->certificate_pem, alice.certificate);
}

TEST(Tls, KeepsOutClientsWithoutACertificateWhenOneIsRequired) {
  const TestAuthority authority;
  const TlsServer server(authority, weir::ClientCertificateRequest::kRequireAndVerify);
  EXPECT_FALSE(server.Call(authority.certificate()).ok());
  const Certificate alice = authority.Issue("alice", "DNS:alice.test");
  EXPECT_TRUE(server.Call(authority.certificate(), &alice).ok());
}

TEST(Tls, KeepsOutCertificatesOfOtherAuthorities) {
  const TestAuthority authority;
  const TestAuthority stranger;
  const TlsServer server(authority, weir::ClientCertificateRequest::kRequireAndVerify);
  const Certificate mallory = stranger.Issue("alice", "DNS:alice.test");
  EXPECT_FALSE(server.Call(authority.certificate(), &mallory).ok());
}

TEST(Tls, LetsClientsInWithoutACertificateWhenItIsOnlyRequested) {
  const TestAuthority authority;
  const TlsServer server(authority, weir::ClientCertificateRequest::kRequestAndVerify);
  EXPECT_TRUE(server.Call(authority.certificate()).ok());
  ASSERT_TRUE(server.client().has_value());
  EXPECT_EQ(server.client()->common_name, "");
}

TEST(Tls, IsNotTrustedWithTheWrongAuthority) {
  const TestAuthority authority;
  const TestAuthority stranger;
  const TlsServer server(authority, weir::ClientCertificateRequest::kDontRequest);
  EXPECT_FALSE(server.Call(stranger.certificate()).ok());
  EXPECT_TRUE(server.Call(authority.certificate()).ok());
}

TEST(Tls, EndsConnectionsThatDoNotSpeakIt) {
  const TestAuthority authority;
  const TlsServer server(authority, weir::ClientCertificateRequest::kDontRequest);
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  EXPECT_EQ(CallUnary(*upstream::Echo::NewStub(NewChannelTo(address)), "").error_code(),
            grpc::StatusCode::UNAVAILABLE);
  RawClient http1(server.port());
  http1.SendBytes("GET / HTTP/1.1\r\n\r\n");
  http1.EndSending();
  RawClient nothing(server.port());
  nothing.Close();
  EXPECT_TRUE(server.Call(authority.certificate()).ok());
}

// ---- mistakes ----------------------------------------------------------------------------------

std::string SentenceFor(weir::SslServerCredentialsOptions options) {
  CoroutineEcho echo;
  weir::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", weir::SslServerCredentials(std::move(options)));
  builder.RegisterService(&echo);
  const weir::Status status = builder.BuildAndStart().status();
  EXPECT_EQ(status.error_code(), weir::StatusCode::INVALID_ARGUMENT) << status.ToString();
  EXPECT_THAT(status.error_message(), testing::Not(HasSubstr("\n")));
  return status.error_message();
}

TEST(TlsMistakes, AreReportedWhenTheServerStarts) {
  const TestAuthority authority;
  const Certificate good = authority.Issue("server", "DNS:localhost");
  const Certificate other = authority.Issue("other", "DNS:localhost");
  EXPECT_NE(SentenceFor({}), "");
  EXPECT_NE(
      SentenceFor({.pem_key_cert_pairs = {{"no key", good.certificate}}, .pem_root_certs = {}}),
      "");
  EXPECT_NE(SentenceFor({.pem_key_cert_pairs = {{good.private_key, "no certificate"}},
                         .pem_root_certs = {}}),
            "");
  EXPECT_NE(SentenceFor({.pem_key_cert_pairs = {{other.private_key, good.certificate}},
                         .pem_root_certs = {}}),
            "");
  EXPECT_NE(SentenceFor(
                {.pem_key_cert_pairs = {{good.private_key, good.certificate}},
                 .pem_root_certs = "no certificates",
                 .client_certificate_request = weir::ClientCertificateRequest::kRequireAndVerify}),
            "");
}

TEST(TlsMistakes, OfFileNamesNameTheFile) {
  const weir::StatusOr<std::string> text = weir::ReadFile("/no/such/file.pem");
  ASSERT_FALSE(text.ok());
  EXPECT_THAT(text.status().error_message(), HasSubstr("/no/such/file.pem"));
}

}  // namespace
}  // namespace integration
