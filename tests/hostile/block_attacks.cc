// Family 3, first half: header blocks that are too large, too slow or too clever (A23-A34).
#include <thread>
#include <vector>

#include "tests/hostile/attack.h"
#include "tests/hostile/scenario.h"

namespace hostile {
namespace {

using namespace std::chrono_literals;

constexpr size_t kManyReferences = 16000;

// Fields of one kilobyte whose names are new each time.
std::string FreshFields(size_t bytes, uint64_t* serial) {
  std::string block;
  while (block.size() < bytes) {
    block += Insert("x-" + std::to_string((*serial)++), std::string(500, 'v'));
  }
  block.resize(bytes);
  return block;
}

// A23, A24, A32: a block that goes on in pieces of `bytes` until the connection ends.
Outcome EndlessBlock(Attack& attack, size_t bytes) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  uint64_t serial = 0;
  peer->Send(OpenHeaders(peer->NextStream(), Request(kEmptyCall)));
  return Flood(attack, *peer, [&](std::string* chunk) {
    for (int i = 0; i < 10; ++i) *chunk += Continuation(1, FreshFields(bytes, &serial));
    return 10;
  });
}

// One block sent as it is, on a new connection each time.
Outcome SendBlock(Attack& attack, std::string_view block) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const uint32_t stream = peer->NextStream();
  std::string frames;
  if (block.size() <= kMaxFrameBytes) {
    frames = Headers(stream, block, false);
  } else {
    frames = OpenHeaders(stream, block.substr(0, kMaxFrameBytes), false);
    block.remove_prefix(kMaxFrameBytes);
    for (; block.size() > kMaxFrameBytes; block.remove_prefix(kMaxFrameBytes)) {
      frames += Continuation(stream, block.substr(0, kMaxFrameBytes));
    }
    frames += Continuation(stream, block, true);
  }
  peer->Send(frames + Data(stream, kEmptyMessage, true), 2);
  return HowStreamEnded(*peer, stream);
}

// A25: the block stops, or goes on by an octet now and then.
Outcome SlowBlock(Attack& attack, bool drips) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  peer->Send(OpenHeaders(peer->NextStream(), Request(kEmptyCall)));
  for (int i = 0; i < 3 && peer->is_open(); ++i) {
    peer->Listen(5s);
    if (drips && peer->is_open()) peer->Send(Continuation(1, std::string(1, '\0')));
  }
  return HowItEnded(*peer);
}

// A27: as many fields as one call may have, on as many calls as there may be, none of which can
// answer. The fields come by reference, so each costs the attacker an octet.
Outcome HoldFields(Attack& attack, size_t references, bool until_reaped) {
  const std::unique_ptr<Peer> peer = attack.Open({}, {{kInitialWindowSize, 0}});
  if (peer == nullptr) return Refuses();
  std::string frames;
  for (int i = 0; i < 99; ++i) {
    const uint32_t stream = peer->NextStream();
    const std::string entry = i == 0 ? Insert("a", "") : "";
    frames += Headers(stream, Request(kOutputCall, entry + Repeat(Indexed(62), references)), false);
    frames += Data(stream, OutputRequest(4, 1000), true);
  }
  peer->Send(frames, 198);
  if (!until_reaped) {
    while (!attack.IsTimeUp() && peer->is_open()) {
      for (uint32_t stream = 1; stream < 198; stream += 2) peer->Send(WindowUpdate(stream, 1));
      peer->Listen(100ms);
    }
    return peer->is_open() ? Survives() : HowItEnded(*peer);
  }
  const auto is_reaped = [&] { return !peer->inbox().resets().empty(); };
  for (int i = 0; i < 26 && !is_reaped() && peer->is_open(); ++i) {
    for (uint32_t stream = 1; stream < 198; stream += 2) peer->Send(WindowUpdate(stream, 1));
    peer->WaitFor(is_reaped, 5s);
  }
  if (!is_reaped()) return peer->is_open() ? NoReaction() : HowItEnded(*peer);
  return Resets(peer->inbox().resets().begin()->first);
}

