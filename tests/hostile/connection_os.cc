// Family 6, first half: connections, descriptors and peers that vanish (A64-A66, A72-A75).
#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <thread>
#include <vector>

#include "tests/hostile/attack.h"
#include "tests/hostile/scenario.h"

namespace hostile {
namespace {

using namespace std::chrono_literals;

// Connections that come faster than they are accepted wait in the listener's backlog; a server that
// takes all of it in one turn holds as many at once.
constexpr int kBacklog = 128;
constexpr size_t kIdleConnection = 48 * 1024;  // with TLS

double Seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

// ---- A64, A65, A72: many connections

// More connections than the server has descriptors. Those it has must keep working, and it must
// neither spin on the listener nor stay deaf afterwards.
Outcome ExhaustFiles(Attack& attack) {
  constexpr size_t kConnections = 2000;
  const std::unique_ptr<Peer> old = attack.Open();
  if (old == nullptr) return Refuses();
  std::vector<Fd> sockets;
  for (size_t i = 0; i < kConnections; ++i) {
    Fd socket = ConnectTcp(attack.port());
    if (!socket.is_valid()) break;
    sockets.push_back(std::move(socket));
    // The backlog of the listener holds the others; a full one makes connect() wait.
    if (i > 600) break;
  }
  std::this_thread::sleep_for(200ms);
  const uint64_t cpu_before = attack.server().Sample().cpu_ns;
  const Clock::time_point begin = Clock::now();
  std::this_thread::sleep_for(1500ms);
  const double cores = static_cast<double>(attack.server().Sample().cpu_ns - cpu_before) /
                       (Seconds(Clock::now() - begin) * 1e9);
  if (cores > 0.05) {
    return Wrong("the server spins at " + std::to_string(static_cast<int>(cores * 100)) +
                 " % of a core");
  }
  if (StillGood(*old) != Survives()) return Wrong("a connection that was there before fails");
  sockets.clear();
  const Clock::time_point freed = Clock::now();
  while (Clock::now() - freed < 2s) {
    const std::unique_ptr<Peer> fresh = attack.Connect();
    if (fresh == nullptr) continue;
    fresh->Send(std::string(kPreface) + Settings());
    if (StillGood(*fresh, 300ms) == Survives()) return Survives();
  }
  return Wrong("no new connection works 2 s after descriptors are free");
}

enum class Goodbye { kFin, kReset, kMidFrame };

Outcome Churn(Attack& attack, Goodbye goodbye) {
  while (!attack.IsTimeUp()) {
    Fd socket = ConnectTcp(attack.port());
    if (!socket.is_valid()) return Refuses();
    if (goodbye == Goodbye::kReset) ResetOnClose(socket.get());
    if (goodbye == Goodbye::kMidFrame) {
      const std::string bytes = std::string(kPreface) + Settings() +
                                Headers(1, Request(kUnaryCall), false) +
                                FrameHeader(100, FrameType::kData, kNoFlags, 1) + "half";
      send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    ++attack.traffic().frames;
  }
  const std::unique_ptr<Peer> peer = attack.Open();
  return peer == nullptr ? Refuses() : StillGood(*peer);
}

// ---- A66: connections that never become HTTP/2

Outcome SendGreeting(Attack& attack, std::string_view greeting) {
  const std::unique_ptr<Peer> peer = attack.Connect();
  if (peer == nullptr) return Refuses();
  peer->Send(greeting);
  peer->WaitFor([&] { return !peer->is_open(); }, 2s);
  if (peer->is_open()) return NoReaction();
  // An answer in another protocol is no frame; a GOAWAY is.
  return peer->inbox().go_away().has_value() ? HowItEnded(*peer) : Closes();
}

// Parts of the preface of every length, and nothing more.
Outcome StopInPreface(Attack& attack, bool drips) {
  std::vector<std::unique_ptr<Peer>> peers;
  const std::string whole = std::string(kPreface) + Settings();
  for (size_t size = 0; size <= kPreface.size(); ++size) {
    std::unique_ptr<Peer> peer = attack.Connect({.is_polite = false});
    if (peer == nullptr) return Refuses();
    if (!drips && size > 0) peer->Send(std::string_view(whole).substr(0, size), 0);
    peers.push_back(std::move(peer));
    if (drips) break;
  }
  const Clock::time_point begin = Clock::now();
  size_t sent = 0;
  while (Clock::now() - begin < 15s) {
    bool is_any_open = false;
    for (const auto& peer : peers) {
      if (drips && peer->is_open() && sent < whole.size()) peer->Send(whole.substr(sent++, 1), 0);
      peer->Listen(drips ? 1s : 10ms);
      is_any_open |= peer->is_open();
    }
    if (!is_any_open) {
      return peers[0]->inbox().go_away().has_value() ? HowItEnded(*peers[0]) : Closes();
    }
  }
  return NoReaction();
}

Outcome IdleStrangers(Attack& attack, size_t count) {
  std::vector<Fd> sockets;
  for (size_t i = 0; i < count; ++i) {
    Fd socket = ConnectTcp(attack.port());
    if (!socket.is_valid()) return Refuses();
    sockets.push_back(std::move(socket));
  }
  std::this_thread::sleep_for(attack.TimeLeft());
  const std::unique_ptr<Peer> peer = attack.Open();
  return peer == nullptr ? Refuses() : StillGood(*peer);
}

// ---- A73-A75

// A large response that is taken slowly must still be what was sent: zeros, in this service.
Outcome SlowAndWhole(Attack& attack) {
  constexpr size_t kCount = 64;
  constexpr size_t kBytes = 256 * 1024;
  const std::unique_ptr<Peer> peer = attack.Open({.receive_buffer = 64 * 1024});
  if (peer == nullptr) return Refuses();
  const uint32_t stream = peer->NextStream();
  peer->Send(Headers(stream, Request(kOutputCall), false) +
                 Data(stream, OutputRequest(kCount, kBytes), true),
             2);
  const Outcome outcome = HowStreamEnded(*peer, stream, 20s);
  if (outcome != Status(0)) return outcome;
  const size_t received = peer->inbox().Find(stream)->data_bytes;
  return received >= kCount * kBytes ? outcome : Wrong("octets of the response are missing");
}

// A74: the server is told to stop, and the client breaks the rules while it drains.
Outcome BreakRulesWhileDraining(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const uint32_t stream = peer->NextStream();
  peer->Send(Headers(stream, Request(kDuplexCall), false));
  peer->Listen(50ms);
  attack.server().Signal(SIGTERM);
  const auto is_draining = [&] { return peer->inbox().go_away().has_value(); };
  if (!peer->WaitFor(is_draining, 2s)) return Wrong("no GOAWAY after SIGTERM");
  peer->Send(Frame(FrameType::kPing, kNoFlags, 0, "short"));
  peer->WaitFor([&] { return !peer->is_open(); }, 1500ms);
  return peer->is_open() ? NoReaction() : HowItEnded(*peer);
}

Outcome StopReading(Attack& attack) {
  const size_t files = attack.server().CountFiles();
  const std::unique_ptr<Peer> peer = attack.Open({.receive_buffer = kTinyBuffer, .reads = false},
                                                 {{kInitialWindowSize, kWindowMax}});
  if (peer == nullptr) return Refuses();
  const uint32_t stream = peer->NextStream();
  peer->Send(WindowUpdate(0, 1 << 30) + Headers(stream, Request(kOutputCall), false) +
                 Data(stream, OutputRequest(1000, 16 * 1024), true),
             3);
  return WaitForServerToClose(attack, files, 30s);
}

// What a PING of the server's meets when the machine of its client has lost its power.
Outcome FallSilent(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  if (const Outcome outcome = StillGood(*peer); outcome != Survives()) return outcome;
  peer->set_polite(false);
  peer->WaitFor([&] { return !peer->is_open(); }, 10s);
  return peer->is_open() ? NoReaction() : HowItEnded(*peer);
}

}  // namespace

void AddConnections(Scenarios* rows) {
  const auto add = [rows](Scenario row) { rows->push_back(std::move(row)); };
  const std::vector<Outcome> fine = {Survives()};
  const std::vector<Outcome> ended = {Closes(), GoesAway(kProtocolError)};

  add({.id = "A64",
       .title = "more connections than the server has descriptors",
       .cve = "CVE-2023-4785",
       .over = Over::kClear,
       .expected = fine,
       .memory_max = kPayload,
       .is_short = true,
       .server_files = 256,
       .run = ExhaustFiles});
  add({.id = "A65",
       .title = "connect and reset",
       .cve = "CVE-2024-47609",
       .pace = Pace::kFlood,
       .expected = fine,
       .memory_max = kIdleConnection,
       .connections = kBacklog,
       .run = [](Attack& attack) { return Churn(attack, Goodbye::kReset); }});
  const auto add_greeting = [&](const char* variant, const char* title, Over over,
                                std::string greeting) {
    add({.id = "A66",
         .variant = variant,
         .title = title,
         .cve = "CVE-2026-56853",
         .over = over,
         .expected = ended,
         .rounds = 3,
         .run = [=](Attack& attack) { return SendGreeting(attack, greeting); }});
  };
  add_greeting("a", "a request of HTTP/1.1", Over::kBoth, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  add_greeting("b", "a banner of SSH", Over::kBoth, "SSH-2.0-OpenSSH_9.2\r\n");
  add_greeting("c", "a ClientHello without TLS", Over::kClear,
               std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  add_greeting("d", "a preface with one octet wrong", Over::kBoth,
               "PRI * HTTP/2.0\r\n\r\nSM\r\n\rX" + Settings());
  add_greeting("e", "a preface without SETTINGS", Over::kBoth, std::string(kPreface) + Ping(1));
  add({.id = "A66",
       .variant = "f",
       .title = "the preface up to each of its octets",
       .cve = "CVE-2026-56853",
       .pace = Pace::kPatience,
       .expected = ended,
       .memory_max = kIdleConnection,
       .connections = 25,
       .earliest = 9,
       .latest = 13,
       .run = [](Attack& attack) { return StopInPreface(attack, false); }});
  add({.id = "A66",
       .variant = "g",
       .title = "the preface at an octet per second",
       .cve = "CVE-2026-56853",
       .pace = Pace::kPatience,
       .expected = ended,
       .earliest = 9,
       .latest = 13,
       .run = [](Attack& attack) { return StopInPreface(attack, true); }});
  add({.id = "A66",
       .variant = "h",
       .title = "1,000 connections that say nothing",
       .cve = "CVE-2026-56853",
       .pace = Pace::kFlood,
       .expected = fine,
       .memory_max = 16 * 1024,
       .connections = 1000,
       .run = [](Attack& attack) { return IdleStrangers(attack, 1000); }});
  add({.id = "A72",
       .variant = "a",
       .title = "connect and close",
       .pace = Pace::kFlood,
       .expected = fine,
       .memory_max = kIdleConnection,
       .connections = kBacklog,
       .run = [](Attack& attack) { return Churn(attack, Goodbye::kFin); }});
  add({.id = "A72",
       .variant = "b",
       .title = "connect, and close in the middle of DATA",
       .over = Over::kClear,
       .pace = Pace::kFlood,
       .expected = fine,
       .memory_max = kIdleConnection,
       .connections = kBacklog,
       .is_short = true,
       .run = [](Attack& attack) { return Churn(attack, Goodbye::kMidFrame); }});
  add({.id = "A73",
       .title = "16 MiB of response through a small socket",
       .cve = "CVE-2024-11407",
       .expected = {Status(0)},
       .memory_max = kPayload,
       .run = SlowAndWhole});
  add({.id = "A74",
       .title = "a fatal frame while the server drains",
       .cve = "CVE-2022-27664",
       .expected = {GoesAway(kFrameSizeError), GoesAway(kProtocolError)},
       .stops_server = true,
       .run = BreakRulesWhileDraining});
  add({.id = "A75",
       .variant = "a",
       .title = "a client that is stopped while it is answered",
       .pace = Pace::kPatience,
       .expected = {Closes()},
       .memory_max = kPayload,
       .earliest = 15,
       .latest = 25,
       .run = StopReading});
  add({.id = "A75",
       .variant = "b",
       .title = "an idle client whose machine is gone",
       .pace = Pace::kPatience,
       .expected = {Closes()},
       .earliest = 1.8,
       .latest = 5,
       .server_flags = {"--keepalive_time_ms=1000", "--keepalive_timeout_ms=1000"},
       .run = FallSilent});
}

}  // namespace hostile
