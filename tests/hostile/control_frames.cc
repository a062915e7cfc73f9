// Family 1: floods of control frames, and of frames that make the server reply (A01-A12).
#include <array>
#include <thread>

#include "tests/hostile/attack.h"
#include "tests/hostile/scenario.h"

namespace hostile {
namespace {

using namespace std::chrono_literals;

constexpr PeerOptions kNeverReads = {.receive_buffer = kTinyBuffer, .reads = false};
constexpr uint64_t kChunk = 1000;  // frames sent in one go
constexpr int kStreams = 100;      // what servers allow at once

const std::string kBigPayload(kMaxFrameBytes, 'x');

// Streams whose handlers wait for messages that never come.
void OpenWaitingCalls(Peer& peer, int count) {
  std::string frames;
  for (int i = 0; i < count; ++i) {
    frames += Headers(peer.NextStream(), Request(kDuplexCall), false);
  }
  peer.Send(frames, static_cast<uint64_t>(count));
}

// A response that is far larger than anything the kernel buffers.
void AskForMuch(Peer& peer) {
  const uint32_t stream = peer.NextStream();
  peer.Send(WindowUpdate(0, kWindowMax - kInitialWindow) +
                Headers(stream, Request(kOutputCall), false) +
                Data(stream, OutputRequest(1000, 1 << 20), true),
            3);
}

// A01: what PINGs do while a response waits for a client that reads nothing is A11.
Outcome FloodOfPings(Attack& attack, const PeerOptions& options) {
  return FloodWith(attack, options, Repeat(Ping(1), kChunk), kChunk);
}

Outcome FloodOfSettings(Attack& attack, const PeerOptions& options) {
  return FloodWith(attack, options, Repeat(Settings(), kChunk), kChunk);
}

// Floods without reading until the server takes no more, and waits for it to give up.
Outcome OutwaitServer(Attack& attack, std::string_view chunk, uint64_t frames) {
  const size_t files = attack.server().CountFiles();
  const std::unique_ptr<Peer> peer = attack.Open(kNeverReads);
  if (peer == nullptr) return Refuses();
  Peer::Sent sent = Peer::Sent::kAll;
  while (sent == Peer::Sent::kAll) sent = peer->Send(chunk, frames, 500ms);
  return WaitForServerToClose(attack, files, 30s);
}

// A03: 32 entries in a frame is what a server has to put up with; it answers each frame.
Outcome ManySettingsWithStreams(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  OpenWaitingCalls(*peer, kStreams);
  std::string payload;
  for (int i = 0; i < 16; ++i) {
    payload += std::string("\0\4", 2) + BigEndian32(0);
    payload += std::string("\0\4", 2) + BigEndian32(kWindowMax);
  }
  const std::string chunk = Repeat(Frame(FrameType::kSettings, kNoFlags, 0, payload), 50);
  while (!attack.IsTimeUp()) {
    const uint64_t acks = peer->inbox().settings_acks();
    if (peer->Send(chunk, 50) != Peer::Sent::kAll) return HowItEnded(*peer);
    if (!peer->WaitFor([&] { return peer->inbox().settings_acks() >= acks + 50; }, 2s)) {
      return HowItEnded(*peer);
    }
  }
  return Survives();
}

Outcome HugeSettings(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  OpenWaitingCalls(*peer, kStreams);
  std::string payload;
  while (payload.size() + 12 <= kMaxFrameBytes) {
    payload += std::string("\0\4", 2) + BigEndian32(0);
    payload += std::string("\0\4", 2) + BigEndian32(kWindowMax);
  }
  return Flood(attack, *peer, [&](std::string* chunk) {
    *chunk += Frame(FrameType::kSettings, kNoFlags, 0, payload);
    return 1;
  });
}

Outcome WithholdSettingsAck(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open({.is_polite = false});
  return peer == nullptr ? Refuses() : HowItEnded(*peer, 15s);
}

// A05: each block is malformed, so each stream is reset.
uint64_t AddMalformedRequests(Peer& peer, std::string* chunk) {
  static const std::string kBlock = Request(kEmptyCall, Literal(":bogus", "x"));
  for (uint64_t i = 0; i < kChunk; ++i) *chunk += Headers(peer.NextStream(), kBlock, true);
  return kChunk;
}

// A06: what the server answers itself, before any handler.
const std::string& RejectedRequest(int kind) {
  static const std::string kUnknown = Request("/grpc.testing.TestService/Unknown");
  static const auto kOther = [](const char* name, const char* value) {
    Fields fields = RequestFields(kEmptyCall);
    for (auto& [key, text] : fields) {
      if (key == name) text = value;
    }
    return LiteralBlock(fields);
  };
  static const std::string kGet = kOther(":method", "GET");
  static const std::string kText = kOther("content-type", "text/plain");
  return kind == 0 ? kUnknown : kind == 1 ? kGet : kText;
}

Outcome FloodOfRequests(Attack& attack, const PeerOptions& options, const std::string& block) {
  const std::unique_ptr<Peer> peer = attack.Open(options);
  if (peer == nullptr) return Refuses();
  return Flood(attack, *peer, [&](std::string* chunk) {
    for (uint64_t i = 0; i < 50; ++i) *chunk += Headers(peer->NextStream(), block, true);
    return 50;
  });
}

Outcome FloodWithMalformed(Attack& attack, const PeerOptions& options) {
  const std::unique_ptr<Peer> peer = attack.Open(options);
  if (peer == nullptr) return Refuses();
  return Flood(attack, *peer,
               [&](std::string* chunk) { return AddMalformedRequests(*peer, chunk); });
}

// A07: the windows never reach 2^31-1, so every increment is legal.
Outcome FloodOfWindowUpdates(Attack& attack, bool on_stream) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  OpenWaitingCalls(*peer, 1);
  const std::string chunk = Repeat(WindowUpdate(on_stream ? 1 : 0, 1), kChunk);
  return Flood(attack, *peer, [&](std::string* out) {
    *out += chunk;
    return kChunk;
  });
}

Outcome FloodOfPriority(Attack& attack) {
  std::string chunk;
  for (uint32_t i = 0; i < kChunk; ++i) chunk += Priority(2 * i + 1, 2 * ((i * 7) % kChunk) + 3);
  return FloodWith(attack, {}, chunk, kChunk);
}

Outcome FloodOfPriorityUpdates(Attack& attack) {
  const std::string frame =
      Frame(FrameType::kPriorityUpdate, kNoFlags, 0, BigEndian32(1) + "u=3, i");
  return FloodWith(attack, {}, Repeat(frame, kChunk), kChunk);
}

// A09: every type that no RFC of HTTP/2 has, with the largest payload.
Outcome FloodOfUnknownFrames(Attack& attack) {
  uint32_t type = 0x0a;
  return Flood(attack, {}, [&](std::string* chunk) {
    for (int i = 0; i < 8; ++i) {
      *chunk += Frame(static_cast<FrameType>(type), 0xff, type * 2, kBigPayload);
      type = type == 0xff ? 0x0a : type + 1;
    }
    return 8;
  });
}

Outcome FloodOfGoAway(Attack& attack, bool with_stream) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  if (with_stream) OpenWaitingCalls(*peer, 1);
  const std::string debug(kMaxFrameBytes - 8, 'd');
  uint32_t last = 0;
  return Flood(attack, *peer, [&](std::string* chunk) {
    *chunk += GoAway(last += 2, kNoError, debug);
    return 1;
  });
}