// A31: one string that is announced and never comes, on many connections.
Outcome AnnounceStrings(Attack& attack, std::string_view fragment, size_t count) {
  std::vector<std::unique_ptr<Peer>> peers;
  for (size_t i = 0; i < count; ++i) {
    std::unique_ptr<Peer> peer = attack.Open();
    if (peer == nullptr) return Refuses();
    peer->Send(OpenHeaders(peer->NextStream(), Request(kEmptyCall, fragment)));
    peers.push_back(std::move(peer));
  }
  while (!attack.IsTimeUp() && peers.back()->is_open()) peers.back()->Listen(100ms);
  return peers.back()->is_open() ? Survives() : HowItEnded(*peers.back());
}

// A33: a long Huffman string whose octets come one to a segment.
Outcome OctetByOctet(Attack& attack, size_t segment) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const std::string block = Request(kEmptyCall, HuffmanLiteral("x-long", 15'200));
  while (!attack.IsTimeUp()) {
    const uint32_t stream = peer->NextStream();
    const std::string frames = Headers(stream, block, false) + Data(stream, kEmptyMessage, true);
    for (size_t at = 0; at < frames.size(); at += segment) {
      if (peer->Send(std::string_view(frames).substr(at, segment), at == 0 ? 2 : 0) !=
          Peer::Sent::kAll) {
        return HowItEnded(*peer);
      }
    }
    const auto is_over = [&] { return peer->inbox().IsAnswered(stream); };
    if (!peer->WaitFor(is_over, 3s)) return HowItEnded(*peer);
    if (ValueOf(peer->inbox().Find(stream)->trailers, "grpc-status") != "0") {
      return Wrong("a block in small pieces is not understood");
    }
  }
  return StillGood(*peer);
}

// A34: the table is emptied and filled with every request.
Outcome ThrashTable(Attack& attack, bool with_sizes) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const std::string shrink_and_grow = "\x20\x3f\xe1\x1f";  // 0, then 4,096
  uint64_t serial = 0;
  return Flood(attack, *peer, [&](std::string* chunk) {
    for (int i = 0; i < 20; ++i) {
      const uint32_t stream = peer->NextStream();
      const std::string entry = Insert("x-" + std::to_string(serial++), std::string(3900, 'v'));
      *chunk +=
          Headers(stream, (with_sizes ? shrink_and_grow : "") + Request(kEmptyCall, entry), false) +
          Data(stream, kEmptyMessage, true);
    }
    return 40;
  });
}

// ---- one-shot blocks

struct BlockRow {
  const char* id;
  const char* variant;
  const char* title;
  const char* cve;
  std::string block;
  std::vector<Outcome> expected;
  bool is_short = false;
  bool is_twin = false;
};

