// Family 4, second half: gRPC messages that lie about themselves (A51-A55).
#include <vector>

#include "tests/hostile/attack.h"
#include "tests/hostile/scenario.h"

namespace hostile {
namespace {

using namespace std::chrono_literals;

constexpr size_t kStreams = 99;
constexpr size_t kBombBytes = 32 << 20;  // eight times the limit of a message

// A51: each call sends all of a large message but its last octets, as far as windows allow; then
// the calls are let end one after the other.
Outcome HoldMessages(Attack& attack, bool and_finish) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const std::string message = UnaryRequest(kMessageMax - 100, 0);
  std::vector<uint32_t> ids;
  std::vector<size_t> sent(kStreams, 0);
  for (size_t i = 0; i < kStreams; ++i) {
    ids.push_back(peer->NextStream());
    peer->Send(Headers(ids.back(), Request(kUnaryCall), false));
  }
  const auto push = [&](size_t up_to) {
    bool has_moved = false;
    for (size_t i = 0; i < kStreams; ++i) {
      const int64_t room =
          std::min(peer->inbox().connection_window, peer->inbox().WindowOf(ids[i]));
      const size_t size = std::min(
          {static_cast<size_t>(std::max<int64_t>(room, 0)), kMaxFrameBytes, up_to - sent[i]});
      if (size == 0) continue;
      const bool ends = sent[i] + size == message.size();
      has_moved |= peer->SendData(ids[i], std::string_view(message).substr(sent[i], size), ends) ==
                   Peer::Sent::kAll;
      sent[i] += size;
    }
    return has_moved;
  };
  // Nothing moves for a while: all that the server lets in is in.
  Clock::time_point last_move = Clock::now();
  while (peer->is_open() && !attack.IsTimeUp() && Clock::now() - last_move < 500ms) {
    if (push(message.size() - 10)) last_move = Clock::now();
    peer->Listen(1ms);
  }
  if (!and_finish) {
    while (peer->is_open() && !attack.IsTimeUp()) peer->Listen(50ms);
    return peer->is_open() ? Survives() : HowItEnded(*peer);
  }
  const auto answered = [&] {
    const auto found = peer->inbox().statuses().find(0);
    return found == peer->inbox().statuses().end() ? 0 : found->second;
  };
  last_move = Clock::now();
  while (peer->is_open() && answered() < kStreams && Clock::now() - last_move < 5s) {
    if (push(message.size())) last_move = Clock::now();
    peer->Listen(1ms);
  }
  if (!peer->is_open()) return HowItEnded(*peer);
  return answered() == kStreams
             ? Status(0)
             : Wrong(std::to_string(kStreams - answered()) + " large messages do not get through");
}

// A52: the prefix alone; what comes behind it is dropped.
Outcome DeclareGiant(Attack& attack, uint32_t length, bool with_payload) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const uint32_t stream = peer->NextStream();
  peer->Send(Headers(stream, Request(kUnaryCall), false) + Data(stream, MessagePrefix(length)), 2);
  if (with_payload) {
    peer->SendData(stream, std::string(60'000, 'x'), false);
  }
  return HowStreamEnded(*peer, stream, 2s);
}

Outcome CallWithEncoding(Attack& attack, std::string_view encoding, std::string_view message) {
  return Call(attack, Request(kUnaryCall, Literal("grpc-encoding", encoding)), message);
}

// SimpleRequest whose payload is `bytes` zeros, as it is inside the compression.
std::string InnerRequest(size_t bytes) { return UnaryRequest(bytes, 1).substr(kPrefixBytes); }

// A53: a bomb on each of several connections at a time, which serve for the next ones or are left.
Outcome BombConnections(Attack& attack, std::string_view bomb, bool keeps_them) {
  constexpr size_t kConnections = 8;
  static const std::string kBlock = Request(kUnaryCall, Literal("grpc-encoding", "gzip"));
  std::vector<std::unique_ptr<Peer>> peers(kConnections);
  std::vector<uint32_t> streams(kConnections);
  while (!attack.IsTimeUp()) {
    for (size_t i = 0; i < kConnections; ++i) {
      if (peers[i] == nullptr) peers[i] = attack.Open();
      if (peers[i] == nullptr) return Refuses();
      streams[i] = peers[i]->NextStream();
      peers[i]->Send(Headers(streams[i], kBlock, false) + Data(streams[i], bomb, true), 2);
    }
    for (size_t i = 0; i < kConnections; ++i) {
      const auto is_over = [&] { return peers[i]->inbox().IsAnswered(streams[i]); };
      if (!peers[i]->WaitFor(is_over, 2s)) return HowItEnded(*peers[i]);
      const Outcome outcome = OutcomeOf(*peers[i]->inbox().Find(streams[i]));
      if (outcome != Status(8)) return outcome;
      if (!keeps_them) peers[i] = nullptr;
    }
  }
  return Status(8);
}

// A54: thousands of messages in each DATA frame.
Outcome MessageFlood(Attack& attack, bool to_a_deaf_handler) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  const uint32_t stream = peer->NextStream();
  peer->Send(Headers(stream, Request(to_a_deaf_handler ? kDuplexCall : kInputCall), false));
  if (to_a_deaf_handler) peer->SendData(stream, OutputRequest(1, 1, 60'000'000), false);
  const std::string payload = Repeat(kEmptyMessage, kMaxFrameBytes / kPrefixBytes);
  while (!attack.IsTimeUp()) {
    const Peer::Sent sent = peer->SendData(stream, payload, false, kMaxFrameBytes, 300ms);
    if (sent == Peer::Sent::kClosed) return HowItEnded(*peer);
    if (sent == Peer::Sent::kBlocked) peer->Listen(attack.TimeLeft());
  }
  return StillGood(*peer);
}

struct BodyRow {
  const char* id;
  const char* variant;
  const char* title;
  const char* cve;
  std::string encoding;  // of grpc-encoding; "" sends none
  std::string body;
  std::vector<Outcome> expected;
};

std::vector<BodyRow> BodyRows() {
  const std::string zipped = Gzip(InnerRequest(1000));
  const std::string bomb = Gzip(InnerRequest(kBombBytes));
  std::string bad_crc = zipped;
  bad_crc[bad_crc.size() - 6] ^= 0x55;
  const std::string whole = UnaryRequest(100, 1);
  const std::vector<Outcome> internal = {Status(13)};
  const std::vector<Outcome> exhausted = {Status(8)};
  const std::vector<Outcome> unimplemented = {Status(12)};
  return {
      {"A53", "a", "gzip bomb: 32 MiB in 32 KiB", "", "gzip", Message(bomb, 1), exhausted},
      {"A53",
       "b",
       "zstd bomb: 32 MiB in 3 KiB",
       "",
       "zstd",
       Message(Zstd(InnerRequest(kBombBytes)), 1),
       {Status(8), Status(12)}},
      {"A53", "c", "gzip that stops in the middle", "CVE-2026-48069", "gzip",
       Message(std::string_view(zipped).substr(0, zipped.size() / 2), 1), internal},
      {"A53", "d", "gzip with a wrong checksum", "CVE-2026-48069", "gzip", Message(bad_crc, 1),
       internal},
      {"A53", "e", "garbage behind gzip", "CVE-2026-48069", "gzip", Message(zipped + "garbage", 1),
       internal},
      {"A53",
       "f",
       "two members of gzip",
       "",
       "gzip",
       Message(zipped + zipped, 1),
       {Status(13), Status(0)}},
      {"A53", "g", "no gzip at all", "", "gzip", Message("this is no gzip", 1), internal},
      {"A53", "h", "compressed, but encoding identity", "", "identity", Message(zipped, 1),
       internal},
      {"A53", "i", "compressed, but no encoding", "", "", Message(zipped, 1), internal},
      {"A53", "j", "an encoding that nobody knows", "", "zebra", Message(zipped, 1), unimplemented},
      {"A53", "k", "a flag that no message has", "", "", Message("", 2), internal},
      {"A55", "a", "END_STREAM in the prefix", "", "", whole.substr(0, 3), internal},
      {"A55", "b", "END_STREAM behind the prefix", "", "", whole.substr(0, kPrefixBytes), internal},
      {"A55", "c", "END_STREAM in the message", "", "", whole.substr(0, whole.size() - 1),
       internal},
      {"A55", "d", "a second message on a unary call", "", "", whole + whole, unimplemented},
      {"A55", "e", "no message on a unary call", "", "", "", unimplemented},
      {"A55",
       "f",
       "half a prefix behind the message",
       "",
       "",
       whole + std::string(2, '\0'),
       {Status(13), Status(12)}},
      {"A55", "g", "a message that is no protobuf", "", "", Message("\xff\xff\xff\xff"), internal},
  };
}

}  // namespace

