// Family 4, first half: DATA, windows and readers that do not read (A41-A50).
#include <algorithm>
#include <thread>
#include <vector>

#include "tests/hostile/attack.h"
#include "tests/hostile/scenario.h"

namespace hostile {
namespace {

using namespace std::chrono_literals;

constexpr PeerOptions kNeverReads = {.receive_buffer = kTinyBuffer, .reads = false};
constexpr size_t kStreams = 99;  // within what servers allow, with one left for a check

// Calls whose responses, of `count` times `bytes`, nobody takes.
std::string AskForResponses(Peer& peer, size_t streams, size_t count, size_t bytes) {
  std::string frames;
  for (size_t i = 0; i < streams; ++i) {
    const uint32_t stream = peer.NextStream();
    frames += Headers(stream, Request(kOutputCall), false) +
              Data(stream, OutputRequest(count, bytes), true);
  }
  return frames;
}

// A call whose handler sleeps in the middle of its first message, and reads nothing more.
uint32_t OpenDeafCall(Peer& peer) {
  const uint32_t stream = peer.NextStream();
  peer.Send(
      Headers(stream, Request(kDuplexCall), false) + Data(stream, OutputRequest(1, 1, 60'000'000)),
      2);
  return stream;
}

// ---- A41, A42, A49, A50: the client does not take what it asked for

Outcome Dribble(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open({}, {{kInitialWindowSize, 0}});
  if (peer == nullptr) return Refuses();
  peer->Send(AskForResponses(*peer, kStreams, 1000, 16 * 1024), 2 * kStreams);
  std::string chunk;
  for (uint32_t stream = 1; stream < 2 * kStreams; stream += 2) chunk += WindowUpdate(stream, 1);
  return Flood(attack, *peer, [&](std::string* out) {
    *out += chunk;
    return kStreams;
  });
}

Outcome HoldUnread(Attack& attack, size_t streams, size_t count, size_t bytes) {
  const std::unique_ptr<Peer> peer = attack.Open(kNeverReads, {{kInitialWindowSize, kWindowMax}});
  if (peer == nullptr) return Refuses();
  peer->Send(
      WindowUpdate(0, kWindowMax - kInitialWindow) + AskForResponses(*peer, streams, count, bytes),
      2 * streams + 1);
  std::this_thread::sleep_for(attack.TimeLeft());
  return StopsReading();
}

Outcome OutwaitUnread(Attack& attack) {
  const size_t files = attack.server().CountFiles();
  const std::unique_ptr<Peer> peer = attack.Open(kNeverReads, {{kInitialWindowSize, kWindowMax}});
  if (peer == nullptr) return Refuses();
  peer->Send(WindowUpdate(0, kWindowMax - kInitialWindow) +
                 AskForResponses(*peer, kStreams, 1000, 16 * 1024),
             2 * kStreams + 1);
  return WaitForServerToClose(attack, files, 30s);
}

// An octet now and then from each of many connections.
Outcome SipFromMany(Attack& attack, size_t count) {
  std::vector<std::unique_ptr<Peer>> peers;
  for (size_t i = 0; i < count; ++i) {
    std::unique_ptr<Peer> peer = attack.Open(kNeverReads, {{kInitialWindowSize, kWindowMax}});
    if (peer == nullptr) return Refuses();
    const uint32_t stream = peer->NextStream();
    peer->Send(Headers(stream, Request(kUnaryCall), false) +
                   Data(stream, UnaryRequest(0, 64 * 1024), true),
               2);
    peers.push_back(std::move(peer));
  }
  while (!attack.IsTimeUp()) {
    for (const std::unique_ptr<Peer>& peer : peers) peer->Sip(1);
    std::this_thread::sleep_for(100ms);
  }
  return StopsReading();
}

// A50: TCP is healthy, PINGs are answered; only the window stays shut but for an octet.
Outcome HoldByWindow(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open({}, {{kInitialWindowSize, 0}});
  if (peer == nullptr) return Refuses();
  peer->Send(AskForResponses(*peer, 10, 100, 16 * 1024), 20);
  const auto is_reaped = [&] { return !peer->inbox().resets().empty(); };
  for (int i = 0; i < 14 && !is_reaped() && peer->is_open(); ++i) {
    for (uint32_t stream = 1; stream < 20; stream += 2) peer->Send(WindowUpdate(stream, 1));
    peer->WaitFor(is_reaped, 10s);
  }
  if (!is_reaped()) return peer->is_open() ? NoReaction() : HowItEnded(*peer);
  return Resets(peer->inbox().resets().begin()->first);
}

// ---- A43-A45: DATA that carries little

Outcome EmptyData(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const uint32_t stream = peer->NextStream();
  peer->Send(Headers(stream, Request(kInputCall), false));
  const std::string chunk = Repeat(Data(stream, ""), 1000);
  return Flood(attack, *peer, [&](std::string* out) {
    *out += chunk;
    return 1000;
  });
}

// Padding costs window, so that the flood has to wait for it to be given back.
Outcome PaddingOnly(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const uint32_t stream = peer->NextStream();
  peer->Send(Headers(stream, Request(kInputCall), false));
  const std::string frame = PaddedData(stream, "", 255, 255);
  Inbox& inbox = peer->inbox();
  return Flood(attack, *peer, [&](std::string* out) -> uint64_t {
    constexpr int64_t kFrames = 50;
    peer->WaitFor(
        [&] {
          return std::min(inbox.connection_window, inbox.WindowOf(stream)) >= 256 * kFrames ||
                 inbox.go_away().has_value();
        },
        2s);
    inbox.SpendWindow(stream, 256 * kFrames);
    *out += Repeat(frame, kFrames);
    return kFrames;
  });
}

// A44: legal, and therefore served; what it must not do is cost more than its bytes.
Outcome Fragments(Attack& attack, size_t streams, size_t message_bytes) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const std::string body = UnaryRequest(message_bytes, 1);
  std::vector<uint32_t> ids;
  std::string headers;
  for (size_t i = 0; i < streams; ++i) {
    ids.push_back(peer->NextStream());
    headers += Headers(ids.back(), Request(kUnaryCall), false);
  }
  peer->Send(headers, streams);
  // Slices of each stream in turn, so that all messages are incomplete for most of the time.
  constexpr size_t kSlice = 4096;
  for (size_t at = 0; at < body.size(); at += kSlice) {
    const bool ends = at + kSlice >= body.size();
    for (uint32_t id : ids) {
      const Peer::Sent sent =
          peer->SendData(id, std::string_view(body).substr(at, kSlice), ends, 1, 3s);
      if (sent == Peer::Sent::kClosed) return HowItEnded(*peer);
      if (sent == Peer::Sent::kBlocked) return Wrong("the windows stay closed");
    }
  }
  for (uint32_t id : ids) {
    const Outcome outcome = HowStreamEnded(*peer, id, 10s);
    if (outcome != Status(0)) return outcome;
  }
  return Status(0);
}

Outcome WrongPadding(Attack& attack) {
  const std::string request = Headers(1, Request(kInputCall), false);
  switch (attack.round() % 4) {
    case 0:
      return SendAndSee(attack, request + PaddedData(1, "", 1, 0), 2);
    case 1:
      return SendAndSee(attack, request + PaddedData(1, "abc", 255, 10), 2);
    case 2:  // not even the octet that says how much
      return SendAndSee(attack, request + Frame(FrameType::kData, kPadded, 1, ""), 2);
    default:
      return SendAndSee(attack, Frame(FrameType::kHeaders, kEndHeaders | kPadded, 1,
                                      "\xff" + Request(kEmptyCall)));
  }
}

// Octets of payload among octets of padding; all windows must come back.
Outcome RightPadding(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const uint32_t stream = peer->NextStream();
  peer->Send(Headers(stream, Request(kInputCall), false));
  Inbox& inbox = peer->inbox();
  const std::string body = InputRequest(20'000);
  for (char octet : body) {
    const bool has_window = peer->WaitFor(
        [&] { return std::min(inbox.connection_window, inbox.WindowOf(stream)) >= 257; }, 2s);
    if (!has_window)
      return peer->is_open() ? Wrong("padding is not given back") : HowItEnded(*peer);
    inbox.SpendWindow(stream, 257);
    peer->Send(PaddedData(stream, std::string(1, octet), 255, 255));
  }
  peer->Send(Data(stream, "", true));
  return HowStreamEnded(*peer, stream);
}

// ---- A46, A47: arithmetic

Outcome WindowSteps(Attack& attack, std::string_view frames) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  OpenDeafCall(*peer);
  peer->Send(frames, 2);
  peer->Listen(50ms);
  if (!peer->inbox().resets().empty()) {
    const Outcome outcome = Resets(peer->inbox().resets().begin()->first);
    const Outcome after = StillGood(*peer);
    return after == Survives() ? outcome : after;
  }
  if (peer->inbox().go_away().has_value() || !peer->is_open()) return HowItEnded(*peer);
  return StillGood(*peer);
}

// A window below zero is filled up to zero, which gives nothing, and by one more, which gives one.
Outcome NegativeWindow(Attack& attack) {
  constexpr int64_t kFirst = 60'000;
  const std::unique_ptr<Peer> peer = attack.Open({}, {{kInitialWindowSize, kFirst}});
  if (peer == nullptr) return Refuses();
  // What the client would give back by itself must not disturb the count.
  peer->set_polite(false);
  const uint32_t stream = peer->NextStream();
  peer->Send(WindowUpdate(0, 1 << 20) + Headers(stream, Request(kUnaryCall), false) +
                 Data(stream, UnaryRequest(0, 100'000), true),
             3);
  Inbox& inbox = peer->inbox();
  const auto received = [&] { return static_cast<int64_t>(inbox.data_bytes()); };
  if (!peer->WaitFor([&] { return received() >= kFirst; }, 2s)) return NoReaction();
  peer->Send(Settings({{kInitialWindowSize, 1000}}) + WindowUpdate(stream, 59'000), 2);
  peer->Listen(100ms);
  if (received() != kFirst) return Wrong("DATA was sent into a window of 0");
  peer->Send(WindowUpdate(stream, 1));
  peer->WaitFor([&] { return received() > kFirst; }, 2s);
  peer->Listen(50ms);
  if (received() != kFirst + 1) {
    return Wrong(std::to_string(received() - kFirst) + " octets were sent into a window of 1");
  }
  peer->Send(WindowUpdate(stream, 1 << 20));
  return HowStreamEnded(*peer, stream);
}

// A47: the windows are ignored. The handlers read nothing, so a stream's window is never renewed.
Outcome IgnoreWindows(Attack& attack, size_t streams) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  std::vector<uint32_t> ids;
  for (size_t i = 0; i < streams; ++i) ids.push_back(OpenDeafCall(*peer));
  const std::string payload(kMaxFrameBytes, '\0');
  for (int i = 0; i < 40 && peer->is_open() && peer->inbox().resets().empty(); ++i) {
    for (uint32_t id : ids) peer->Send(Data(id, payload));
    peer->Listen(1ms);
  }
  peer->WaitFor([&] { return peer->inbox().go_away() || !peer->inbox().resets().empty(); }, 2s);
  if (!peer->inbox().resets().empty() && !peer->inbox().go_away()) {
    return Resets(peer->inbox().resets().begin()->first);
  }
  return HowItEnded(*peer);
}

// Within all windows, on as many calls as there may be: what does one connection pin?
Outcome FillWindows(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  std::vector<uint32_t> ids;
  for (size_t i = 0; i < kStreams; ++i) ids.push_back(OpenDeafCall(*peer));
  peer->Listen(20ms);
  // Small messages, so that the server can neither refuse them nor need more window for them.
  std::string payload;
  while (payload.size() < kMaxFrameBytes) payload += OutputRequest(1, 1, 60'000'000);
  for (bool has_moved = true; has_moved && !attack.IsTimeUp();) {
    has_moved = false;
    for (uint32_t id : ids) {
      const auto room = std::min(peer->inbox().connection_window, peer->inbox().WindowOf(id));
      if (room < static_cast<int64_t>(payload.size())) continue;
      has_moved |= peer->SendData(id, payload, false) == Peer::Sent::kAll;
    }
    peer->Listen(5ms);
  }
  while (!attack.IsTimeUp() && peer->is_open()) peer->Listen(50ms);
  return peer->is_open() ? Survives() : HowItEnded(*peer);
}

// ---- A48

// DATA that nobody wants must not close the connection's window for those who do.
Outcome DeadStreams(Attack& attack, size_t live_bytes) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  Inbox& inbox = peer->inbox();
  // The server answers at once, so the streams are over on its side while their DATA still comes.
  for (int i = 0; i < 100; ++i) {
    const uint32_t stream = peer->NextStream();
    std::string frames = Headers(stream, Request("/grpc.testing.TestService/Unknown"), false);
    const std::string payload(kMaxFrameBytes, 'x');
    for (int j = 0; j < 3; ++j) frames += Data(stream, payload);
    inbox.connection_window -= 3 * static_cast<int64_t>(kMaxFrameBytes);
    const bool has_room = peer->WaitFor(
        [&] { return inbox.connection_window > 0 || inbox.go_away().has_value(); }, 2s);
    if (!has_room) return Wrong("the connection's window leaks");
    if (peer->Send(frames, 4) != Peer::Sent::kAll) return HowItEnded(*peer);
  }
  const uint32_t stream = peer->NextStream();
  peer->Send(Headers(stream, Request(kInputCall), false));
  const std::string message = InputRequest(1 << 20);
  for (size_t sent = 0; sent < live_bytes; sent += message.size()) {
    const Peer::Sent step = peer->SendData(stream, message, false);
    if (step != Peer::Sent::kAll) {
      return step == Peer::Sent::kBlocked ? Wrong("the window stays closed") : HowItEnded(*peer);
    }
  }
  peer->Send(Data(stream, "", true));
  return HowStreamEnded(*peer, stream);
}

}  // namespace

void AddDataFlow(Scenarios* rows) {
  const auto add = [rows](Scenario row) { rows->push_back(std::move(row)); };
  const std::vector<Outcome> fine = {Survives()};
  const std::vector<Outcome> overflow = {GoesAway(kFlowControlError)};
  const std::vector<Outcome> held = {StopsReading()};

  add({.id = "A41",
       .title = "99 responses of 16 MiB, taken an octet at a time",
       .cve = "CVE-2019-9511",
       .pace = Pace::kFlood,
       .expected = {Survives(), GoesAway(kEnhanceYourCalm)},
       .memory_max = kPayload,
       .run = Dribble});
  add({.id = "A42",
       .variant = "a",
       .title = "99 responses of 1 GiB, windows open, socket unread",
       .cve = "CVE-2019-9517",
       .pace = Pace::kFlood,
       .expected = held,
       .memory_max = kPayload,
       .is_short = true,
       .run = [](Attack& attack) { return HoldUnread(attack, kStreams, 1000, 16 * 1024); }});
  add({.id = "A42",
       .variant = "t",
       .title = "the same: the server gives up",
       .cve = "CVE-2019-9517",
       .pace = Pace::kPatience,
       .expected = {Closes()},
       .memory_max = kPayload,
       .earliest = 15,
       .latest = 25,
       .run = OutwaitUnread});
  add({.id = "A43",
       .variant = "a",
       .title = "empty DATA",
       .cve = "CVE-2019-9518",
       .pace = Pace::kFlood,
       .expected = {GoesAway(kEnhanceYourCalm)},
       .is_short = true,
       .run = EmptyData});
  add({.id = "A43",
       .variant = "b",
       .title = "DATA with padding only",
       .cve = "CVE-2019-9518",
       .pace = Pace::kFlood,
       .expected = {GoesAway(kEnhanceYourCalm)},
       .run = PaddingOnly});
  add({.id = "A44",
       .variant = "a",
       .title = "1 MiB in DATA of one octet",
       .cve = "CVE-2026-84304",
       .pace = Pace::kFlood,
       .expected = {Status(0)},
       .memory_max = kPayload,
       .run = [](Attack& attack) { return Fragments(attack, 1, 1 << 20); }});
  add({.id = "A44",
       .variant = "b",
       .title = "90 times 32 KiB in DATA of one octet",
       .cve = "CVE-2026-84304",
       .pace = Pace::kFlood,
       .expected = {Status(0)},
       .memory_max = kPayload,
       .is_short = true,
       .run = [](Attack& attack) { return Fragments(attack, 90, 32 * 1024); }});
  add({.id = "A45",
       .variant = "a",
       .title = "padding longer than its frame",
       .expected = {GoesAway(kProtocolError), GoesAway(kFrameSizeError)},
       .rounds = 4,
       .run = WrongPadding});
  add({.id = "A45",
       .variant = "b",
       .title = "20,000 octets of payload, 255 of padding with each",
       .expected = {Status(0)},
       .is_twin = true,
       .run = RightPadding});
  const auto add_steps = [&](const char* variant, const char* title, std::string frames,
                             std::vector<Outcome> expected) {
    add({.id = "A46",
         .variant = variant,
         .title = title,
         .expected = std::move(expected),
         .run = [frames](Attack& attack) { return WindowSteps(attack, frames); }});
  };
  const uint32_t to_the_brim = kWindowMax - kInitialWindow;
  add_steps("a", "the connection's window up to 2^31-1", WindowUpdate(0, to_the_brim), fine);
  add_steps("b", "the connection's window one above", WindowUpdate(0, to_the_brim + 1), overflow);
  add_steps("c", "a stream's window up to 2^31-1", WindowUpdate(1, to_the_brim), fine);
  add_steps("d", "a stream's window one above", WindowUpdate(1, to_the_brim + 1),
            {Resets(kFlowControlError)});
  add_steps("e", "SETTINGS that push an open stream's window over",
            WindowUpdate(1, 1) + Settings({{kInitialWindowSize, kWindowMax}}), overflow);
  add_steps("f", "SETTINGS with a window of 2^31", Settings({{kInitialWindowSize, kWindowMax + 1}}),
            overflow);
  add_steps("g", "WINDOW_UPDATE by 0 on the connection", WindowUpdate(0, 0),
            {GoesAway(kProtocolError)});
  add({.id = "A46",
       .variant = "h",
       .title = "a window below zero",
       .expected = {Status(0)},
       .memory_max = kPayload,
       .run = NegativeWindow});
  add({.id = "A47",
       .variant = "a",
       .title = "DATA beyond a stream's window",
       .expected = {Resets(kFlowControlError), GoesAway(kFlowControlError)},
       .memory_max = kPayload,
       .run = [](Attack& attack) { return IgnoreWindows(attack, 1); }});
  add({.id = "A47",
       .variant = "b",
       .title = "DATA beyond 90 streams' windows",
       .expected = {Resets(kFlowControlError), GoesAway(kFlowControlError)},
       .memory_max = kPayload,
       .run = [](Attack& attack) { return IgnoreWindows(attack, 90); }});
  add({.id = "A47",
       .variant = "c",
       .title = "all windows of 99 calls filled, and nothing read",
       .pace = Pace::kFlood,
       .expected = fine,
       .memory_max = kPayload,
       .is_short = true,
       .run = FillWindows});
  add({.id = "A48",
       .title = "DATA on streams that are over, then 32 MiB on one that is not",
       .cve = "CVE-2026-56819",
       .expected = {Status(0)},
       .memory_max = kPayload,
       .run = [](Attack& attack) { return DeadStreams(attack, 32 << 20); }});
  add({.id = "A49",
       .title = "50 clients that take 64 KiB an octet at a time",
       .pace = Pace::kFlood,
       .expected = held,
       .connections = 50,
       .run = [](Attack& attack) { return SipFromMany(attack, 50); }});
  add({.id = "A50",
       .title = "windows that open by an octet per 10 s",
       .pace = Pace::kPatience,
       .expected = {Resets(kCancel)},
       .memory_max = kPayload,
       .earliest = 100,
       .latest = 140,
       .run = HoldByWindow});
}

}  // namespace hostile