std::vector<BlockRow> BlockRows() {
  const std::vector<Outcome> calm = {GoesAway(kEnhanceYourCalm)};
  const std::vector<Outcome> corrupt = {GoesAway(kCompressionError)};
  const std::vector<Outcome> too_large = {Status(8)};
  const std::vector<Outcome> malformed = {Resets(kProtocolError)};
  const auto sizes = [](size_t count) { return Repeat("\x20", count) + Request(kEmptyCall); };
  const auto crumbs = [](size_t count, size_t bytes) {
    return Request(kEmptyCall) + Insert("cookie", std::string(bytes, 'c')) +
           Repeat(Indexed(62), count);
  };
  const std::string nul(1, '\0');
  return {
      {"A26", "a", "HPACK bomb: 16,000 references to 4 KiB", "CVE-2016-6581",
       Bomb(kEmptyCall, "b", 4063, kManyReferences), calm, true},
      {"A26", "b", "five references to 4 KiB", "", Bomb(kEmptyCall, "b", 4063, 5), too_large},
      {"A27", "a", "HTTP/2 bomb: 16,000 references to a field of one octet", "CVE-2026-49975",
       Bomb(kEmptyCall, "a", 0, kManyReferences), calm, true},
      {"A27", "b", "600 references", "CVE-2026-49975", Bomb(kEmptyCall, "a", 0, 600), calm},
      {"A27", "c", "300 references", "CVE-2026-49975", Bomb(kEmptyCall, "a", 0, 300), too_large},
      {"A28", "a", "16,000 empty cookies", "CVE-2026-47774", crumbs(kManyReferences, 0), calm},
      {"A28", "b", "20 cookies of 4 KiB", "CVE-2026-47774", crumbs(20, 4000), calm},
      {"A28", "c", "200 empty cookies", "CVE-2026-47774", crumbs(200, 0), too_large},
      {"A29", "a", "a field with neither name nor value", "CVE-2019-9516",
       Request(kEmptyCall, "\x40" + nul + nul), malformed},
      {"A29", "b", "the same in Huffman code", "CVE-2019-9516", Request(kEmptyCall, "\x40\x80\x80"),
       malformed},
      {"A30", "a", "an integer that never ends", "CVE-2023-33953",
       Request(kEmptyCall, "\x7f" + Repeat("\x80", 1000)), corrupt},
      {"A30", "b", "an index above 2^32", "CVE-2023-33953",
       Request(kEmptyCall, Integer(uint64_t{1} << 33, 7, 0x80)), corrupt},
      {"A31", "a", "a string of 64 KiB that is not there", "CVE-2023-33953",
       Request(kEmptyCall, nul + "\x7f\x81\xff\x03"), corrupt},
      {"A31", "b", "a string of 4 GiB that is not there", "CVE-2023-33953",
       Request(kEmptyCall, nul + Integer(0xffffffffu, 7, 0)), corrupt},
      {"A34", "a", "three size updates", "", sizes(3), corrupt},
      {"A34", "b", "16,000 size updates", "", sizes(16000), corrupt},
      {"A34",
       "c",
       "two size updates",
       "",
       "\x20\x3f\xe1\x1f" + Request(kEmptyCall),
       {Status(0)},
       false,
       true},
      {"A34", "d", "a size above the table", "", "\x3f\xe2\x1f" + Request(kEmptyCall), corrupt},
      {"A34", "e", "a size update behind a field", "", Request(kEmptyCall, "\x20"), corrupt},
      {"A34", "f", "the index 0", "", Request(kEmptyCall, "\x80"), corrupt},
      {"A34", "g", "an index beyond the table", "", Request(kEmptyCall, "\xbe"), corrupt},
      {"A34", "h", "Huffman padding of a whole octet", "",
       Request(kEmptyCall, nul + "\x01" + "a" + "\x82\x1f\xff"), corrupt},
  };
}

}  // namespace

