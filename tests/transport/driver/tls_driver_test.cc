// Connections with TLS: the handshake, its time, and the same rules for input and output with
// ciphertext between.
#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <string>

#include "tests/testing/segmenter.h"
#include "tests/testing/tls_client.h"
#include "tests/transport/driver/driver_fixture.h"
#include "tests/transport/net/test_certificates.h"
#include "transport/net/tls_context.h"

namespace weir::driver {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kPreface;
using testing::Request;
using testing::Segmentation;
using testing::Segmenter;
using testing::Settings;
using testing::SettingsAck;
using ::testing::StartsWith;
using testing::WindowUpdate;

constexpr uint16_t kInitialWindowSize = 4;

class TlsDriverTest : public DriverTest {
 protected:
  TlsDriverTest() {
    const net::TestAuthority authority("test authority");
    const net::TestIdentity identity = authority.Issue({.common_name = "server"});
    auto context = net::TlsContext::Create(
        {.identities = {{.private_key_pem = identity.private_key_pem,
                         .certificate_chain_pem = identity.certificate_pem}}});
    if (context.ok()) context_ = std::move(context).value();
  }

  // One exchange of what either side has to say. `cut` splits what the client sends.
  void Exchange(Client& client, testing::TlsClient& tls, Segmenter* cut = nullptr) {
    for (int rounds = 0; rounds < 20; ++rounds) {
      if (!tls.is_handshake_done()) tls.Step();
      const std::string to_server = tls.TakeCiphertext();
      if (cut != nullptr) {
        cut->Split(to_server, [&](ByteView piece) { client.wire.Sends(AsText(piece)); });
      } else {
        client.wire.Sends(to_server);
      }
      Settle();
      const std::string to_client = client.wire.TakeWritten();
      tls.GiveCiphertext(to_client);
      if (to_server.empty() && to_client.empty()) return;
    }
  }

  // What the client has heard since the last call, after decryption.
  std::vector<std::string> Hears(testing::TlsClient& tls) { return reader_.Read(tls.ReadAll()); }

  void Sends(testing::TlsClient& tls, std::string_view octets) {
    std::string_view frames = octets;
    if (frames.starts_with(kPreface)) frames.remove_prefix(kPreface.size());
    reader_.NoteSent(frames);
    tls.Write(octets);
  }

  Client& ConnectAndStartTls(testing::TlsClient& tls, std::string_view settings = Settings()) {
    Client& client = Connect(context_.get());
    Exchange(client, tls);
    EXPECT_TRUE(tls.is_handshake_done());
    Sends(tls, std::string(kPreface) + std::string(settings) + SettingsAck());
    Exchange(client, tls);
    Hears(tls);
    client.record.lines.clear();
    client.wire.TakeReadCount();
    client.wire.TakeWriteCount();
    return client;
  }

  std::unique_ptr<net::TlsContext> context_;

 private:
  testing::OutputReader reader_;
};

class TlsAtEverySplit : public TlsDriverTest, public ::testing::WithParamInterface<Segmentation> {};

INSTANTIATE_TEST_SUITE_P(Split, TlsAtEverySplit, ::testing::ValuesIn(testing::AllSegmentations()),
                         [](const auto& test) { return testing::NameOf(test.param); });

TEST_P(TlsAtEverySplit, ServesARequestAfterItWasDormant) {
  testing::TlsClient tls({.newest_version = TLS1_3_VERSION});
  Segmenter cut(GetParam());
  Client& client = ConnectAndStartTls(tls);
  client.record.on_event = AnswerWith("body");
  for (uint32_t call = 0; call < 3; ++call) {
    loop_.Advance(std::chrono::seconds(5));
    Settle();
    EXPECT_EQ(worker().counters().dormancies, call + 1);
    Sends(tls, Request(2 * call + 1));
    Exchange(client, tls, &cut);
    EXPECT_THAT(Hears(tls), Contains("DATA " + std::to_string(2 * call + 1) + " 'body'"));
  }
}

TEST_P(TlsAtEverySplit, ServesARequest) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    testing::TlsClient tls({.newest_version = version});
    Segmenter cut(GetParam());
    Client& client = Connect(context_.get());
    client.record.on_event = AnswerWith("body");
    Exchange(client, tls, &cut);
    ASSERT_TRUE(tls.is_handshake_done());
    ASSERT_NE(client.record.driver, nullptr);
    EXPECT_EQ(client.record.driver->tls()->alpn(), "h2");
    testing::OutputReader reader;
    tls.Write(std::string(kPreface) + Settings() + SettingsAck() + Request(1));
    Exchange(client, tls, &cut);
    EXPECT_THAT(reader.Read(tls.ReadAll()), Contains("DATA 1 'body'").Times(1));
    EXPECT_THAT(client.record.lines, ElementsAre("request 1", "end 1"));
  }
}

