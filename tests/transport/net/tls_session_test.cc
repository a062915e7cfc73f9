// Does a session speak TLS with those it should and refuse the others, in any split of the bytes?
#include "transport/net/tls_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/transport/net/test_certificates.h"
#include "tests/transport/net/tls_test_client.h"
#include "transport/base/bytes.h"

namespace weir::net {
namespace {

using Kind = TlsReadResult::Kind;
using ::testing::HasSubstr;

// One set of keys for all tests, since making them takes most of the time.
struct Identities {
  TestAuthority authority{"authority"};
  TestIdentity server = authority.Issue({.common_name = "server"});
};

const Identities& TestIdentities() {
  static const Identities identities;
  return identities;
}

TlsOptions ServerOptions() {
  const TestIdentity& server = TestIdentities().server;
  return {.identities = {{server.private_key_pem, server.certificate_pem}}};
}

std::unique_ptr<TlsContext> MakeContext(const TlsOptions& options = ServerOptions()) {
  auto context = TlsContext::Create(options);
  EXPECT_TRUE(context.ok()) << context.error();
  return std::move(context).value();
}

std::string Text(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 251);
  return text;
}

iovec PartOf(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

// Lengths of the records in a run of ciphertext (RFC 8446 §5.1).
std::vector<size_t> RecordSizes(ByteView ciphertext) {
  std::vector<size_t> sizes;
  while (!ciphertext.empty()) {
    const size_t size = LoadBig16(ciphertext.data() + 3);
    sizes.push_back(size);
    ciphertext = ciphertext.subspan(5 + size);
  }
  return sizes;
}

// --- What works, for each version and split ----------------------------------------------------

struct Variant {
  std::string name;
  int version;
  Segmenter segmenter;
};

class EachVariant : public ::testing::TestWithParam<Variant> {
 protected:
  void SetUp() override {
    Exchange(client_, server_);
    ASSERT_TRUE(server_.session().IsHandshakeDone()) << server_.session().failure();
    ASSERT_TRUE(client_.IsHandshakeDone());
  }

  std::unique_ptr<TlsContext> context_ = MakeContext();
  TlsTestClient client_{
      {.oldest_version = GetParam().version, .newest_version = GetParam().version}};
  TlsTestServer server_{*context_, GetParam().segmenter};
};

TEST_P(EachVariant, AgreesOnH2AndTheVersion) {
  EXPECT_EQ(server_.session().alpn(), "h2");
  const bool is_13 = GetParam().version == TLS1_3_VERSION;
  EXPECT_EQ(server_.session().version(), is_13 ? "TLSv1.3" : "TLSv1.2");
  EXPECT_THAT(std::string(server_.session().cipher()), ::testing::StartsWith("TLS_"));
  EXPECT_FALSE(server_.session().Peer().has_value());
  EXPECT_FALSE(server_.session().is_resumed());
  EXPECT_EQ(server_.session().server_name(), "");
}

TEST_P(EachVariant, CarriesBytesBothWays) {
  const std::string request = Text(100'000);
  const std::string response = Text(70'000);
  for (size_t at = 0; at < request.size(); at += 10'000) {
    client_.Write(request.substr(at, 10'000));
  }
  Exchange(client_, server_);
  EXPECT_EQ(server_.received(), request);
  ASSERT_TRUE(server_.session().Write(AsBytes(response)));
  Exchange(client_, server_);
  EXPECT_EQ(client_.ReadAll(), response);
  EXPECT_EQ(server_.last_result(), Kind::kWantMore);
}

TEST_P(EachVariant, GathersSmallPartsInOneRecord) {
  std::string text;
  std::vector<std::string> pieces;
  std::vector<iovec> parts;
  for (size_t i = 0; i < 100; ++i) pieces.push_back(Text(i));
  for (const std::string& piece : pieces) {
    parts.push_back(PartOf(piece));
    text += piece;
  }
  ASSERT_TRUE(server_.session().Write(parts));
  EXPECT_EQ(RecordSizes(server_.session().PendingCiphertext()).size(), 1u);
  Exchange(client_, server_);
  EXPECT_EQ(client_.ReadAll(), text);
}

TEST_P(EachVariant, FillsRecordsWhateverTheParts) {
  for (const size_t first : {0u, 1u, 9u, 16'383u, 16'384u, 16'385u, 40'000u}) {
    SCOPED_TRACE(first);
    const std::string text = Text(50'000);
    const iovec parts[] = {PartOf(std::string_view(text).substr(0, first)),
                           PartOf(std::string_view(text).substr(first))};
    ASSERT_TRUE(server_.session().Write(parts));
    const auto sizes = RecordSizes(server_.session().PendingCiphertext());
    EXPECT_LE(sizes.size(), 5u);  // four are needed, and one more at a change of parts
    Exchange(client_, server_);
    EXPECT_EQ(client_.ReadAll(), text);
  }
}

TEST_P(EachVariant, OwesNothingAfterWritingNothing) {
  EXPECT_TRUE(server_.session().Write(ByteView()));
  EXPECT_TRUE(server_.session().Write(std::span<const iovec>()));
  EXPECT_TRUE(server_.session().PendingCiphertext().empty());
}

TEST_P(EachVariant, EndsReadingAtCloseNotifyAndStillWrites) {
  client_.Write("last words");
  SSL_shutdown(client_.ssl());
  Exchange(client_, server_);
  EXPECT_EQ(server_.received(), "last words");
  EXPECT_EQ(server_.last_result(), Kind::kClosed);
  EXPECT_FALSE(server_.session().has_failed());
  EXPECT_TRUE(server_.session().Write(AsBytes("an answer")));
  server_.session().SendCloseNotify();
  client_.GiveCiphertext(server_.TakeCiphertext());
  EXPECT_EQ(client_.ReadAll(), "an answer");
  EXPECT_TRUE(client_.has_seen_close_notify());
}

TEST_P(EachVariant, StillReadsAfterItsOwnCloseNotify) {
  server_.session().SendCloseNotify();
  const size_t pending = server_.session().PendingCiphertext().size();
  EXPECT_GT(pending, 0u);
  EXPECT_FALSE(server_.session().Write(AsBytes("too late")));
  client_.Write("one more thing");
  const std::string ciphertext = client_.TakeCiphertext();
  server_.session().Feed(AsBytes(ciphertext));
  server_.session().SendCloseNotify();
  EXPECT_EQ(server_.session().PendingCiphertext().size(), pending);
  std::array<uint8_t, 100> plaintext;
  const TlsReadResult result = server_.session().ReadPlaintext(plaintext);
  EXPECT_EQ(result.kind, Kind::kOk);
  EXPECT_EQ(AsText(ByteView(plaintext).first(result.bytes)), "one more thing");
}

TEST_P(EachVariant, FailsOnADamagedRecord) {
  client_.Write("some request");
  std::string ciphertext = client_.TakeCiphertext();
  ciphertext.back() = static_cast<char>(ciphertext.back() ^ 1);
  server_.Receive(ciphertext);
  EXPECT_EQ(server_.last_result(), Kind::kFailed);
  EXPECT_EQ(server_.received(), "");
  EXPECT_THAT(server_.session().failure(), HasSubstr("bad record mac"));
  EXPECT_FALSE(server_.session().Write(AsBytes("x")));
  client_.GiveCiphertext(server_.TakeCiphertext());
  client_.ReadAll();
  EXPECT_EQ(client_.alert(), SSL_AD_BAD_RECORD_MAC);
}

TEST_P(EachVariant, StaysFailed) {
  server_.Receive("this is not a record");
  ASSERT_EQ(server_.last_result(), Kind::kFailed);
  const std::string failure = server_.session().failure();
  server_.TakeCiphertext();
  client_.Write("x");
  server_.Receive(client_.TakeCiphertext());
  EXPECT_EQ(server_.last_result(), Kind::kFailed);
  EXPECT_EQ(server_.session().failure(), failure);
  server_.session().SendCloseNotify();
  EXPECT_TRUE(server_.session().PendingCiphertext().empty());
}

INSTANTIATE_TEST_SUITE_P(TlsSession, EachVariant,
                         ::testing::Values(Variant{"Tls12Whole", TLS1_2_VERSION, Whole()},
                                           Variant{"Tls12Bytes", TLS1_2_VERSION, ByteByByte()},
                                           Variant{"Tls12Seed1", TLS1_2_VERSION, RandomPieces(1)},
                                           Variant{"Tls12Seed2", TLS1_2_VERSION, RandomPieces(2)},
                                           Variant{"Tls13Whole", TLS1_3_VERSION, Whole()},
                                           Variant{"Tls13Bytes", TLS1_3_VERSION, ByteByByte()},
                                           Variant{"Tls13Seed1", TLS1_3_VERSION, RandomPieces(1)},
                                           Variant{"Tls13Seed2", TLS1_3_VERSION, RandomPieces(2)}),
                         [](const auto& of_test) { return of_test.param.name; });

// --- Who is refused ----------------------------------------------------------------------------

struct Outcome {
  bool is_done;
  std::optional<int> alert;
  std::string failure;
};

Outcome Handshake(const TlsTestClientOptions& options,
                  const TlsOptions& server_options = ServerOptions()) {
  const auto context = MakeContext(server_options);
  TlsTestClient client(options);
  TlsTestServer server(*context);
  Exchange(client, server);
  client.ReadAll();  // a client of TLS 1.3 may be done before the server judges it
  return {server.session().IsHandshakeDone(), client.alert(), server.session().failure()};
}

TEST(TlsSession, RefusesVersionsBefore12) {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    const Outcome outcome = Handshake({.oldest_version = version, .newest_version = version});
    EXPECT_FALSE(outcome.is_done);
    EXPECT_EQ(outcome.alert, SSL_AD_PROTOCOL_VERSION);
    EXPECT_EQ(outcome.failure, "TLS handshake failed: unsupported protocol");
  }
}

TEST(TlsSession, Refuses12IfOptionsSaySo) {
  TlsOptions options = ServerOptions();
  options.oldest_version = TlsVersion::kTls13;
  const Outcome outcome = Handshake({.newest_version = TLS1_2_VERSION}, options);
  EXPECT_FALSE(outcome.is_done);
  EXPECT_EQ(outcome.alert, SSL_AD_PROTOCOL_VERSION);
  EXPECT_TRUE(Handshake({}, options).is_done);
}

TEST(TlsSession, RefusesClientsThatDoNotOfferH2) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const auto& alpn : std::vector<std::vector<std::string>>{
             {}, {"http/1.1"}, {"h2c"}, {"h"}, {"http/1.1", "h3"}}) {
      const Outcome outcome = Handshake({.newest_version = version, .alpn = alpn});
      EXPECT_FALSE(outcome.is_done);
      EXPECT_EQ(outcome.alert, SSL_AD_NO_APPLICATION_PROTOCOL);
    }
  }
}

TEST(TlsSession, FindsH2AmongOtherProtocols) {
  EXPECT_TRUE(Handshake({.alpn = {"grpc-exp", "http/1.1", "h2"}}).is_done);
}

// RFC 9113 appendix A: one of each kind that it prohibits.
TEST(TlsSession, RefusesProhibitedCipherSuitesOf12) {
  const TestIdentity rsa = TestIdentities().authority.IssueRsa({});
  TlsOptions options = ServerOptions();
  options.identities = {{rsa.private_key_pem, rsa.certificate_pem}};
  for (const char* suite : {"AES128-SHA", "AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA",
                            "ECDHE-RSA-AES256-SHA384", "DHE-RSA-AES128-SHA", "AES256-CCM"}) {
    SCOPED_TRACE(suite);
    const Outcome outcome =
        Handshake({.newest_version = TLS1_2_VERSION, .tls12_ciphers = suite}, options);
    EXPECT_FALSE(outcome.is_done);
    EXPECT_EQ(outcome.alert, SSL_AD_HANDSHAKE_FAILURE);
    EXPECT_EQ(outcome.failure, "TLS handshake failed: no shared cipher");
  }
  for (const char* suite : {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305"}) {
    EXPECT_TRUE(
        Handshake({.newest_version = TLS1_2_VERSION, .tls12_ciphers = suite}, options).is_done);
  }
}

// --- Client certificates -----------------------------------------------------------------------

enum class Shown { kNothing, kTrusted, kExpired, kForeign };

struct CertificateCase {
  ClientCertificateMode mode;
  Shown shown;
  bool is_accepted;
  bool has_peer;
  bool is_verified;
};

class ClientCertificates : public ::testing::TestWithParam<CertificateCase> {
 protected:
  static TestIdentity IdentityOf(Shown shown) {
    switch (shown) {
      case Shown::kNothing:
        return {};
      case Shown::kTrusted:
        return TestIdentities().authority.Issue({.common_name = "client"});
      case Shown::kExpired:
        return TestIdentities().authority.IssueExpired({.common_name = "client"});
      case Shown::kForeign:
        return TestAuthority("foreign").Issue({.common_name = "client"});
    }
    return {};
  }
};

TEST_P(ClientCertificates, AreTreatedAsTheModeSays) {
  const CertificateCase& expected = GetParam();
  TlsOptions options = ServerOptions();
  options.client_certificates = expected.mode;
  options.client_roots_pem = TestIdentities().authority.certificate_pem();
  const auto context = MakeContext(options);
  const TestIdentity identity = IdentityOf(expected.shown);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SCOPED_TRACE(version);
    TlsTestClient client({.newest_version = version,
                          .certificate_pem = identity.certificate_pem,
                          .private_key_pem = identity.private_key_pem});
    TlsTestServer server(*context);
    Exchange(client, server);
    client.ReadAll();
    EXPECT_EQ(server.session().IsHandshakeDone(), expected.is_accepted);
    EXPECT_EQ(server.session().has_failed(), !expected.is_accepted);
    EXPECT_EQ(client.alert().has_value(), !expected.is_accepted);
    if (!expected.is_accepted) continue;
    const auto peer = server.session().Peer();
    ASSERT_EQ(peer.has_value(), expected.has_peer);
    if (!expected.has_peer) continue;
    EXPECT_EQ(peer->common_name, "client");
    EXPECT_EQ(peer->is_verified, expected.is_verified);
  }
}

using Mode = ClientCertificateMode;

INSTANTIATE_TEST_SUITE_P(
    TlsSession, ClientCertificates,
    ::testing::Values(
        CertificateCase{Mode::kNone, Shown::kNothing, true, false, false},
        CertificateCase{Mode::kNone, Shown::kTrusted, true, false, false},
        CertificateCase{Mode::kRequest, Shown::kNothing, true, false, false},
        CertificateCase{Mode::kRequest, Shown::kTrusted, true, true, false},
        CertificateCase{Mode::kRequest, Shown::kForeign, true, true, false},
        CertificateCase{Mode::kRequestAndVerify, Shown::kNothing, true, false, false},
        CertificateCase{Mode::kRequestAndVerify, Shown::kTrusted, true, true, true},
        CertificateCase{Mode::kRequestAndVerify, Shown::kExpired, false, false, false},
        CertificateCase{Mode::kRequestAndVerify, Shown::kForeign, false, false, false},
        CertificateCase{Mode::kRequire, Shown::kNothing, false, false, false},
        CertificateCase{Mode::kRequire, Shown::kTrusted, true, true, false},
        CertificateCase{Mode::kRequire, Shown::kExpired, true, true, false},
        CertificateCase{Mode::kRequire, Shown::kForeign, true, true, false},
        CertificateCase{Mode::kRequireAndVerify, Shown::kNothing, false, false, false},
        CertificateCase{Mode::kRequireAndVerify, Shown::kTrusted, true, true, true},
        CertificateCase{Mode::kRequireAndVerify, Shown::kExpired, false, false, false},
        CertificateCase{Mode::kRequireAndVerify, Shown::kForeign, false, false, false}));

TlsOptions VerifyingOptions() {
  TlsOptions options = ServerOptions();
  options.client_certificates = ClientCertificateMode::kRequireAndVerify;
  options.client_roots_pem = TestIdentities().authority.certificate_pem();
  return options;
}

TEST(TlsSession, SaysWhyAClientCertificateDoesNotVerify) {
  const TestIdentity expired = TestIdentities().authority.IssueExpired({});
  const Outcome outcome = Handshake(
      {.certificate_pem = expired.certificate_pem, .private_key_pem = expired.private_key_pem},
      VerifyingOptions());
  EXPECT_EQ(outcome.failure, "the client's certificate does not verify: certificate has expired");
  EXPECT_EQ(Handshake({}, VerifyingOptions()).failure,
            "TLS handshake failed: peer did not return a certificate");
}

TEST(TlsSession, RefusesAHugeChainOfCertificates) {
  std::string names = "DNS:a.example";
  while (names.size() < 20'000) names += ",DNS:another-name-of-the-client.example";
  const TestIdentity huge = TestIdentities().authority.Issue({.alternative_names = names});
  const Outcome outcome =
      Handshake({.certificate_pem = huge.certificate_pem, .private_key_pem = huge.private_key_pem},
                VerifyingOptions());
  EXPECT_FALSE(outcome.is_done);
  EXPECT_EQ(outcome.failure, "TLS handshake failed: excessive message size");
}

// --- Hostile and mistaken peers ----------------------------------------------------------------

TEST(TlsSession, SaysThatTheClientDoesNotSpeakTls) {
  for (const std::string& text :
       {std::string("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), std::string("SSH-2.0-OpenSSH_9.2\r\n")}) {
    for (const Segmenter& segmenter : {Whole(), ByteByByte()}) {
      const auto context = MakeContext();
      TlsTestServer server(*context, segmenter);
      server.Receive(text);
      EXPECT_EQ(server.last_result(), Kind::kFailed);
      EXPECT_THAT(server.session().failure(), HasSubstr("does not speak TLS"));
      EXPECT_FALSE(server.session().IsHandshakeDone());
    }
  }
}

TEST(TlsSession, SurvivesGarbage) {
  const auto context = MakeContext();
  for (unsigned seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::string garbage(std::uniform_int_distribution<size_t>(6, 2000)(random), '\0');
    for (char& c : garbage) c = static_cast<char>(random());
    if (seed % 2 == 0) garbage.replace(0, 5, "\x16\x03\x01\x01\x00", 5);  // a handshake record
    TlsTestServer server(*context, RandomPieces(seed));
    server.Receive(garbage);
    EXPECT_NE(server.last_result(), Kind::kOk);
    EXPECT_FALSE(server.session().IsHandshakeDone());
  }
}

// Every bit of a real client's first flight, turned over one at a time.
TEST(TlsSession, SurvivesADamagedClientHello) {
  const auto context = MakeContext();
  TlsTestClient client;
  client.Step();
  const std::string hello = client.TakeCiphertext();
  for (size_t i = 0; i < hello.size(); ++i) {
    std::string damaged = hello;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    TlsTestServer server(*context);
    server.Receive(damaged);
    EXPECT_FALSE(server.session().IsHandshakeDone()) << i;
  }
}

TEST(TlsSession, ClosesWhenTheClientAsksForRenegotiation) {
  const auto context = MakeContext();
  TlsTestClient client({.newest_version = TLS1_2_VERSION});
  TlsTestServer server(*context);
  Exchange(client, server);
  ASSERT_TRUE(server.session().IsHandshakeDone());
  ASSERT_EQ(SSL_renegotiate(client.ssl()), 1);
  client.Step();
  server.Receive(client.TakeCiphertext());
  EXPECT_EQ(server.last_result(), Kind::kFailed);
  EXPECT_EQ(server.session().failure(), "the client asked for a renegotiation");
}

class KeyUpdates : public ::testing::Test {
 protected:
  void SetUp() override {
    Exchange(client_, server_);
    ASSERT_TRUE(server_.session().IsHandshakeDone());
  }

  void UpdateKeys(int times, int type) {
    std::string ciphertext;
    for (int i = 0; i < times; ++i) {
      ASSERT_EQ(SSL_key_update(client_.ssl(), type), 1);
      ASSERT_EQ(SSL_do_handshake(client_.ssl()), 1);
      ciphertext += client_.TakeCiphertext();
    }
    server_.Receive(ciphertext);
  }

  std::unique_ptr<TlsContext> context_ = MakeContext();
  TlsTestClient client_;
  TlsTestServer server_{*context_};
};

TEST_F(KeyUpdates, AreFollowed) {
  for (int i = 0; i < 100; ++i) {
    UpdateKeys(1, SSL_KEY_UPDATE_REQUESTED);
    client_.Write("x");
    ASSERT_TRUE(server_.session().Write(AsBytes("y")));
    Exchange(client_, server_);
  }
  EXPECT_EQ(server_.received(), std::string(100, 'x'));
  EXPECT_EQ(client_.ReadAll(), std::string(100, 'y'));
}

TEST_F(KeyUpdates, AreToleratedUpToALimitWithoutData) {
  UpdateKeys(32, SSL_KEY_UPDATE_NOT_REQUESTED);
  EXPECT_EQ(server_.last_result(), Kind::kWantMore);
  client_.Write("x");
  Exchange(client_, server_);
  EXPECT_EQ(server_.received(), "x");
  UpdateKeys(33, SSL_KEY_UPDATE_NOT_REQUESTED);
  EXPECT_EQ(server_.last_result(), Kind::kFailed);
  EXPECT_EQ(server_.session().failure(),
            "the client updated its keys 33 times without sending data");
}

TEST_F(KeyUpdates, StopCostingAnythingAtTheLimit) {
  UpdateKeys(5000, SSL_KEY_UPDATE_REQUESTED);
  EXPECT_EQ(server_.last_result(), Kind::kFailed);
  EXPECT_EQ(server_.session().failure(),
            "the client updated its keys 33 times without sending data");
  EXPECT_LT(server_.session().PendingCiphertext().size(), 33u * 64);
}

// --- Buffers -----------------------------------------------------------------------------------

TEST(TlsSession, GivesARecordInPiecesToAReaderWithLittleRoom) {
  const auto context = MakeContext();
  TlsTestClient client;
  TlsTestServer server(*context);
  Exchange(client, server);
  client.Write("first");
  client.Write("second");
  const std::string ciphertext = client.TakeCiphertext();
  server.session().Feed(AsBytes(ciphertext));
  std::array<uint8_t, 3> plaintext;
  std::vector<std::string> pieces;
  for (;;) {
    const TlsReadResult result = server.session().ReadPlaintext(plaintext);
    if (result.kind != Kind::kOk) break;
    pieces.emplace_back(AsText(ByteView(plaintext).first(result.bytes)));
  }
  EXPECT_THAT(pieces, ::testing::ElementsAre("fir", "st", "sec", "ond"));
}

TEST(TlsSession, WritesNothingBeforeTheHandshakeIsDone) {
  const auto context = MakeContext();
  TlsTestServer server(*context);
  EXPECT_FALSE(server.session().Write(AsBytes("x")));
  server.session().SendCloseNotify();
  EXPECT_TRUE(server.session().PendingCiphertext().empty());
  EXPECT_FALSE(server.session().has_failed());
}

// A client that takes little at a time, while the server goes on writing.
TEST(TlsSession, KeepsTheOrderOfOutputThatIsSentInPart) {
  const auto context = MakeContext();
  TlsTestClient client;
  TlsTestServer server(*context);
  Exchange(client, server);
  std::string written;
  std::string ciphertext;
  for (int i = 0; i < 50; ++i) {
    const std::string text = Text(10'000) + std::to_string(i);
    ASSERT_TRUE(server.session().Write(AsBytes(text)));
    written += text;
    const ByteView pending = server.session().PendingCiphertext();
    const size_t some = std::min<size_t>(pending.size() - 1, 9'000);
    ciphertext += AsText(pending.first(some));
    server.session().CiphertextWritten(some);
  }
  client.GiveCiphertext(ciphertext);
  Exchange(client, server);
  EXPECT_EQ(client.ReadAll(), written);
}

// --- Contexts and resumption -------------------------------------------------------------------

TEST(TlsSession, OutlivesItsContext) {
  auto context = MakeContext();
  TlsTestServer server(*context);
  context.reset();
  TlsTestClient client;
  Exchange(client, server);
  EXPECT_TRUE(server.session().IsHandshakeDone());
}

TEST(TlsSession, ShowsTheCertificateThatCoversTheNameAskedFor) {
  const TestAuthority& authority = TestIdentities().authority;
  TlsOptions options;
  for (const char* name : {"first.example", "second.example", "*.third.example"}) {
    const TestIdentity identity =
        authority.Issue({.common_name = name, .alternative_names = std::string("DNS:") + name});
    options.identities.push_back({identity.private_key_pem, identity.certificate_pem});
  }
  auto context = MakeContext(options);
  const auto shown_for = [&](const std::string& name) {
    TlsTestServer server(*context);
    TlsTestClient client({.server_name = name});
    Exchange(client, server);
    EXPECT_TRUE(server.session().IsHandshakeDone());
    EXPECT_EQ(server.session().server_name(), name);
    return client.ServerCommonName();
  };
  EXPECT_EQ(shown_for("first.example"), "first.example");
  EXPECT_EQ(shown_for("second.example"), "second.example");
  EXPECT_EQ(shown_for("a.third.example"), "*.third.example");
  EXPECT_EQ(shown_for("fourth.example"), "first.example");
  EXPECT_EQ(shown_for(""), "first.example");

  // The other identities, too, live as long as the session.
  TlsTestServer server(*context);
  context.reset();
  TlsTestClient client({.server_name = "second.example"});
  Exchange(client, server);
  EXPECT_EQ(client.ServerCommonName(), "second.example");
}

// Whether a client gets a ticket, just one, and can use it.
bool ResumesWith(const TlsContext& context, int version, const TestIdentity& identity = {}) {
  TlsTestClientOptions options{.oldest_version = version,
                               .newest_version = version,
                               .certificate_pem = identity.certificate_pem,
                               .private_key_pem = identity.private_key_pem};
  TlsTestClient first(options);
  TlsTestServer first_server(context);
  Exchange(first, first_server);
  first.ReadAll();  // the ticket of TLS 1.3 comes after the handshake
  options.resumed = first.ticket();
  if (first.ticket_count() == 0) return false;
  EXPECT_EQ(first.ticket_count(), 1);
  TlsTestClient second(options);
  TlsTestServer second_server(context);
  Exchange(second, second_server);
  EXPECT_TRUE(second_server.session().IsHandshakeDone());
  return second_server.session().is_resumed();
}

TEST(TlsSession, ResumesByTicketUnlessClientsHaveCertificates) {
  const auto anonymous = MakeContext();
  const auto verifying = MakeContext(VerifyingOptions());
  const TestIdentity identity = TestIdentities().authority.Issue({.common_name = "client"});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    SCOPED_TRACE(version);
    EXPECT_TRUE(ResumesWith(*anonymous, version));
    EXPECT_FALSE(ResumesWith(*verifying, version, identity));
  }
}

}  // namespace
}  // namespace weir::net