void AddHeaderBlocks(Scenarios* rows) {
  const auto add = [rows](Scenario row) { rows->push_back(std::move(row)); };
  const std::vector<Outcome> calm = {GoesAway(kEnhanceYourCalm)};
  const std::vector<Outcome> fine = {Survives()};

  const auto add_endless = [&](const char* id, const char* variant, const char* title,
                               const char* cve, size_t bytes, bool is_short) {
    add({.id = id,
         .variant = variant,
         .title = title,
         .cve = cve,
         .pace = Pace::kFlood,
         .expected = calm,
         .is_short = is_short,
         .run = [bytes](Attack& attack) { return EndlessBlock(attack, bytes); }});
  };
  add_endless("A23", "a", "CONTINUATION flood, 16 KiB each", "CVE-2024-27316", 16384, true);
  add_endless("A23", "b", "CONTINUATION flood, 1 KiB each", "CVE-2024-27316", 1024, false);
  add_endless("A24", "", "empty CONTINUATION flood", "CVE-2026-33871", 0, false);
  add({.id = "A25",
       .variant = "a",
       .title = "a header block that stops",
       .pace = Pace::kPatience,
       .expected = {GoesAway(kProtocolError)},
       .earliest = 9,
       .latest = 13,
       .run = [](Attack& attack) { return SlowBlock(attack, false); }});
  add({.id = "A25",
       .variant = "b",
       .title = "a header block of an octet per 5 s",
       .pace = Pace::kPatience,
       .expected = {GoesAway(kProtocolError), GoesAway(kEnhanceYourCalm)},
       .earliest = 9,
       .latest = 13,
       .run = [](Attack& attack) { return SlowBlock(attack, true); }});
  for (const BlockRow& each : BlockRows()) {
    add({.id = each.id,
         .variant = each.variant,
         .title = each.title,
         .cve = each.cve,
         .expected = each.expected,
         .rounds = 3,
         .is_twin = each.is_twin,
         .run = [each](Attack& attack) { return SendBlock(attack, each.block); }});
    if (!each.is_short) continue;
    // The two bombs are what servers fell to, so they are run as floods, too.
    add({.id = each.id,
         .variant = std::string(each.variant) + "f",
         .title = std::string(each.title) + ", again and again",
         .cve = each.cve,
         .pace = Pace::kFlood,
         .expected = each.expected,
         .is_short = true,
         .run = [each](Attack& attack) { return SendBlock(attack, each.block); }});
  }
  add({.id = "A27",
       .variant = "h",
       .title = "99 calls with 100 fields each, held by 1-byte windows",
       .cve = "CVE-2026-49975",
       .pace = Pace::kFlood,
       .expected = {Survives(), GoesAway(kEnhanceYourCalm)},  // each such window is a glitch
       .memory_max = kPayload,
       .run = [](Attack& attack) { return HoldFields(attack, 100, false); }});
  add({.id = "A27",
       .variant = "t",
       .title = "the same: the server gives the calls up",
       .cve = "CVE-2026-49975",
       .pace = Pace::kPatience,
       .expected = {Resets(kCancel)},
       .memory_max = kPayload,
       .earliest = 100,
       .latest = 140,
       .run = [](Attack& attack) { return HoldFields(attack, 100, true); }});
  // A session of OpenSSL alone takes 14 KiB.
  for (const Over over : {Over::kClear, Over::kTls}) {
    add({.id = "A31",
         .variant = over == Over::kClear ? "h" : "i",
         .title = "announced strings on 200 connections",
         .cve = "CVE-2023-33953",
         .over = over,
         .pace = Pace::kFlood,
         .expected = fine,
         .memory_max = (over == Over::kClear ? size_t{16} : size_t{32}) * 1024,
         .connections = 200,
         .run = [](Attack& attack) {
           return AnnounceStrings(attack, std::string(1, '\0') + "\x7f\x81\xff\x03", 200);
         }});
  }
  add_endless("A32", "", "a field in CONTINUATION frames of one octet", "CVE-2023-33953", 1, false);
  add({.id = "A33",
       .variant = "a",
       .title = "9 KiB of Huffman code, an octet to a segment",
       .cve = "CVE-2022-41723",
       .pace = Pace::kFlood,
       .expected = fine,
       .run = [](Attack& attack) { return OctetByOctet(attack, 1); }});
  add({.id = "A33",
       .variant = "b",
       .title = "9 KiB of Huffman code in one segment",
       .cve = "CVE-2022-41723",
       .pace = Pace::kFlood,
       .expected = fine,
       .run = [](Attack& attack) { return OctetByOctet(attack, kMaxFrameBytes); }});
  add({.id = "A34",
       .variant = "t",
       .title = "inserts that evict each other",
       .pace = Pace::kFlood,
       .expected = fine,
       .is_short = true,
       .run = [](Attack& attack) { return ThrashTable(attack, false); }});
  add({.id = "A34",
       .variant = "u",
       .title = "the same with two size updates each",
       .pace = Pace::kFlood,
       .expected = fine,
       .run = [](Attack& attack) { return ThrashTable(attack, true); }});
}

}  // namespace hostile
