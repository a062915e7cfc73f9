#include "tests/hostile/messages.h"

#include <zlib.h>
#include <zstd.h>

#include "tests/hostile/frames.h"

namespace hostile {
namespace {

std::string Varint(uint64_t value) {
  std::string text;
  for (; value >= 128; value /= 128) text += static_cast<char>(value % 128 + 128);
  return text += static_cast<char>(value);
}

// Fields of protobuf's wire format: type 0 is a varint, type 2 has a length.
std::string VarintField(int number, uint64_t value) {
  return static_cast<char>(number << 3) + Varint(value);
}

std::string BytesField(int number, std::string_view bytes) {
  return (static_cast<char>(number << 3 | 2) + Varint(bytes.size())).append(bytes);
}

// messages.proto: Payload{type = 1, body = 2}.
std::string Payload(size_t bytes) { return BytesField(2, std::string(bytes, '\0')); }

}  // namespace

const std::string kEmptyMessage(kPrefixBytes, '\0');

std::string MessagePrefix(uint32_t length, uint8_t flag) {
  return static_cast<char>(flag) + BigEndian32(length);
}

std::string Message(std::string_view body, uint8_t flag) {
  return MessagePrefix(static_cast<uint32_t>(body.size()), flag).append(body);
}

std::string UnaryRequest(size_t payload_bytes, size_t response_bytes) {
  std::string body;
  if (response_bytes > 0) body += VarintField(2, response_bytes);
  if (payload_bytes > 0) body += BytesField(3, Payload(payload_bytes));
  return Message(body);
}

std::string StatusRequest(int code, std::string_view message) {
  const std::string status = VarintField(1, static_cast<uint64_t>(code)) + BytesField(2, message);
  return Message(BytesField(7, status));
}

std::string OutputRequest(size_t count, size_t bytes, size_t interval_us) {
  std::string parameters = VarintField(1, bytes);
  if (interval_us > 0) parameters += VarintField(2, interval_us);
  return Message(Repeat(BytesField(2, parameters), count));
}

std::string InputRequest(size_t payload_bytes) {
  return Message(BytesField(1, Payload(payload_bytes)));
}

std::string NameRequest(int number, std::string_view name) {
  return Message(BytesField(number, name));
}

std::string Gzip(std::string_view text) {
  z_stream stream{};
  constexpr int kGzipFormat = 15 + 16;  // the largest window, in gzip's wrapping
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipFormat, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), ZSTD_CLEVEL_DEFAULT));
  return out;
}

}  // namespace hostile