void AddMessageBodies(Scenarios* rows) {
  const auto add = [rows](Scenario row) { rows->push_back(std::move(row)); };
  const std::vector<Outcome> fine = {Survives()};

  add({.id = "A51",
       .variant = "a",
       .title = "99 messages of 4 MiB, all but the last octets",
       .pace = Pace::kFlood,
       .expected = fine,
       .memory_max = kPayload,
       .run = [](Attack& attack) { return HoldMessages(attack, false); }});
  add({.id = "A51",
       .variant = "b",
       .title = "the same, and then the rest of each",
       .expected = {Status(0)},
       .memory_max = kPayload,
       .is_twin = true,
       .run = [](Attack& attack) { return HoldMessages(attack, true); }});
  add({.id = "A52",
       .variant = "a",
       .title = "a prefix of 2^32-1",
       .cve = "CVE-2021-36155",
       .expected = {Status(8)},
       .rounds = 3,
       .is_short = true,
       .run = [](Attack& attack) { return DeclareGiant(attack, 0xffffffff, false); }});
  add({.id = "A52",
       .variant = "b",
       .title = "a prefix of one octet above the limit",
       .cve = "CVE-2024-37168",
       .expected = {Status(8)},
       .rounds = 3,
       .run = [](Attack& attack) { return DeclareGiant(attack, kMessageMax + 1, false); }});
  add({.id = "A52",
       .variant = "c",
       .title = "the same with payload behind it",
       .cve = "CVE-2024-37168",
       .expected = {Status(8)},
       .rounds = 3,
       .run = [](Attack& attack) { return DeclareGiant(attack, kMessageMax + 1, true); }});
  for (const BodyRow& each : BodyRows()) {
    // A decompressed message is held for as long as it takes to find it too large.
    const bool is_held = std::string_view(each.id) == "A53";
    add({.id = each.id,
         .variant = each.variant,
         .title = each.title,
         .cve = each.cve,
         .expected = each.expected,
         .memory_max = is_held ? kPayload : kProtocolOnly,
         .rounds = 3,
         .run = [each](Attack& attack) {
           return each.encoding.empty() ? Call(attack, Request(kUnaryCall), each.body)
                                        : CallWithEncoding(attack, each.encoding, each.body);
         }});
  }
  add({.id = "A53",
       .variant = "z",
       .title = "gzip bombs again and again",
       .pace = Pace::kFlood,
       .expected = {Status(8)},
       .memory_max = kPayload,
       .is_short = true,
       .run = [bomb = Message(Gzip(InnerRequest(kBombBytes)), 1)](Attack& attack) {
         return CallWithEncoding(attack, "gzip", bomb);
       }});
  for (const bool keeps_them : {true, false}) {
    add({.id = "A53",
         .variant = keeps_them ? "x" : "y",
         .title = keeps_them ? "gzip bombs of 5 KiB on 8 connections"
                             : "gzip bombs of 5 KiB on 8 connections, new ones each time",
         .pace = Pace::kFlood,
         .expected = {Status(8)},
         .memory_max = kPayload,
         .run = [keeps_them, bomb = Message(Gzip(InnerRequest(5 << 20)), 1)](Attack& attack) {
           return BombConnections(attack, bomb, keeps_them);
         }});
  }
  add({.id = "A54",
       .variant = "a",
       .title = "3,276 empty messages in a frame",
       .pace = Pace::kFlood,
       .expected = fine,
       .memory_max = kPayload,
       .is_short = true,
       .run = [](Attack& attack) { return MessageFlood(attack, false); }});
  add({.id = "A54",
       .variant = "b",
       .title = "the same to a handler that does not read",
       .pace = Pace::kFlood,
       .expected = fine,
       .memory_max = kPayload,
       .run = [](Attack& attack) { return MessageFlood(attack, true); }});
}

}  // namespace hostile
