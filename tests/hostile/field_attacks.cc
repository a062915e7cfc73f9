// Family 3, second half: what is inside header blocks, and what the answer's own blocks have to
// live with (A35-A40).
#include <array>
#include <vector>

#include "tests/hostile/attack.h"
#include "tests/hostile/scenario.h"

namespace hostile {
namespace {

using namespace std::chrono_literals;

constexpr int kEntries = 8;

// ---- A35: a refused block leaves the table as its sender believes it to be

// What makes the first block be refused.
enum class Poison { kUpperCaseName, kBadBase64, kTooLarge };

std::string PoisonField(Poison poison) {
  switch (poison) {
    case Poison::kUpperCaseName:
      return Literal("Upper", "x");
    case Poison::kBadBase64:
      return Literal("x-bad-bin", "***");
    case Poison::kTooLarge:
      return HuffmanLiteral("x-large", 20'000);
  }
  return "";
}

// The first block enters eight values, with the poison before the one at `position`; the second
// refers to all of them, and the service sends back what it understood.
Outcome PoisonedTable(Attack& attack, Poison poison) {
  const int position = attack.round() % (kEntries + 1);
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  std::string inserts;
  for (int i = 0; i < kEntries; ++i) {
    if (i == position) inserts += PoisonField(poison);
    inserts += Insert(kEchoKey, "value " + std::to_string(i));
  }
  if (position == kEntries) inserts += PoisonField(poison);
  const uint32_t refused = peer->NextStream();
  peer->Send(Headers(refused, Request(kEmptyCall, inserts), true));

  std::string references;
  for (uint32_t i = 0; i < kEntries; ++i) references += Indexed(62 + i);
  const uint32_t stream = peer->NextStream();
  peer->Send(
      Headers(stream, Request(kEmptyCall, references), false) + Data(stream, kEmptyMessage, true),
      2);
  const Outcome outcome = HowStreamEnded(*peer, stream);
  if (outcome != Status(0)) return outcome;
  std::string echoed;
  for (const auto& [name, value] : peer->inbox().Find(stream)->headers) {
    if (name == kEchoKey) echoed += (echoed.empty() ? "" : ", ") + value;
  }
  std::string sent;
  for (int i = kEntries - 1; i >= 0; --i) {
    sent += (sent.empty() ? "" : ", ") + ("value " + std::to_string(i));
  }
  return echoed == sent ? outcome : Wrong("the table is out of step: " + echoed);
}

// ---- A36: octets that must not get through

bool IsNameOctet(int octet) {
  return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(octet)) !=
             std::string_view::npos;
}

bool IsValueOctet(int octet) { return octet != 0 && octet != '\r' && octet != '\n'; }

std::vector<std::string> NamesWith(bool is_valid) {
  std::vector<std::string> names;
  for (int octet = 0; octet < 256; ++octet) {
    // A colon elsewhere than at the front is an invalid octet like others.
    if (IsNameOctet(octet) == is_valid) names.push_back(std::string("x") + char(octet) + "y");
  }
  return names;
}

std::vector<std::string> ValuesWith(bool is_valid) {
  std::vector<std::string> values;
  for (int octet = 0; octet < 256; ++octet) {
    if (IsValueOctet(octet) == is_valid) values.push_back(std::string("x") + char(octet) + "y");
  }
  if (!is_valid) {
    for (const char* each : {" x", "x ", "\tx", "x\t"}) values.push_back(each);
  }
  return values;
}

Outcome CallWithName(Attack& attack, const std::vector<std::string>& names) {
  return Call(attack,
              Request(kEmptyCall, Literal(names[static_cast<size_t>(attack.round())], "v")));
}

Outcome CallWithValue(Attack& attack, const std::vector<std::string>& values) {
  return Call(attack,
              Request(kEmptyCall, Literal("x-v", values[static_cast<size_t>(attack.round())])));
}

// Every octet of a block of literals is replaced in turn.
Outcome CorruptOctet(Attack& attack) {
  static const std::string kBlock = LiteralBlock(RequestFields(kEmptyCall));
  constexpr std::array kReplacements = {'\0', '\n', ' ', '\x80', '\xff'};
  const auto round = static_cast<size_t>(attack.round());
  std::string block = kBlock;
  block[(round / kReplacements.size()) % block.size()] =
      kReplacements[round % kReplacements.size()];
  return Call(attack, block);
}

int RoundsOfCorruption() {
  return static_cast<int>(LiteralBlock(RequestFields(kEmptyCall)).size()) * 5;
}

// ---- A37-A39: what the client's SETTINGS do to the server's own blocks

Outcome MoveEncoderTable(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  Inbox& inbox = peer->inbox();
  constexpr std::array<uint32_t, 3> kSizes = {0xffffffff, 0, 0xffffffff};
  uint64_t serial = 0;
  for (int turn = 0; !attack.IsTimeUp(); ++turn) {
    const uint32_t size = kSizes[static_cast<size_t>(turn) % kSizes.size()];
    const uint64_t acks = inbox.settings_acks();
    peer->Send(Settings({{kHeaderTableSize, size}}));
    if (!peer->WaitFor([&] { return inbox.settings_acks() > acks; }, 2s)) return HowItEnded(*peer);
    // From the acknowledgement on the server keeps to the new size (RFC 7541 §4.2).
    inbox.SetTableSize(size);
    const uint32_t stream = peer->NextStream();
    const std::string unique = "unique " + std::to_string(serial++);
    peer->Send(Headers(stream, Request(kEmptyCall, Literal(kEchoKey, unique)), false) +
                   Data(stream, kEmptyMessage, true),
               2);
    const auto is_over = [&] { return inbox.IsAnswered(stream); };
    if (!peer->WaitFor(is_over, 2s)) return HowItEnded(*peer);
    if (inbox.is_undecodable()) return Wrong("a header block that does not decode");
    if (ValueOf(inbox.Find(stream)->headers, kEchoKey) != unique) {
      return Wrong("the server's table is out of step");
    }
    inbox.Forget();
  }
  return StillGood(*peer);
}

Outcome TinyHeaderList(Attack& attack, uint32_t size) {
  const std::unique_ptr<Peer> peer = attack.Open({}, {{kMaxHeaderListSize, size}});
  if (peer == nullptr) return Refuses();
  const uint32_t stream = peer->NextStream();
  peer->Send(Headers(stream, Request(kEmptyCall), false) + Data(stream, kEmptyMessage, true), 2);
  const auto is_over = [&] { return peer->inbox().IsAnswered(stream); };
  if (!peer->WaitFor(is_over, 3s)) return HowItEnded(*peer);
  const Answer& answer = *peer->inbox().Find(stream);
  return answer.has_ended
             ? Status(std::atoi(std::string(ValueOf(answer.trailers, "grpc-status")).c_str()))
             : Resets(*answer.reset);
}

Outcome BadFrameSize(Attack& attack) {
  constexpr std::array<uint32_t, 4> kSizes = {0, 1, 16383, 1u << 24};
  const uint32_t size = kSizes[static_cast<size_t>(attack.round()) % kSizes.size()];
  return SendAndSee(attack,
                    Settings({{kMaxFrameSize, size}}) + Headers(1, Request(kUnaryCall), false) +
                        Data(1, UnaryRequest(0, 100000), true),
                    3);
}

// ---- A40

// Nothing that a client says may stay behind under its own name.
Outcome UniqueNames(Attack& attack) {
  const std::unique_ptr<Peer> peer = attack.Open();
  if (peer == nullptr) return Refuses();
  uint64_t serial = static_cast<uint64_t>(attack.round()) << 32;
  return Flood(attack, *peer, [&](std::string* chunk) {
    for (int i = 0; i < 50; ++i) {
      const std::string unique = std::to_string(serial++);
      Fields fields = RequestFields("/grpc.testing.TestService/Unknown" + unique);
      for (auto& [name, value] : fields) {
        if (name == ":authority") value += unique;
      }
      fields.emplace_back("x-" + unique, unique);
      *chunk += Headers(peer->NextStream(), LiteralBlock(fields), true);
    }
    return 50;
  });
}

}  // namespace

void AddFieldRules(Scenarios* rows) {
  const auto add = [rows](Scenario row) { rows->push_back(std::move(row)); };
  const std::vector<Outcome> fine = {Survives()};
  const std::vector<Outcome> malformed = {Resets(kProtocolError)};

  const auto add_poison = [&](const char* variant, const char* title, Poison poison) {
    add({.id = "A35",
         .variant = variant,
         .title = title,
         .cve = "CVE-2024-7246",
         .expected = {Status(0)},
         .rounds = kEntries + 1,
         .run = [poison](Attack& attack) { return PoisonedTable(attack, poison); }});
  };
  add_poison("a", "the table behind a malformed block", Poison::kUpperCaseName);
  add_poison("b", "the table behind bad base64", Poison::kBadBase64);
  add_poison("c", "the table behind a block that is too large", Poison::kTooLarge);

  const std::vector<std::string> bad_names = NamesWith(false);
  const std::vector<std::string> good_names = NamesWith(true);
  const std::vector<std::string> bad_values = ValuesWith(false);
  const std::vector<std::string> good_values = ValuesWith(true);
  add({.id = "A36",
       .variant = "a",
       .title = "names with each octet that no name has",
       .expected = malformed,
       .rounds = static_cast<int>(bad_names.size()),
       .run = [=](Attack& attack) { return CallWithName(attack, bad_names); }});
  add({.id = "A36",
       .variant = "b",
       .title = "names with each octet of a token",
       .expected = {Status(0)},
       .rounds = static_cast<int>(good_names.size()),
       .is_twin = true,
       .run = [=](Attack& attack) { return CallWithName(attack, good_names); }});
  add({.id = "A36",
       .variant = "c",
       .title = "values with NUL, CR, LF or space at an end",
       .expected = malformed,
       .rounds = static_cast<int>(bad_values.size()),
       .run = [=](Attack& attack) { return CallWithValue(attack, bad_values); }});
  add({.id = "A36",
       .variant = "d",
       .title = "values with each other octet",
       .expected = {Status(0), Status(13), Resets(kProtocolError)},
       .rounds = static_cast<int>(good_values.size()),
       .run = [=](Attack& attack) { return CallWithValue(attack, good_values); }});
  add({.id = "A36",
       .variant = "e",
       .title = "every octet of a request replaced by five others",
       .expected = {Anything()},
       .rounds = RoundsOfCorruption(),
       .run = CorruptOctet});

  add({.id = "A37",
       .title = "HEADER_TABLE_SIZE 2^32-1, 0, 2^32-1, ... with unique metadata",
       .pace = Pace::kFlood,
       .expected = fine,
       .run = MoveEncoderTable});
  // The smallest answer is larger than that. A server may send it anyway, or give up at once.
  for (uint32_t size : {0u, 1u}) {
    add({.id = "A38",
         .variant = size == 0 ? "a" : "b",
         .title = "MAX_HEADER_LIST_SIZE " + std::to_string(size),
         .cve = "CVE-2026-50560",
         .expected = {Resets(kInternalError), Status(0)},
         .run = [size](Attack& attack) { return TinyHeaderList(attack, size); }});
  }
  add({.id = "A39",
       .title = "MAX_FRAME_SIZE 0, 1, 16,383 and 2^24",
       .cve = "CVE-2026-33814",
       .expected = {GoesAway(kProtocolError)},
       .rounds = 4,
       .run = BadFrameSize});
  add({.id = "A40",
       .title = "a name, an authority and a method of its own in each request",
       .cve = "CVE-2022-41717",
       .pace = Pace::kFlood,
       .expected = {Survives(), GoesAway(kEnhanceYourCalm)},
       .is_short = true,
       .run = UniqueNames});
}

}  // namespace hostile
