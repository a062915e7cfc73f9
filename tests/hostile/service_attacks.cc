// Family 5, continued: what the services beside a program's own can be made to do (A63).
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/hostile/attack.h"
#include "tests/hostile/scenario.h"

namespace hostile {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kWatch = "/grpc.health.v1.Health/Watch";
constexpr std::string_view kReflection =
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
// The file of interop_server that brings the most with it.
constexpr std::string_view kService = "grpc.testing.TestService";

constexpr size_t kStreams = 100;  // what servers allow at once
constexpr uint64_t kBatch = 20;

// ServerReflectionRequest{file_by_filename = 3, file_containing_symbol = 4}.
constexpr int kByFilename = 3;
constexpr int kBySymbol = 4;

std::string Names(size_t first, size_t size) {
  std::string name = std::to_string(first);
  return name.append(size - std::min(size, name.size()), 'n');
}

// Watches of `name_bytes` long names, ten times as many as the server allows.
Outcome WatchEverything(Attack& attack, size_t name_bytes) {
  constexpr size_t kTotal = 10 * kStreams;
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const std::string block = Request(kWatch);
  for (size_t i = 0; i < kTotal; ++i) {
    const uint32_t stream = peer->NextStream();
    peer->Send(Headers(stream, block, false));
    // The window of the connection is given back, whether the stream is refused or not.
    peer->SendData(stream, NameRequest(1, Names(i, name_bytes)), true);
  }
  const Inbox& inbox = peer->inbox();
  const auto refused = [&] {
    const auto found = inbox.resets().find(kRefusedStream);
    return found == inbox.resets().end() ? 0 : found->second;
  };
  peer->WaitFor([&] { return inbox.go_away() || refused() >= kTotal - kStreams; }, 3s);
  if (inbox.go_away().has_value() || !peer->is_open()) return HowItEnded(*peer);
  if (refused() != kTotal - kStreams) {
    return Wrong("refused " + std::to_string(refused()) + " of 1,000 watches");
  }
  for (uint32_t stream = 1; stream < 2 * kStreams; stream += 2) peer->Send(RstStream(stream));
  const Outcome after = StillGood(*peer);
  return after == Survives() ? Resets(kRefusedStream) : after;
}

// Watches that are taken back at once, each of another name.
Outcome WatchAndReset(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const std::string block = Request(kWatch);
  size_t next = 0;
  return Flood(attack, *peer, [&](std::string* chunk) {
    for (uint64_t i = 0; i < kBatch; ++i) {
      const uint32_t stream = peer->NextStream();
      *chunk += Headers(stream, block, false);
      *chunk += Data(stream, NameRequest(1, Names(next++, 20)), true);
      *chunk += RstStream(stream);
    }
    return 3 * kBatch;
  });
}

// The service answers unknown names inside the stream; whoever names too much is refused.
Outcome NameTooMuch(Attack& attack, std::string_view path, size_t name_bytes) {
  return Call(attack, Request(path), NameRequest(1, Names(0, name_bytes)));
}

// One stream on which `next_request` is asked for ever.
Outcome AskForever(Attack& attack, const std::function<std::string()>& next_request) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const uint32_t stream = peer->NextStream();
  peer->Send(Headers(stream, Request(kReflection), false));
  while (!attack.IsTimeUp()) {
    std::string requests;
    for (uint64_t i = 0; i < kBatch; ++i) requests += next_request();
    switch (peer->SendData(stream, requests, false)) {
      case Peer::Sent::kAll:
        break;
      case Peer::Sent::kClosed:
        return HowItEnded(*peer);
      case Peer::Sent::kBlocked:
        while (!attack.IsTimeUp()) peer->Listen(5ms);
        return StopsReading();
    }
  }
  return StillGood(*peer);
}

// As many requests as the windows allow at first, on some streams, and not one answer is read.
Outcome AskAndHoldStill(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open({.receive_buffer = kTinyBuffer, .reads = false});
  if (peer == nullptr) return Refuses();
  const std::string request = NameRequest(kBySymbol, std::string(kService));
  const std::string requests = Repeat(request, kMaxFrameBytes / request.size());
  for (size_t sent = 0; sent + requests.size() < kInitialWindow; sent += requests.size()) {
    const uint32_t stream = peer->NextStream();
    peer->Send(Headers(stream, Request(kReflection), false) + Data(stream, requests, false), 2);
  }
  while (!attack.IsTimeUp()) std::this_thread::sleep_for(5ms);
  peer->set_reads(true);
  return StillGood(*peer);
}

}  // namespace

void AddServiceAttacks(Scenarios* rows) {
  const auto add = [rows](Scenario row) {
    row.id = "A63";
    rows->push_back(std::move(row));
  };
  add({.variant = "a",
       .title = "1,000 health watches on a connection",
       .expected = {Resets(kRefusedStream)},
       .rounds = 3,
       .run = [](Attack& attack) { return WatchEverything(attack, 20); }});
  add({.variant = "b",
       .title = "the same, of names of 4,000 octets",
       .expected = {Resets(kRefusedStream)},
       .memory_max = kPayload,
       .rounds = 3,
       .run = [](Attack& attack) { return WatchEverything(attack, 4000); }});
  add({.variant = "c",
       .title = "health watches that are reset at once",
       .pace = Pace::kFlood,
       .expected = {Survives(), GoesAway(kEnhanceYourCalm)},
       .run = WatchAndReset});
  add({.variant = "d",
       .title = "a health watch of a name of 64 KiB",
       .expected = {Status(8)},
       .rounds = 2,
       .run = [](Attack& attack) { return NameTooMuch(attack, kWatch, 65'000); }});
  add({.variant = "e",
       .title = "reflection asked for the same file for ever",
       .pace = Pace::kFlood,
       .expected = {Survives()},
       .memory_max = kPayload,
       .run = [](Attack& attack) {
         return AskForever(attack, [] { return NameRequest(kBySymbol, std::string(kService)); });
       }});
  add({.variant = "f",
       .title = "reflection asked by a client that reads nothing",
       .pace = Pace::kFlood,
       .expected = {Survives()},
       .memory_max = kPayload,
       .run = AskAndHoldStill});
  add({.variant = "g",
       .title = "reflection asked for symbols that nobody has, each another one of 10,000 octets",
       .pace = Pace::kFlood,
       .expected = {Survives()},
       .memory_max = kPayload,
       .run = [](Attack& attack) {
         size_t next = 0;
         return AskForever(attack,
                           [&next] { return NameRequest(kBySymbol, Names(next++, 10'000)); });
       }});
  add({.variant = "h",
       .title = "reflection asked for files that nobody has, each another one of 10,000 octets",
       .pace = Pace::kFlood,
       .expected = {Survives()},
       .memory_max = kPayload,
       .run = [](Attack& attack) {
         size_t next = 0;
         return AskForever(attack,
                           [&next] { return NameRequest(kByFilename, Names(next++, 10'000)); });
       }});
}

}  // namespace hostile