// A11: control replies queue behind a response that does not move.
Outcome PingsBehindData(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open(kNeverReads, {{kInitialWindowSize, kWindowMax}});
  if (peer == nullptr) return Refuses();
  AskForMuch(*peer);
  const std::string chunk = Repeat(Ping(1), kChunk);
  return Flood(attack, *peer, [&](std::string* out) {
    *out += chunk;
    return kChunk;
  });
}

Outcome OutwaitWithData(Attack& attack) {
  const size_t files = attack.server().CountFiles();
  const std::unique_ptr<Peer> peer = attack.Open(kNeverReads, {{kInitialWindowSize, kWindowMax}});
  if (peer == nullptr) return Refuses();
  AskForMuch(*peer);
  return WaitForServerToClose(attack, files, 30s);
}

// A12: one write with a fatal frame and then frames of impossible lengths.
Outcome GarbageAfterTheEnd(Attack& attack) {
  const std::array<std::string, 6> fatal = {Frame(FrameType::kSettings, kNoFlags, 0, "12345"),
                                            Frame(FrameType::kPing, 0, 0, "short"),
                                            Frame(FrameType::kPushPromise, kEndHeaders, 1, "abcd"),
                                            Frame(FrameType::kWindowUpdate, 0, 0, BigEndian32(0)),
                                            Frame(FrameType::kContinuation, kEndHeaders, 1, "x"),
                                            Data(2, "even")};
  std::string garbage;
  for (uint8_t type = 0; type < 20; ++type) {
    garbage += FrameHeader(0xffffff, static_cast<FrameType>(type), 0xff, 0xffffffff);
    garbage += std::string(type, static_cast<char>(type));
  }
  return SendAndSee(attack, fatal[static_cast<size_t>(attack.round()) % fatal.size()] + garbage,
                    21);
}

}  // namespace