TEST_F(TlsDriverTest, MakesTheHandlerWhenTheHandshakeIsDone) {
  testing::TlsClient tls;
  Client& client = Connect(context_.get());
  Settle();
  EXPECT_EQ(client.record.driver, nullptr);
  EXPECT_THAT(client.wire.TakeWritten(), IsEmpty());  // no SETTINGS before the handshake
  Exchange(client, tls);
  ASSERT_NE(client.record.driver, nullptr);
  EXPECT_THAT(Hears(tls), Contains(StartsWith("SETTINGS ")));
}

TEST_F(TlsDriverTest, GivesAHandshakeTenSeconds) {
  Client& client = Connect(context_.get());
  Settle();
  loop_.Advance(std::chrono::milliseconds(9'990));
  EXPECT_FALSE(client.wire.is_closed());
  loop_.Advance(std::chrono::milliseconds(20));
  EXPECT_TRUE(client.wire.is_closed());
  EXPECT_THAT(client.record.lines, IsEmpty());
}

TEST_F(TlsDriverTest, LingersAfterAHandshakeThatFailed) {
  Client& client = Connect(context_.get());
  client.wire.Sends(std::string(kPreface) + Settings());
  Settle();
  EXPECT_EQ(client.record.driver, nullptr);
  EXPECT_TRUE(client.wire.is_shut());
  EXPECT_FALSE(client.wire.is_closed());
  loop_.Advance(std::chrono::milliseconds(1'010));
  EXPECT_TRUE(client.wire.is_closed());
}

TEST_F(TlsDriverTest, RefusesAClientThatOffersNoHttp2) {
  testing::TlsClient tls({.alpn = "http/1.1"});
  Client& client = Connect(context_.get());
  Exchange(client, tls);
  EXPECT_EQ(tls.alert(), SSL_AD_NO_APPLICATION_PROTOCOL);
  EXPECT_TRUE(client.wire.is_shut());
  EXPECT_EQ(client.record.driver, nullptr);
}

TEST_F(TlsDriverTest, EndsAHandshakeWhenTheWorkerDrains) {
  testing::TlsClient tls;
  Client& client = Connect(context_.get());
  tls.Step();
  client.wire.Sends(tls.TakeCiphertext());
  Settle();
  worker().BeginDrain();
  Settle();
  EXPECT_TRUE(client.wire.is_closed());
  EXPECT_TRUE(worker().is_empty());
}

TEST_F(TlsDriverTest, WritesOnceATurn) {
  testing::TlsClient tls;
  Client& client = ConnectAndStartTls(tls);
  client.record.on_event = AnswerWith("body");
  Sends(tls, Request(1) + Request(3) + Request(5));
  client.wire.Sends(tls.TakeCiphertext());
  loop_.RunTurn();
  EXPECT_EQ(client.wire.TakeWriteCount(), 1);
}

// A part of a record yields nothing, so the pieces do not get smaller and smaller.
TEST_F(TlsDriverTest, ReadsARecordOfSmallFramesInFewPieces) {
  options_.http2.peer_ping_strikes_max = UINT32_MAX;
  options_.http2.queued_replies_pause = UINT32_MAX;
  options_.http2.queued_replies_max = UINT32_MAX;
  testing::TlsClient tls;
  Client& client = ConnectAndStartTls(tls);
  std::string record_of_pings;
  while (record_of_pings.size() + 17 <= 16 * 1024) record_of_pings += testing::Ping(1);
  for (int i = 0; i < 4; ++i) {
    Sends(tls, record_of_pings);
    client.wire.Sends(tls.TakeCiphertext());
    Settle();
    EXPECT_LE(client.wire.TakeReadCount(), 3);
  }
  EXPECT_EQ(worker().counters().limits.hits(http2::Limit::kTurnFrames), 4);
}

TEST_F(TlsDriverTest, KeepsWhatTheSocketDoesNotTake) {
  testing::TlsClient tls;
  Client& client = ConnectAndStartTls(tls, Settings({{kInitialWindowSize, 0x7fffffff}}));
  client.record.on_event = AnswerWith(std::string(300'000, 'x'));
  client.wire.Takes(0);
  Sends(tls, WindowUpdate(0, 300'000) + Request(1));
  client.wire.Sends(tls.TakeCiphertext());
  Settle();
  EXPECT_TRUE(loop_.InterestOf(client.wire.fd())->write);
  EXPECT_GT(client.record.driver->buffered_bytes(), 0u);

  client.wire.TakesAtOnce(1'000);
  client.wire.TakesEverything();
  for (int turn = 0; turn < 1'000 && client.record.driver->buffered_bytes() > 0; ++turn) {
    loop_.RunTurn();
  }
  EXPECT_EQ(client.record.driver->buffered_bytes(), 0u);
  tls.GiveCiphertext(client.wire.TakeWritten());
  const std::vector<std::string> heard = Hears(tls);
  ASSERT_FALSE(heard.empty());
  EXPECT_EQ(heard.back(), "HEADERS 1 end grpc-status=0");
}

TEST_F(TlsDriverTest, HoldsNoBuffersWhenIdle) {
  testing::TlsClient tls;
  Client& client = ConnectAndStartTls(tls);
  client.record.on_event = AnswerWith("body");
  for (uint32_t id = 1; id < 41; id += 2) Sends(tls, Request(id));
  Exchange(client, tls);
  EXPECT_EQ(client.record.driver->buffered_bytes(), 0u);
}

TEST_F(TlsDriverTest, ClosesWhenTheClientSaysGoodbye) {
  testing::TlsClient tls;
  Client& client = ConnectAndStartTls(tls);
  tls.SayGoodbye();
  client.wire.Sends(tls.TakeCiphertext());
  Settle();
  EXPECT_TRUE(client.wire.is_closed());
  EXPECT_THAT(client.record.lines, ElementsAre("closed", "destroyed"));
}

TEST_F(TlsDriverTest, SaysGoodbyeBeforeItLingers) {
  testing::TlsClient tls;
  Client& client = ConnectAndStartTls(tls);
  worker().Abort();
  Settle();
  tls.GiveCiphertext(client.wire.TakeWritten());
  EXPECT_THAT(Hears(tls), ElementsAre("GOAWAY 0 NO_ERROR 'server stopped'"));
  EXPECT_TRUE(tls.was_told_goodbye());
  EXPECT_TRUE(client.wire.is_shut());
}

TEST_F(TlsDriverTest, ClosesOnBytesThatAreNotTls) {
  testing::TlsClient tls;
  Client& client = ConnectAndStartTls(tls);
  client.wire.Sends(std::string(100, '\x17'));
  Settle();
  EXPECT_TRUE(client.wire.is_closed());
  EXPECT_THAT(client.record.lines, ElementsAre("closed", "destroyed"));
}

// Each KeyUpdate obliges us to answer with one. A client that reads none of the answers must not
// make us keep them all.
TEST_F(TlsDriverTest, StopsReadingWhileTheClientTakesNoneOfTheAnswersItDemands) {
  options_.http2.output_pause_bytes = 10'000;
  testing::TlsClient tls({.oldest_version = TLS1_3_VERSION});
  Client& client = ConnectAndStartTls(tls);
  client.wire.Takes(0);
  bool is_paused = false;
  for (int i = 0; i < 5'000 && !is_paused; ++i) {
    tls.DemandKeyUpdate();
    Sends(tls, testing::WindowUpdate(0, 1));
    client.wire.Sends(tls.TakeCiphertext());
    Settle();
    if (client.wire.is_closed()) break;
    is_paused = !loop_.InterestOf(client.wire.fd())->read;
  }
  ASSERT_FALSE(client.wire.is_closed());
  EXPECT_TRUE(is_paused);
  EXPECT_LT(client.record.driver->buffered_bytes(), 20'000u);
  client.wire.TakesEverything();
  Settle();
  EXPECT_TRUE(loop_.InterestOf(client.wire.fd())->read);
}

}  // namespace
}  // namespace weir::driver
