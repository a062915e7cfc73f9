// Family 2: streams that begin and end in ways that make servers work for nothing (A13-A22).
#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include "tests/hostile/attack.h"
#include "tests/hostile/scenario.h"

namespace hostile {
namespace {

using namespace std::chrono_literals;

constexpr uint64_t kPairs = 100;
constexpr size_t kStreams = 100;  // what servers allow at once
constexpr size_t kLongWaitUs = 30'000'000;

// A complete request whose handler sleeps, and so is still there when the reset comes.
std::string SlowRequest(uint32_t stream, std::string_view more = {}) {
  static const std::string kBlock = Request(kOutputCall);
  return Headers(stream, more.empty() ? kBlock : kBlock + std::string(more), false) +
         Data(stream, OutputRequest(1, 1, kLongWaitUs), true);
}

// ---- A13, A14: resets by the client

enum class ResetStyle { kAfterRequest, kAfterHeaders, kAfterAnswer };

uint64_t AddResetPairs(Peer& peer, ResetStyle style, std::string* chunk) {
  static const std::string kWaiting = Request(kDuplexCall);
  static const std::string kQuick = Request(kEmptyCall);
  for (uint64_t i = 0; i < kPairs; ++i) {
    const uint32_t stream = peer.NextStream();
    switch (style) {
      case ResetStyle::kAfterRequest:
        *chunk += SlowRequest(stream);
        break;
      case ResetStyle::kAfterHeaders:
        *chunk += Headers(stream, kWaiting, false);
        break;
      case ResetStyle::kAfterAnswer:
        *chunk += Headers(stream, kQuick, false) + Data(stream, kEmptyMessage, true);
        break;
    }
    *chunk += RstStream(stream);
  }
  return style == ResetStyle::kAfterHeaders ? 2 * kPairs : 3 * kPairs;
}

Outcome RapidReset(Attack& attack, ResetStyle style) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  return Flood(attack, *peer,
               [&](std::string* chunk) { return AddResetPairs(*peer, style, chunk); });
}

// Several connections take turns; each gets its own end.
Outcome RapidResetOnMany(Attack& attack, size_t count) {
  std::vector<std::unique_ptr<Peer>> peers;
  for (size_t i = 0; i < count; ++i) {
    peers.push_back(attack.Open());
    if (peers.back() == nullptr) return Refuses();
  }
  size_t next = 0;
  while (!attack.IsTimeUp()) {
    Peer& peer = *peers[next++ % count];
    std::string chunk;
    const uint64_t frames = AddResetPairs(peer, ResetStyle::kAfterRequest, &chunk);
    peer.Send(chunk, frames);
    if (!peer.is_open() || peer.inbox().go_away().has_value()) return HowItEnded(peer);
  }
  return StillGood(*peers[0]);
}

// A14a: as many as are allowed, a pause, and all of them taken back.
Outcome ResetInBatches(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  return Flood(attack, *peer, [&](std::string* chunk) {
    std::string resets;
    for (size_t i = 0; i < kStreams; ++i) {
      const uint32_t stream = peer->NextStream();
      *chunk += SlowRequest(stream);
      resets += RstStream(stream);
    }
    peer->Send(*chunk, 2 * kStreams);
    std::this_thread::sleep_for(2ms);
    *chunk = resets;
    return kStreams;
  });
}

// A14c, A19: what is above the limit is refused in the way that lets a client try again.
Outcome OpenTooMany(Attack& attack, bool waits_for_settings) {
  constexpr size_t kTotal = 1000;
  const std::unique_ptr<Peer> peer = waits_for_settings ? attack.Open() : attack.Connect();
  if (peer == nullptr) return Refuses();
  std::string frames = waits_for_settings ? "" : std::string(kPreface) + Settings();
  for (size_t i = 0; i < kTotal; ++i) {
    frames += Headers(peer->NextStream(), Request(kDuplexCall), false);
  }
  peer->Send(frames, kTotal);
  const Inbox& inbox = peer->inbox();
  const auto refused = [&] {
    const auto found = inbox.resets().find(kRefusedStream);
    return found == inbox.resets().end() ? 0 : found->second;
  };
  peer->WaitFor([&] { return inbox.go_away() || refused() >= kTotal - kStreams; }, 3s);
  if (inbox.go_away().has_value() || !peer->is_open()) return HowItEnded(*peer);
  if (inbox.resets().size() > 1) return Wrong("resets with other codes than REFUSED_STREAM");
  if (refused() == 0) return NoReaction();
  if (refused() != kTotal - kStreams) {
    return Wrong("refused " + std::to_string(refused()) + " of 1,000 streams");
  }
  // Room is made, and the connection goes on.
  for (uint32_t stream = 1; stream < 2 * kStreams; stream += 2) peer->Send(RstStream(stream));
  const Outcome after = StillGood(*peer);
  return after == Survives() ? Resets(kRefusedStream) : after;
}

// ---- A15: resets that the server is made to send

struct Provocation {
  const char* what;
  std::string (*frames)(uint32_t stream);
  std::vector<Outcome> expected;
};

std::vector<Provocation> Provocations() {
  const std::vector<Outcome> calm = {GoesAway(kEnhanceYourCalm), Closes()};
  return {
      {"WINDOW_UPDATE by 0",
       [](uint32_t id) { return SlowRequest(id) + WindowUpdate(id, 0); },
       {GoesAway(kProtocolError)}},
      {"WINDOW_UPDATE above 2^31-1",
       [](uint32_t id) { return SlowRequest(id) + WindowUpdate(id, kWindowMax); }, calm},
      {"PRIORITY of 4 octets",
       [](uint32_t id) {
         return SlowRequest(id) + Frame(FrameType::kPriority, kNoFlags, id, "1234");
       },
       {GoesAway(kFrameSizeError)}},
      {"a stream that depends on itself",
       [](uint32_t id) { return SlowRequest(id) + Priority(id, id); },
       {GoesAway(kProtocolError)}},
      {"HEADERS after END_STREAM",
       [](uint32_t id) { return SlowRequest(id) + Headers(id, Request(kEmptyCall), true); },
       {GoesAway(kStreamClosed)}},
      {"DATA after END_STREAM",
       [](uint32_t id) { return SlowRequest(id) + Data(id, "x"); },
       {GoesAway(kStreamClosed)}},
      {"content-length that does not match",
       [](uint32_t id) {
         return Headers(id, Request(kDuplexCall, Literal("content-length", "1")), false) +
                Data(id, kEmptyMessage);
       },
       calm},
      {"trailers with a pseudo field",
       [](uint32_t id) {
         return Headers(id, Request(kDuplexCall), false) +
                Headers(id, Literal(":path", "/x"), true);
       },
       calm},
  };
}

Outcome MadeYouReset(Attack& attack, const Provocation& provocation) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  return Flood(attack, *peer, [&](std::string* chunk) {
    for (int i = 0; i < 20; ++i) *chunk += provocation.frames(peer->NextStream());
    return 60;
  });
}

