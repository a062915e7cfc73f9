// The innocent: clients that look like attackers and are none (G5). Rows T01-T10 are whole clients;
// the other twins have the id of the attack whose limit they stay below.
#include <algorithm>
#include <functional>
#include <thread>
#include <vector>

#include "tests/hostile/attack.h"
#include "tests/hostile/scenario.h"

namespace hostile {
namespace {

using namespace std::chrono_literals;

std::string EmptyCallFrames(uint32_t stream) {
  return Headers(stream, Request(kEmptyCall), false) + Data(stream, kEmptyMessage, true);
}

// Paces something: `per_second` times a second, until the time is up.
template <typename Act>
Outcome AtRate(Attack& attack, Peer& peer, int per_second, Act act) {
  const Duration period = Duration(1s) / per_second;
  Clock::time_point next = Clock::now();
  while (!attack.IsTimeUp()) {
    act();
    if (peer.inbox().go_away().has_value() || !peer.is_open()) return HowItEnded(peer);
    peer.inbox().Forget();
    next += period;
    peer.Listen(next - Clock::now());
  }
  return StillGood(peer);
}

// T01: twice as many calls as the server allows at once; the refused ones are tried again.
Outcome TwoHundredAtOnce(Attack& attack) {
  constexpr uint64_t kCalls = 200;
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const Inbox& inbox = peer->inbox();
  const std::string request = OutputRequest(1, 1, 20'000);
  uint64_t answered = 0;
  for (int attempt = 0; attempt < 20 && answered < kCalls; ++attempt) {
    std::vector<uint32_t> ids;
    std::string frames;
    for (uint64_t i = answered; i < kCalls; ++i) {
      ids.push_back(peer->NextStream());
      frames += Headers(ids.back(), Request(kOutputCall), false) + Data(ids.back(), request, true);
    }
    peer->Send(frames, 2 * ids.size());
    const auto all_over = [&] {
      return std::ranges::all_of(ids, [&](uint32_t id) { return inbox.IsAnswered(id); });
    };
    if (!peer->WaitFor(all_over, 5s)) return HowItEnded(*peer);
    for (uint32_t id : ids) answered += inbox.Find(id)->has_ended ? 1 : 0;
  }
  if (answered < kCalls) return Wrong("calls are refused again and again");
  const auto& resets = inbox.resets();
  const bool only_refusals =
      resets.empty() || (resets.size() == 1 && resets.contains(kRefusedStream));
  return only_refusals ? StillGood(*peer) : Wrong("resets with other codes than REFUSED_STREAM");
}

// T02: half of the calls are cancelled, 180 a second, in bursts.
Outcome Hedging(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  return AtRate(attack, *peer, 4, [&] {
    std::string frames;
    for (int i = 0; i < 45; ++i) {
      const uint32_t cancelled = peer->NextStream();
      frames += Headers(cancelled, Request(kOutputCall), false) +
                Data(cancelled, OutputRequest(1, 1, 1'000'000), true) + RstStream(cancelled);
      frames += EmptyCallFrames(peer->NextStream());
    }
    peer->Send(frames, 225);
  });
}

// T03: ten thousand small messages, read in bursts.
Outcome ManySmallMessages(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const uint32_t stream = peer->NextStream();
  peer->Send(Headers(stream, Request(kOutputCall), false));
  peer->SendData(stream, OutputRequest(10'000, 600), true);
  std::this_thread::sleep_for(500ms);
  const Outcome outcome = HowStreamEnded(*peer, stream, 10s);
  return outcome == Status(0) ? StillGood(*peer) : outcome;
}

// T04: a chat of single octets on many calls.
Outcome Chat(Attack& attack) {
  constexpr size_t kCalls = 90;
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  std::vector<uint32_t> ids;
  for (size_t i = 0; i < kCalls; ++i) {
    ids.push_back(peer->NextStream());
    peer->Send(Headers(ids.back(), Request(kDuplexCall), false));
  }
  const std::string message = OutputRequest(1, 1);
  const Outcome outcome = AtRate(attack, *peer, 200, [&] {
    std::string frames;
    for (uint32_t id : ids) frames += Data(id, message);
    peer->Send(frames, kCalls);
  });
  return peer->inbox().resets().empty() ? outcome : Wrong("a chat was reset");
}

// T05: a PING with every burst of data that is received, as clients measure their path.
Outcome MeasureThePath(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  return AtRate(attack, *peer, 50, [&] {
    const uint32_t stream = peer->NextStream();
    peer->Send(
        Headers(stream, Request(kUnaryCall), false) + Data(stream, UnaryRequest(0, 20'000), true),
        2);
    peer->WaitFor([&] { return peer->inbox().Find(stream) != nullptr; }, 1s);
    peer->Send(Ping(stream));
  });
}

// T06: a large first window, and WINDOW_UPDATE per 16 KiB (which every Peer sends).
Outcome WideWindows(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open({}, {{kInitialWindowSize, 1 << 20}});
  if (peer == nullptr) return Refuses();
  peer->Send(WindowUpdate(0, (1 << 20) - kInitialWindow));
  while (!attack.IsTimeUp()) {
    const uint32_t stream = peer->NextStream();
    peer->Send(Headers(stream, Request(kUnaryCall), false) +
                   Data(stream, UnaryRequest(0, 4'000'000), true),
               2);
    const Outcome outcome = HowStreamEnded(*peer, stream);
    if (outcome != Status(0)) return outcome;
  }
  return StillGood(*peer);
}

Outcome SixtyCookies(Attack& attack) {
  std::string cookies;
  for (int i = 0; i < 60; ++i) {
    cookies += Literal("cookie", "crumb" + std::to_string(i) + "=" + std::string(190, 'c'));
  }
  const Outcome outcome = Call(attack, Request(kEmptyCall, cookies));
  return outcome == Status(0) ? Survives() : outcome;
}

// T08: many calls that cannot be in time. The client gives up by itself, too, as clients do.
Outcome DeadlineStorm(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const std::string block = Request(kOutputCall, Literal("grpc-timeout", "1m"));
  const std::string request = OutputRequest(1, 1, 1'000'000);
  return AtRate(attack, *peer, 200, [&] {
    std::string frames;
    for (int i = 0; i < 40; ++i) {
      const uint32_t stream = peer->NextStream();
      frames += Headers(stream, block, false) + Data(stream, request, true);
    }
    peer->Send(frames, 80);
  });
}

// T09: the client stops in the middle of a response, for as long as a long collection of garbage.
Outcome PauseInResponse(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const uint32_t stream = peer->NextStream();
  peer->Send(
      Headers(stream, Request(kOutputCall), false) + Data(stream, OutputRequest(20, 100'000), true),
      2);
  peer->WaitFor([&] { return peer->inbox().data_bytes() > 10'000; }, 2s);
  // The kernel goes on receiving; that the program does not is a closed HTTP/2 window.
  std::this_thread::sleep_for(60s);
  return HowStreamEnded(*peer, stream, 10s);
}

// T10: what browsers and load generators say at the beginning.
Outcome BrowserLike(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open({}, {{kHeaderTableSize, 65536},
                                                      {kEnablePush, 0},
                                                      {kInitialWindowSize, 6291456},
                                                      {kMaxHeaderListSize, 262144},
                                                      {9, 1},
                                                      {0x1a2a, 7}});
  if (peer == nullptr) return Refuses();
  std::string frames = WindowUpdate(0, 15663105);
  for (uint32_t stream : {3u, 5u, 7u, 9u, 11u}) frames += Priority(stream, 0, 200);
  frames += Frame(static_cast<FrameType>(0x2a), kNoFlags, 0, "grease");
  frames += Frame(FrameType::kPriorityUpdate, kNoFlags, 0, BigEndian32(13) + "u=1");
  peer->SkipStreams(13);
  peer->Send(frames, 8);
  return StillGood(*peer);
}

// ---- twins of single limits

// Fewer than a limit's burst at once, and then on at less than its rate.
Outcome BelowLimit(Attack& attack, uint64_t burst, int per_second,
                   const std::function<std::string(Peer&)>& frame) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  for (uint64_t i = 0; i < burst; ++i) {
    if (peer->Send(frame(*peer)) != Peer::Sent::kAll) return HowItEnded(*peer);
    if (i % 50 == 49) peer->Listen(2ms);
  }
  return AtRate(attack, *peer, per_second, [&] { peer->Send(frame(*peer)); });
}

Outcome EightContinuations(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const std::string block = Request(kEmptyCall, Literal("x-a", std::string(9000, 'v')));
  const uint32_t stream = peer->NextStream();
  std::string frames = OpenHeaders(stream, block.substr(0, 10), false);
  size_t at = 10;
  for (int i = 0; i < 7; ++i, at += 1100) frames += Continuation(stream, block.substr(at, 1100));
  frames += Continuation(stream, block.substr(at), true) + Data(stream, kEmptyMessage, true);
  peer->Send(frames, 10);
  const Outcome outcome = HowStreamEnded(*peer, stream);
  return outcome == Status(0) ? Survives() : outcome;
}

}  // namespace

void AddInnocentTwins(Scenarios* rows) {
  const auto add = [rows](Scenario row) {
    row.is_twin = true;
    row.memory_max = std::max(row.memory_max, kPayload);
    row.expected = {Survives()};
    rows->push_back(std::move(row));
  };
  add({.id = "T01",
       .title = "200 calls at once, refused ones tried again",
       .run = TwoHundredAtOnce});
  add({.id = "T02",
       .title = "hedging: half of the calls cancelled, 180 a second",
       .pace = Pace::kFlood,
       .is_short = true,
       .run = Hedging});
  add({.id = "T03", .title = "10,000 messages of 600 octets, read late", .run = ManySmallMessages});
  add({.id = "T04",
       .title = "a chat of single octets on 90 calls, 18,000 a second",
       .pace = Pace::kFlood,
       .run = Chat});
  add({.id = "T05",
       .title = "a PING with every response, 50 a second",
       .pace = Pace::kFlood,
       .is_short = true,
       .run = MeasureThePath});
  add({.id = "T06",
       .title = "a window of 1 MiB, opened again per 16 KiB",
       .pace = Pace::kFlood,
       .run = WideWindows});
  add({.id = "T07", .title = "60 cookies of 200 octets", .rounds = 3, .run = SixtyCookies});
  add({.id = "T08",
       .title = "8,000 calls a second with a deadline of 1 ms",
       .pace = Pace::kFlood,
       .run = DeadlineStorm});
  rows->push_back({.id = "T09",
                   .title = "a client that pauses for 60 s in a response",
                   .pace = Pace::kPatience,
                   .expected = {Status(0)},
                   .memory_max = kPayload,
                   .earliest = 60,
                   .latest = 75,
                   .is_twin = true,
                   .run = PauseInResponse});
  add({.id = "T10",
       .title = "SETTINGS, PRIORITY and GREASE as browsers send them",
       .rounds = 3,
       .run = BrowserLike});

  const auto add_below = [&](const char* id, const char* title, uint64_t burst, int per_second,
                             std::function<std::string(Peer&)> frame) {
    add({.id = id,
         .variant = "w",
         .title = title,
         .pace = Pace::kFlood,
         .run = [=](Attack& attack) { return BelowLimit(attack, burst, per_second, frame); }});
  };
  add_below("A02", "90 SETTINGS a second", 20, 90, [](Peer&) { return Settings(); });
  add_below("A05", "500 malformed requests, then 80 a second", 500, 80, [](Peer& peer) {
    return Headers(peer.NextStream(), Request(kEmptyCall, Literal(":bogus", "x")), true);
  });
  add_below("A08", "500 PRIORITY, then 80 a second", 500, 80, [](Peer&) { return Priority(1, 3); });
  add_below("A13", "500 resets, then 80 a second", 500, 80, [](Peer& peer) {
    const uint32_t stream = peer.NextStream();
    return Headers(stream, Request(kDuplexCall), false) + RstStream(stream);
  });
  add({.id = "A23",
       .variant = "w",
       .title = "8 CONTINUATION frames",
       .rounds = 3,
       .run = EightContinuations});
}

}  // namespace hostile
