#include "tests/fuzz/response_fields.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace weir::fuzz {
namespace {

using http2::OutputField;

constexpr std::array<OutputField, 2> kHeaderLines = {
    {{.name = ":status", .value = "200"},
     {.name = "content-type", .value = "application/grpc", .indexed = true}}};
constexpr std::array<OutputField, 1> kTrailerLines = {
    {{.name = "grpc-status", .value = "0", .indexed = true}}};
constexpr std::array<OutputField, 3> kTrailersOnlyLines = {
    {{.name = ":status", .value = "200"},
     {.name = "content-type", .value = "application/grpc", .indexed = true},
     {.name = "grpc-status", .value = "12"}}};

constexpr std::array<std::string_view, 6> kNames = {"grpc-status",   "grpc-message", "x-trace-bin",
                                                    "grpc-encoding", "server",       "x"};
constexpr std::array<std::string_view, 5> kValues = {"0", "", "identity", "5%20%E2%82%AC",
                                                     "a value of some length"};
constexpr std::array<std::string_view, 4> kStatuses = {"200", "404", "415", "503"};

// Representation, two lengths of strings, and room for a change of the table size.
constexpr size_t kFieldOverhead = 24;

}  // namespace

const http2::FieldTemplate kHeadersTemplate{kHeaderLines};
const http2::FieldTemplate kTrailersTemplate{kTrailerLines};
const http2::FieldTemplate kTrailersOnlyTemplate{kTrailersOnlyLines};

ResponseFields::ResponseFields(ByteSource& program, bool has_status) {
  const uint8_t shape = program.Octet();
  if (has_status) Add(":status", std::string(program.Pick(kStatuses)), (shape & 0x80) != 0);
  for (int i = shape % 8; i > 0; --i) {
    const std::string_view name = program.Pick(kNames);
    const uint8_t how = program.Octet();
    const bool is_indexed = (how & 1) != 0;
    if (how < 200) {
      Add(std::string(name), std::string(kValues[(how >> 1) % kValues.size()]), is_indexed);
    } else {
      const size_t size = program.Number() % 20000;
      Add(std::string(name), std::string(size, static_cast<char>('a' + how % 26)), is_indexed);
    }
  }
}

void ResponseFields::Add(std::string name, std::string value, bool is_indexed) {
  // Twice: what is not compressed by Huffman coding may grow by it.
  encoded_size_max_ += 2 * (name.size() + value.size()) + kFieldOverhead;
  const std::string& stored_name = text_.emplace_back(std::move(name));
  const std::string& stored_value = text_.emplace_back(std::move(value));
  fields_.push_back({.name = stored_name, .value = stored_value, .indexed = is_indexed});
}

FieldText TextOf(http2::OutputFields fields) {
  FieldText text;
  for (const OutputField& field : fields) text.emplace_back(field.name, field.value);
  return text;
}

}  // namespace weir::fuzz