// ---- A16, A17: resets at awkward moments

// The segment boundary goes through every octet of HEADERS and RST_STREAM.
Outcome ResetInOneSegment(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const size_t size = (Headers(1, Request(kDuplexCall), false) + RstStream(1)).size();
  for (size_t cut = 0; cut <= size; ++cut) {
    const uint32_t stream = peer->NextStream();
    const std::string frames =
        Headers(stream, Request(kDuplexCall), false) + RstStream(stream, kInternalError);
    peer->Send(frames.substr(0, cut));
    if (cut % 8 == 0) std::this_thread::sleep_for(1ms);
    if (peer->Send(frames.substr(cut)) != Peer::Sent::kAll) return HowItEnded(*peer);
  }
  return StillGood(*peer);
}

Outcome ResetWhileWriting(Attack& attack, bool tcp_is_full) {
  const std::unique_ptr<Peer> peer =
      tcp_is_full ? attack.Open({.receive_buffer = kTinyBuffer, .reads = false},
                                {{kInitialWindowSize, kWindowMax}})
                  : attack.Open({}, {{kInitialWindowSize, 1000}});
  if (peer == nullptr) return Refuses();
  std::string frames;
  std::string resets;
  for (int i = 0; i < 20; ++i) {
    const uint32_t stream = peer->NextStream();
    frames += Headers(stream, Request(kOutputCall), false) +
              Data(stream, OutputRequest(100, 20000), true);
    resets += RstStream(stream);
  }
  peer->Send(frames, 40);
  std::this_thread::sleep_for(30ms);
  peer->Send(resets, 20);
  peer->set_reads(true);
  return StillGood(*peer);
}