void AddControlFrames(Scenarios* rows) {
  const std::vector<Outcome> stopped = {StopsReading(), Closes(),
                                        GoesAway(kEnhanceYourCalm, "too_many_pings"),
                                        GoesAway(kEnhanceYourCalm)};
  const std::vector<Outcome> calm = {GoesAway(kEnhanceYourCalm)};
  const auto add = [rows](Scenario row) { rows->push_back(std::move(row)); };

  add({.id = "A01",
       .variant = "a",
       .title = "PING flood, replies unread",
       .cve = "CVE-2019-9512",
       .pace = Pace::kFlood,
       .expected = stopped,
       .is_short = true,
       .run = [](Attack& attack) { return FloodOfPings(attack, kNeverReads); }});
  add({.id = "A01",
       .variant = "b",
       .title = "PING flood, replies read",
       .cve = "CVE-2019-9512",
       .pace = Pace::kFlood,
       .expected = {GoesAway(kEnhanceYourCalm, "too_many_pings")},
       .run = [](Attack& attack) { return FloodOfPings(attack, {}); }});
  add({.id = "A02",
       .variant = "a",
       .title = "SETTINGS flood, replies unread",
       .cve = "CVE-2019-9515",
       .pace = Pace::kFlood,
       .expected = stopped,
       .is_short = true,
       .run = [](Attack& attack) { return FloodOfSettings(attack, kNeverReads); }});
  add({.id = "A02",
       .variant = "b",
       .title = "SETTINGS flood, replies read",
       .cve = "CVE-2019-9515",
       .pace = Pace::kFlood,
       .expected = {Survives(), Closes(), GoesAway(kEnhanceYourCalm)},
       .run = [](Attack& attack) { return FloodOfSettings(attack, {}); }});
  add({.id = "A03",
       .variant = "a",
       .title = "SETTINGS with 2,730 entries over 100 open streams",
       .pace = Pace::kFlood,
       .expected = calm,
       .run = HugeSettings});
  add({.id = "A03",
       .variant = "b",
       .title = "SETTINGS with 32 entries each over 100 open streams",
       .pace = Pace::kFlood,
       .expected = {Survives(), GoesAway(kEnhanceYourCalm)},
       .run = ManySettingsWithStreams});
  add({.id = "A04",
       .variant = "a",
       .title = "the server's SETTINGS are never acknowledged",
       .pace = Pace::kPatience,
       .expected = {GoesAway(kSettingsTimeout)},
       .earliest = 9,
       .latest = 12,
       .run = WithholdSettingsAck});
  add({.id = "A04",
       .variant = "b",
       .title = "SETTINGS ACK that nobody asked for",
       .expected = {GoesAway(kProtocolError)},
       .run = [](Attack& attack) {
         return SendAndSee(attack, Repeat(SettingsAck(), 10000), 10000);
       }});
  add({.id = "A05",
       .variant = "a",
       .title = "malformed requests, resets unread",
       .cve = "CVE-2019-9514",
       .pace = Pace::kFlood,
       .expected = stopped,
       .is_short = true,
       .run = [](Attack& attack) { return FloodWithMalformed(attack, kNeverReads); }});
  add({.id = "A05",
       .variant = "b",
       .title = "malformed requests, resets read",
       .cve = "CVE-2019-9514",
       .pace = Pace::kFlood,
       .expected = {GoesAway(kEnhanceYourCalm), Closes()},
       .run = [](Attack& attack) { return FloodWithMalformed(attack, {}); }});
  constexpr std::array kRejected = {"unknown method", "GET", "wrong content-type"};
  for (int kind = 0; kind < 3; ++kind) {
    const char letter = static_cast<char>('a' + kind);
    const std::string what = kRejected[static_cast<size_t>(kind)];
    add({.id = "A06",
         .variant = std::string(1, letter),
         .title = what + ", answers unread",
         .pace = Pace::kFlood,
         .expected = stopped,
         .is_short = kind == 0,
         .run = [kind](Attack& attack) {
           return FloodOfRequests(attack, kNeverReads, RejectedRequest(kind));
         }});
    add({.id = "A06",
         .variant = std::string(1, letter) + "r",
         .title = what + ", answers read",
         .pace = Pace::kFlood,
         .expected = {Survives(), GoesAway(kEnhanceYourCalm)},
         .run = [kind](Attack& attack) {
           return FloodOfRequests(attack, {}, RejectedRequest(kind));
         }});
  }
  add({.id = "A06",
       .variant = "t",
       .title = "unread answers: the server gives up",
       .pace = Pace::kPatience,
       .expected = {Closes()},
       .earliest = 0,
       .latest = 25,
       .run = [](Attack& attack) {
         const std::unique_ptr<Peer> numbers = attack.Open();
         std::string chunk;
         for (int i = 0; i < 20000; ++i) {
           chunk += Headers(numbers->NextStream(), RejectedRequest(0), true);
         }
         return OutwaitServer(attack, chunk, 20000);
       }});
  add({.id = "A07",
       .variant = "a",
       .title = "WINDOW_UPDATE +1 on the connection",
       .pace = Pace::kFlood,
       .expected = {Survives(), GoesAway(kEnhanceYourCalm)},
       .run = [](Attack& attack) { return FloodOfWindowUpdates(attack, false); }});
  add({.id = "A07",
       .variant = "b",
       .title = "WINDOW_UPDATE +1 on a stream with nothing to send",
       .pace = Pace::kFlood,
       .expected = {Survives(), GoesAway(kEnhanceYourCalm)},
       .is_short = true,
       .run = [](Attack& attack) { return FloodOfWindowUpdates(attack, true); }});
  add({.id = "A08",
       .variant = "a",
       .title = "PRIORITY with changing parents",
       .cve = "CVE-2019-9513",
       .pace = Pace::kFlood,
       .expected = calm,
       .run = FloodOfPriority});
  add({.id = "A08",
       .variant = "b",
       .title = "PRIORITY_UPDATE",
       .pace = Pace::kFlood,
       .expected = calm,
       .run = FloodOfPriorityUpdates});
  add({.id = "A09",
       .title = "frames of unknown types, 16 KiB each",
       .pace = Pace::kFlood,
       .expected = calm,
       .run = FloodOfUnknownFrames});
  add({.id = "A10",
       .variant = "a",
       .title = "GOAWAY with 16 KiB of debug data and rising ids",
       .pace = Pace::kFlood,
       .expected = {Anything()},
       .run = [](Attack& attack) { return FloodOfGoAway(attack, false); }});
  add({.id = "A10",
       .variant = "b",
       .title = "the same with an open stream",
       .pace = Pace::kFlood,
       .expected = {GoesAway(kEnhanceYourCalm), GoesAway(kProtocolError)},
       .run = [](Attack& attack) { return FloodOfGoAway(attack, true); }});
  add({.id = "A11",
       .variant = "a",
       .title = "PING flood behind a response that is not read",
       .pace = Pace::kFlood,
       .expected = stopped,
       .memory_max = kPayload,
       .run = PingsBehindData});
  add({.id = "A11",
       .variant = "t",
       .title = "unread response: the server gives up",
       .pace = Pace::kPatience,
       .expected = {Closes()},
       .memory_max = kPayload,
       .earliest = 15,
       .latest = 25,
       .run = OutwaitWithData});
  add({.id = "A12",
       .title = "a fatal frame with garbage behind it",
       .cve = "CVE-2026-27135",
       .expected = {GoesAway(kProtocolError), GoesAway(kFrameSizeError)},
       .rounds = 6,
       .run = GarbageAfterTheEnd});
}

}  // namespace hostile
