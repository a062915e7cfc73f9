// How are header blocks written by hand (RFC 7541), proper requests and poisonous ones?
//
// Nothing here keeps state: a block that counts on the peer's dynamic table says so.
#ifndef WEIR_TESTS_HOSTILE_HEADER_BLOCKS_H_
#define WEIR_TESTS_HOSTILE_HEADER_BLOCKS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hostile {

using Fields = std::vector<std::pair<std::string, std::string>>;

// Methods of grpc.testing.TestService.
inline constexpr std::string_view kEmptyCall = "/grpc.testing.TestService/EmptyCall";
inline constexpr std::string_view kUnaryCall = "/grpc.testing.TestService/UnaryCall";
inline constexpr std::string_view kOutputCall = "/grpc.testing.TestService/StreamingOutputCall";
inline constexpr std::string_view kInputCall = "/grpc.testing.TestService/StreamingInputCall";
inline constexpr std::string_view kDuplexCall = "/grpc.testing.TestService/FullDuplexCall";

// The service sends the values under this key back as initial metadata.
inline constexpr std::string_view kEchoKey = "x-grpc-test-echo-initial";

// An integer with a prefix of `bits` bits, whose other bits are those of `first` (RFC 7541 §5.1).
std::string Integer(uint64_t value, int bits, uint8_t first);
// A string literal without Huffman code.
std::string StringLiteral(std::string_view text);
// Literal fields with a literal name: without indexing, and entering the dynamic table.
std::string Literal(std::string_view name, std::string_view value);
std::string Insert(std::string_view name, std::string_view value);
// A literal field whose value, `octets` times "a" (rounded down to a multiple of eight), is Huffman
// code: five eighths of its size.
std::string HuffmanLiteral(std::string_view name, size_t octets);
// An indexed field; 62 is the newest entry of the dynamic table.
std::string Indexed(uint32_t index);

// All fields as Literal().
std::string LiteralBlock(const Fields& fields);

// What a gRPC client sends: POST, http, `path`, "localhost", content-type and te, all of it without
// touching the dynamic table; `more` follows verbatim.
std::string Request(std::string_view path, std::string_view more = {});
// The same as fields, to be changed before LiteralBlock().
Fields RequestFields(std::string_view path);

// A request with one field of `entry_bytes` (name and value, without the 32 of the table) that
// enters the table, and `references` indexed references to it.
std::string Bomb(std::string_view path, std::string_view name, size_t value_bytes,
                 size_t references);

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_HEADER_BLOCKS_H_