// The reset crosses the answer.
Outcome ResetAfterTrailers(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  for (int i = 0; i < 200; ++i) {
    const uint32_t stream = peer->NextStream();
    peer->Send(Headers(stream, Request(kEmptyCall), false) + Data(stream, kEmptyMessage, true), 2);
    if (i % 2 == 0) {
      peer->WaitFor([&] { return peer->inbox().Find(stream) != nullptr; }, 1s);
    }
    if (peer->Send(RstStream(stream)) != Peer::Sent::kAll) return HowItEnded(*peer);
  }
  return StillGood(*peer);
}

// ---- A18-A22

Outcome LastStreamFirst(Attack& attack, bool then_the_first) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const auto call = [](uint32_t stream) {
    return Headers(stream, Request(kEmptyCall), false) + Data(stream, kEmptyMessage, true);
  };
  peer->Send(call(kWindowMax), 2);
  const auto is_answered = [&] { return peer->inbox().IsAnswered(kWindowMax); };
  if (!peer->WaitFor(is_answered, 3s)) return HowItEnded(*peer);
  if (!then_the_first) {
    return ValueOf(peer->inbox().Find(kWindowMax)->trailers, "grpc-status") == "0"
               ? Status(0)
               : Wrong("the call on the last stream id failed");
  }
  peer->Send(call(1), 2);
  return HowItEnded(*peer);
}

Outcome Zombies(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  std::string frames;
  for (size_t i = 0; i + 1 < kStreams; ++i) {
    frames += Headers(peer->NextStream(), Request(kDuplexCall), false);
  }
  peer->Send(frames, kStreams - 1);
  peer->Listen(attack.TimeLeft());
  return StillGood(*peer);
}

Outcome HeadersInTheMiddle(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const uint32_t stream = peer->NextStream();
  peer->Send(Headers(stream, Request(kDuplexCall), false) + Data(stream, kEmptyMessage) +
                 Headers(stream, Literal("x", "y"), false),
             3);
  return HowStreamEnded(*peer, stream);
}

// A22: bodies that never end, of calls that are over in a millisecond.
Outcome ShortDeadlines(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  constexpr std::array kTimeouts = {"1n", "1u", "900u", "1m"};
  std::vector<std::string> blocks;
  for (const char* timeout : kTimeouts) {
    blocks.push_back(Request(kInputCall, Literal("grpc-timeout", timeout)));
  }
  return Flood(attack, *peer, [&](std::string* chunk) {
    for (size_t i = 0; i < 80; ++i) {
      const uint32_t stream = peer->NextStream();
      *chunk += Headers(stream, blocks[i % blocks.size()], false) + Data(stream, "\0");
    }
    peer->Listen(2ms);
    return 160;
  });
}

}  // namespace

