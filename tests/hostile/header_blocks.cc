#include "tests/hostile/header_blocks.h"

#include "tests/hostile/frames.h"

namespace hostile {
namespace {

constexpr uint8_t kIndexedField = 0x80;         // RFC 7541 §6.1
constexpr uint8_t kLiteralWithIndexing = 0x40;  // §6.2.1
constexpr uint8_t kStaticMethodPost = 3;        // Appendix A
constexpr uint8_t kStaticSchemeHttp = 6;
constexpr uint8_t kStaticAuthority = 1;
constexpr uint8_t kStaticPath = 4;
constexpr uint8_t kStaticContentType = 31;

// A literal without indexing whose name is in the static table (§6.2.2).
std::string NamedLiteral(uint8_t index, std::string_view value) {
  return Integer(index, 4, 0) + StringLiteral(value);
}

}  // namespace

std::string Integer(uint64_t value, int bits, uint8_t first) {
  const uint64_t most = (uint64_t{1} << bits) - 1;
  if (value < most) return std::string(1, static_cast<char>(first | value));
  std::string text(1, static_cast<char>(first | most));
  for (value -= most; value >= 128; value /= 128) text += static_cast<char>(value % 128 + 128);
  return text += static_cast<char>(value);
}

std::string StringLiteral(std::string_view text) { return Integer(text.size(), 7, 0).append(text); }

std::string Literal(std::string_view name, std::string_view value) {
  return std::string(1, '\0') + StringLiteral(name) + StringLiteral(value);
}

std::string HuffmanLiteral(std::string_view name, size_t octets) {
  // "a" is 00011 (RFC 7541 Appendix B), so eight of them are five octets.
  const std::string code = Repeat("\x18\xc6\x31\x8c\x63", octets / 8);
  constexpr uint8_t kHuffman = 0x80;
  return std::string(1, '\0') + StringLiteral(name) + Integer(code.size(), 7, kHuffman) + code;
}

std::string Insert(std::string_view name, std::string_view value) {
  return static_cast<char>(kLiteralWithIndexing) + StringLiteral(name) + StringLiteral(value);
}

std::string Indexed(uint32_t index) { return Integer(index, 7, kIndexedField); }

std::string LiteralBlock(const Fields& fields) {
  std::string block;
  for (const auto& [name, value] : fields) block += Literal(name, value);
  return block;
}

std::string Request(std::string_view path, std::string_view more) {
  return (Indexed(kStaticMethodPost) + Indexed(kStaticSchemeHttp) +
          NamedLiteral(kStaticPath, path) + NamedLiteral(kStaticAuthority, "localhost") +
          NamedLiteral(kStaticContentType, "application/grpc") + Literal("te", "trailers"))
      .append(more);
}

Fields RequestFields(std::string_view path) {
  return {{":method", "POST"},
          {":scheme", "http"},
          {":path", std::string(path)},
          {":authority", "localhost"},
          {"content-type", "application/grpc"},
          {"te", "trailers"}};
}

std::string Bomb(std::string_view path, std::string_view name, size_t value_bytes,
                 size_t references) {
  return Request(path) + Insert(name, std::string(value_bytes, 'x')) +
         Repeat(Indexed(62), references);
}

}  // namespace hostile
