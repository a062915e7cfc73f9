#include "tests/fuzz/header_blocks.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "transport/base/bytes.h"

namespace weir::fuzz {
namespace {

using namespace std::string_literals;

// RFC 7541 §5.1.
std::string Integer(uint8_t first, int prefix_bits, uint64_t value) {
  const uint64_t mask = (1u << prefix_bits) - 1;
  if (value < mask) return {static_cast<char>(first | value)};
  std::string octets = {static_cast<char>(first | mask)};
  for (value -= mask; value >= 0x80; value >>= 7) {
    octets += static_cast<char>(0x80 | (value & 0x7f));
  }
  return octets + static_cast<char>(value);
}

std::string Text(std::string_view text, bool is_huffman = false) {
  return Integer(is_huffman ? 0x80 : 0, 7, text.size()).append(text);
}

constexpr uint8_t kWithoutIndexing = 0x00, kNeverIndexed = 0x10, kInserted = 0x40;

std::string Literal(uint8_t how, std::string_view name, std::string_view value) {
  return static_cast<char>(how) + Text(name) + Text(value);
}

std::string Repeat(std::string_view text, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

// :method POST, :scheme http, :path /S/M, :authority localhost.
const std::string& Request() {
  static const std::string request = "\x83\x86\x04\x04/S/M\x01\x09localhost"s;
  return request;
}

std::string GrpcRequest() {
  return Request() + Literal(kWithoutIndexing, "content-type", "application/grpc") +
         Literal(kWithoutIndexing, "te", "trailers");
}

const std::vector<std::string>& Blocks() {
  static const std::vector<std::string> blocks = {
      ""s,
      Request(),
      GrpcRequest(),
      GrpcRequest() + Literal(kInserted, "x-count", "1"),
      Request() + "\xbe",  // the youngest entry of the dynamic table
      Request() + "\xbe\xbf\xc0",
      Request() + Literal(kWithoutIndexing, "content-length", "5"),
      Request() + Literal(kInserted, "grpc-timeout", "10S"),
      // Trailers.
      Literal(kWithoutIndexing, "x-checksum", "7"),
      Literal(kInserted, "x-checksum", "7"),
      // Many fields of few octets, and large ones of few octets (CVE-2016-6581).
      Request() + Literal(kInserted, "a", "") + Repeat("\xbe", 30),
      Request() + Literal(kInserted, "b", std::string(500, 'x')) + Repeat("\xbe", 20),
      Request() + Repeat("\x60\x00"s, 1) + Repeat("\xbe", 100),
      Literal(kInserted, "c", std::string(4063, 'x')),
      // Malformed sections.
      Request() + Literal(kWithoutIndexing, "Upper", "1"),
      Request() + Literal(kInserted, "", ""),
      Request() + Literal(kInserted, "x", " 1"),
      Request() + Literal(kInserted, "connection", "close"),
      Request() + Literal(kInserted, ":path", "/late"),
      Request() + Literal(kWithoutIndexing, "content-length", "x"),
      "\x82\x86\x84"s,
      "\x88"s,  // :status
      Literal(kInserted, ":method", "CONNECT") + Literal(kInserted, ":authority", "a:1"),
      // Table size updates, in order and not.
      "\x20"s + Request(),
      "\x20\x3f\xe1\x1f"s + Request(),
      "\x20\x20\x20"s + Request(),
      "\x3f\xe2\x1f"s + Request(),
      Request() + "\x20",
      // What no encoder writes.
      "\x80"s,
      "\x7f\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"s,
      "\x00\x7f\x81\xff\x03"s,
      "\x00\xff\x81\xff\x03"s,
      "\x00\x01\x61\x81\x18"s,
      "\x00\x01\x61\x81\x1f"s,
      "\x00\x01\x61\x82\x1f\xff"s,
      "\x40\x80\x80"s,
  };
  return blocks;
}

constexpr std::array<std::string_view, 24> kWords = {
    "",
    "a",
    ":path",
    ":method",
    ":authority",
    ":scheme",
    ":status",
    ":protocol",
    "/S/M",
    "POST",
    "GET",
    "CONNECT",
    "content-length",
    "0",
    "te",
    "trailers",
    "content-type",
    "application/grpc",
    "host",
    "grpc-timeout",
    "1S",
    "x-bin",
    "cookie",
    "http",
};

// A word of the list, octets of the program, or one octet many times.
std::string ReadText(ByteSource& program) {
  const uint8_t how = program.Octet();
  if (how < 160) return Text(kWords[how % kWords.size()]);
  if (how < 250) return Text(AsText(program.Take(how % 16)), (how & 16) != 0);
  const size_t count = program.Number16() % 8192;
  return Text(std::string(count, static_cast<char>(program.Octet())));
}

// Each part is read before the next: the order in which operands are evaluated is the compiler's.
std::string ReadRepresentation(ByteSource& program) {
  const uint8_t how = program.Octet();
  std::string octets;
  switch (how % 8) {
    case 0:
      return {static_cast<char>(0x80 | program.Octet())};
    case 1:
      return Integer(0x80, 7, program.Number());
    case 2:
      octets = Integer(kInserted, 6, program.Number());
      return octets += ReadText(program);
    case 3:
      octets = Integer(kWithoutIndexing, 4, program.Number());
      return octets += ReadText(program);
    case 4:
      octets = {static_cast<char>(kInserted)};
      octets += ReadText(program);
      return octets += ReadText(program);
    case 5:
      octets = {static_cast<char>((how & 8) != 0 ? kNeverIndexed : kWithoutIndexing)};
      octets += ReadText(program);
      return octets += ReadText(program);
    case 6:
      return Integer(0x20, 5, program.Number());
  }
  return std::string(AsText(program.Take(how >> 3)));
}

}  // namespace

size_t HeaderBlockCount() { return Blocks().size(); }

std::string HeaderBlock(size_t index) { return Blocks()[index % Blocks().size()]; }

std::string ReadHeaderBlock(ByteSource& program) {
  std::string block = HeaderBlock(program.Octet());
  const uint8_t changes = program.Octet();
  for (int i = changes & 15; i > 0; --i) block += ReadRepresentation(program);
  for (int i = changes >> 6; i > 0 && !block.empty(); --i) {
    const size_t place = program.Number() % block.size();
    block[place] = static_cast<char>(program.Octet());
  }
  return block;
}

}  // namespace weir::fuzz