void AddStreamLifecycle(Scenarios* rows) {
  const auto add = [rows](Scenario row) { rows->push_back(std::move(row)); };
  const std::vector<Outcome> calm = {GoesAway(kEnhanceYourCalm)};
  // A reset of a call that is answered already takes nothing from the server.
  const std::vector<Outcome> calm_or_fine = {Survives(), GoesAway(kEnhanceYourCalm)};

  add({.id = "A13",
       .variant = "a",
       .title = "Rapid Reset behind a whole request",
       .cve = "CVE-2023-44487",
       .pace = Pace::kFlood,
       .expected = calm,
       .is_short = true,
       .run = [](Attack& attack) { return RapidReset(attack, ResetStyle::kAfterRequest); }});
  add({.id = "A13",
       .variant = "b",
       .title = "Rapid Reset on 4 connections",
       .cve = "CVE-2023-44487",
       .pace = Pace::kFlood,
       .expected = calm,
       .connections = 4,
       .run = [](Attack& attack) { return RapidResetOnMany(attack, 4); }});
  add({.id = "A13",
       .variant = "c",
       .title = "Rapid Reset of calls that are answered at once",
       .cve = "CVE-2023-44487",
       .pace = Pace::kFlood,
       .expected = calm_or_fine,
       .run = [](Attack& attack) { return RapidReset(attack, ResetStyle::kAfterAnswer); }});
  add({.id = "A14",
       .variant = "a",
       .title = "100 requests, a pause, 100 resets",
       .cve = "CVE-2023-44487",
       .pace = Pace::kFlood,
       .expected = calm,
       .run = ResetInBatches});
  add({.id = "A14",
       .variant = "b",
       .title = "Rapid Reset without END_STREAM",
       .cve = "CVE-2023-44487",
       .pace = Pace::kFlood,
       .expected = calm,
       .run = [](Attack& attack) { return RapidReset(attack, ResetStyle::kAfterHeaders); }});
  add({.id = "A14",
       .variant = "c",
       .title = "1,000 requests and no reset",
       .expected = {Resets(kRefusedStream)},
       .run = [](Attack& attack) { return OpenTooMany(attack, true); }});
  int number = 0;
  for (const Provocation& each : Provocations()) {
    add({.id = "A15",
         .variant = std::string(1, static_cast<char>('a' + number)),
         .title = std::string("MadeYouReset: ") + each.what,
         .cve = "CVE-2025-8671",
         .pace = Pace::kFlood,
         .expected = each.expected,
         .is_short = number == 1,
         .run = [each](Attack& attack) { return MadeYouReset(attack, each); }});
    ++number;
  }
  add({.id = "A16",
       .title = "HEADERS and RST_STREAM in one segment, cut everywhere",
       .cve = "CVE-2026-23918",
       .expected = {Survives()},
       .run = ResetInOneSegment});
  add({.id = "A17",
       .variant = "a",
       .title = "RST_STREAM while a window holds the answer",
       .expected = {Survives()},
       .memory_max = kPayload,
       .rounds = 5,
       .run = [](Attack& attack) { return ResetWhileWriting(attack, false); }});
  add({.id = "A17",
       .variant = "b",
       .title = "RST_STREAM while the socket holds the answer",
       .expected = {Survives()},
       .memory_max = kPayload,
       .rounds = 5,
       .run = [](Attack& attack) { return ResetWhileWriting(attack, true); }});
  add({.id = "A17",
       .variant = "c",
       .title = "RST_STREAM that crosses the trailers",
       .expected = {Survives()},
       .run = ResetAfterTrailers});
  add({.id = "A18",
       .variant = "a",
       .title = "the last stream id at once",
       .expected = {Status(0)},
       .run = [](Attack& attack) { return LastStreamFirst(attack, false); }});
  add({.id = "A18",
       .variant = "b",
       .title = "the last stream id, and then the first",
       .expected = {GoesAway(kProtocolError)},
       .run = [](Attack& attack) { return LastStreamFirst(attack, true); }});
  add({.id = "A19",
       .title = "1,000 requests in the first flight",
       .expected = {Resets(kRefusedStream)},
       .run = [](Attack& attack) { return OpenTooMany(attack, false); }});
  add({.id = "A20",
       .title = "99 calls that never say anything",
       .pace = Pace::kFlood,
       .expected = {Survives()},
       .memory_max = kPayload,
       .run = Zombies});
  add({.id = "A21",
       .title = "HEADERS without END_STREAM in the middle of a request",
       .cve = "CVE-2026-48068",
       .expected = {Resets(kProtocolError)},
       .run = HeadersInTheMiddle});
  add({.id = "A22",
       .title = "deadlines of 1 ns to 1 ms over endless bodies",
       .pace = Pace::kFlood,
       .expected = calm_or_fine,
       .run = ShortDeadlines});
}

}  // namespace hostile
