// Limits that a worker keeps for its connections: strangers, and peers that take nothing.
#include <chrono>
#include <memory>
#include <string>

#include "tests/limits/worker_scene.h"
#include "tests/testing/tls_client.h"
#include "tests/transport/net/test_certificates.h"
#include "transport/http2/frame_header.h"
#include "transport/net/tls_context.h"

namespace weir::limits {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using namespace std::chrono_literals;
using driver::Client;
using http2::Limit;

// ---- Output that makes no progress (L11).

Client& StopsReading(WorkerScene& scene) {
  Client& client = scene.ConnectAndStart();
  client.record.on_event = driver::AnswerWith("an answer");
  client.wire.Takes(0);
  client.Sends(Request(1));
  scene.Settle();
  return client;
}

Outcome TakesNothing(Step step, Segmentation) {
  WorkerScene scene;
  Client& client = StopsReading(scene);
  scene.Passes(TicksUpTo(20s, step));
  client.wire.TakesEverything();
  scene.Settle();
  return scene.Finish(client);
}

Outcome TakesAnOctetNowAndThen(Segmentation) {
  WorkerScene scene;
  Client& client = StopsReading(scene);
  for (int i = 0; i < 10; ++i) {
    scene.Passes(19s);
    client.wire.Takes(1);
    scene.Settle();
  }
  client.wire.TakesEverything();
  scene.Settle();
  return scene.Finish(client);
}

// ---- The TLS handshake (L22).

const net::TlsContext& ServerTls() {
  static const std::unique_ptr<net::TlsContext> context = [] {
    const net::TestAuthority authority("test authority");
    const net::TestIdentity identity = authority.Issue({.common_name = "server"});
    return std::move(net::TlsContext::Create(
                         {.identities = {{.private_key_pem = identity.private_key_pem,
                                          .certificate_chain_pem = identity.certificate_pem}}}))
        .value();
  }();
  return *context;
}

// Exchanges what either side has to say. Between the octets of the client so much time passes.
void Exchange(WorkerScene& scene, Client& client, TlsClient& tls, Duration pause = 0s) {
  for (int rounds = 0; rounds < 20; ++rounds) {
    if (!tls.is_handshake_done()) tls.Step();
    const std::string to_server = tls.TakeCiphertext();
    if (pause != 0s) {
      for (const char octet : to_server) {
        client.wire.Sends(std::string(1, octet));
        scene.Passes(pause);
      }
    } else {
      client.wire.Sends(to_server);
    }
    scene.Settle();
    const std::string to_client = client.wire.TakeWritten();
    tls.GiveCiphertext(to_client);
    if (to_server.empty() && to_client.empty()) return;
  }
}

Outcome FinishOverTls(WorkerScene& scene, Client& client, TlsClient& tls) {
  if (client.wire.is_closed()) {
    scene.Note("closed");
    return scene.Finish();
  }
  Exchange(scene, client, tls);
  client.record.on_event = driver::AnswerWith("");
  OutputReader reader;
  tls.Write(std::string(kPreface) + Settings() + SettingsAck() + Request(1));
  Exchange(scene, client, tls);
  const std::vector<std::string> heard = reader.Read(tls.ReadAll());
  const bool is_served = !heard.empty() && heard.back() == "HEADERS 1 end grpc-status=0";
  scene.Note(is_served ? "served" : "not served");
  return scene.Finish();
}

Outcome ShakesNoHand(Step step, Segmentation) {
  WorkerScene scene;
  TlsClient tls;
  Client& client = scene.Connect(&ServerTls());
  scene.Passes(TicksUpTo(10s, step));
  return FinishOverTls(scene, client, tls);
}

Outcome ShakesHandsSlowly(Segmentation) {
  WorkerScene scene;
  TlsClient tls;
  Client& client = scene.Connect(&ServerTls());
  Exchange(scene, client, tls, 10ms);
  return FinishOverTls(scene, client, tls);
}

// ---- Strangers (L23).

constexpr size_t kStrangersMax = 3;

Outcome LetsStrangersIn(Step step, Segmentation) {
  WorkerScene scene;
  scene.options_.handshakes_max = kStrangersMax;
  std::vector<Client*> strangers;
  for (size_t i = 0; i < UpTo(kStrangersMax, step); ++i) strangers.push_back(&scene.Connect());
  scene.Settle();
  for (size_t i = 0; i < strangers.size(); ++i) {
    if (strangers[i]->wire.is_closed()) scene.Note("closed: " + std::to_string(i));
  }
  Client& last = *strangers.back();
  last.Sends(std::string(kPreface) + Settings() + SettingsAck());
  scene.Settle();
  return scene.Finish(last);
}

// However many strangers come, who has introduced itself is none of them.
Outcome HasIntroducedItself(Segmentation) {
  WorkerScene scene;
  scene.options_.handshakes_max = kStrangersMax;
  Client& client = scene.ConnectAndStart();
  for (int i = 0; i < 10; ++i) scene.ConnectAndStart();
  for (size_t i = 0; i < kStrangersMax; ++i) scene.Connect();
  scene.Settle();
  return scene.Finish(client);
}

// ---- Frames of one turn (L15).

// A request in so many frames, in one packet; and then as much again, of which the number of reads
// tells how much of it is read at once.
Outcome SendsSmallFrames(Step step, Segmentation) {
  WorkerScene scene;
  Client& client = scene.ConnectAndStart();
  client.Sends(OpenRequest(1));
  scene.Settle();
  std::string frames;
  for (uint32_t i = 0; i < UpTo(scene.options_.turn_frames_max, step); ++i) frames += Data(1, "x");
  client.Sends(frames);
  scene.Settle();
  client.wire.TakeReadCount();
  const std::string as_much(frames.size() - http2::kFrameHeaderSize, 'x');
  client.Sends(Data(1, as_much));
  scene.Settle();
  scene.Note("reads: " + std::to_string(client.wire.TakeReadCount()));
  return scene.Finish(client);
}

// A hundred calls in one packet, as a busy client sends them.
Outcome AsksForAHundredThings(Segmentation) {
  WorkerScene scene;
  Client& client = scene.ConnectAndStart();
  client.record.on_event = driver::AnswerWith("an answer");
  std::string calls;
  for (uint32_t i = 0; i < 100; ++i) {
    calls += OpenRequest(2 * i + 1) + LastData(2 * i + 1, "a question");
  }
  client.Sends(calls);
  scene.Settle();
  return scene.Finish(client);
}

// ---- The time of one service (L15).

// Whose requests take so long to handle, while somebody else has work, too.
Client& TakesLong(WorkerScene& scene, Duration time) {
  Client& client = scene.ConnectAndStart();
  client.record.on_event = [&scene, time](driver::ConnectionDriver&, const http2::Event& event) {
    if (event.kind == http2::Event::Kind::kRequestStarted) scene.Spends(time);
  };
  Client& other = scene.ConnectAndStart();
  scene.Passes(1s);
  other.record.on_event = driver::AnswerWith("");
  other.Sends(Request(1));
  scene.Settle();
  return client;
}

Outcome KeepsTheOthersWaiting(Step step, Segmentation) {
  WorkerScene scene;
  const Duration most = scene.options_.service_time_max;
  Client& client = TakesLong(scene, most + Duration(OffsetOf(step)));
  client.Sends(OpenRequest(1));
  scene.Settle();
  client.Sends(LastData(1, "x"));
  scene.Settle();
  if (client.wire.has_arriving()) scene.Note("rests");
  scene.Passes(2 * most);
  return scene.Finish(client);
}

// However long it takes: without others there is nobody to rest for.
Outcome IsAlone(Segmentation) {
  WorkerScene scene;
  Client& client = TakesLong(scene, 45us);
  scene.Passes(1s);
  std::string requests;
  for (uint32_t id = 1; id < 40; id += 2) requests += Request(id);
  client.Sends(requests);
  scene.Settle();
  if (client.wire.has_arriving()) scene.Note("rests");
  return scene.Finish(client);
}

}  // namespace

std::vector<LimitCase> WorkerCases() {
  return {
      {.limit = Limit::kWriteStall,
       .goes = TakesNothing,
       .beyond = {"closed"},
       .innocent = TakesAnOctetNowAndThen,
       .is_split = false},
      {.limit = Limit::kTlsHandshakeTime,
       .goes = ShakesNoHand,
       .beyond = {"closed"},
       .innocent = ShakesHandsSlowly,
       .is_split = false},
      {.limit = Limit::kHandshakes,
       .goes = LetsStrangersIn,
       .beyond = {"closed: 0", "served"},
       .innocent = HasIntroducedItself,
       .is_split = false},
      {.limit = Limit::kTurnFrames,
       .goes = SendsSmallFrames,
       .within = {"reads: 1", "served"},
       .beyond = {"reads: 2", "served"},
       .innocent = AsksForAHundredThings,
       .is_split = false},
      {.limit = Limit::kServiceTime,
       .goes = KeepsTheOthersWaiting,
       .beyond = {"rests", "served"},
       .innocent = IsAlone,
       .is_split = false},
  };
}

}  // namespace weir::limits
