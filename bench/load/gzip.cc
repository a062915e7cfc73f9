#include "bench/load/gzip.h"

#include <zlib.h>

#include "transport/base/check.h"

namespace load {
namespace {

constexpr int kGzipWindowBits = 15 + 16;  // zlib.h: the largest window, with gzip's frame
constexpr int kMemoryLevel = 8;           // zlib's default

// zlib takes pointers to mutable octets and does not write to its input.
Bytef* OctetsOf(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

}  // namespace

std::string Gzip(std::string_view message) {
  z_stream stream{};
  WEIR_CHECK(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindowBits, kMemoryLevel,
                          Z_DEFAULT_STRATEGY) == Z_OK);
  std::string compressed(deflateBound(&stream, message.size()), '\0');
  stream.next_in = OctetsOf(message);
  stream.avail_in = static_cast<uInt>(message.size());
  stream.next_out = OctetsOf(compressed);
  stream.avail_out = static_cast<uInt>(compressed.size());
  WEIR_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  compressed.resize(stream.total_out);
  deflateEnd(&stream);
  return compressed;
}

std::optional<std::string> Gunzip(std::string_view compressed, size_t size_max) {
  z_stream stream{};
  WEIR_CHECK(inflateInit2(&stream, kGzipWindowBits) == Z_OK);
  std::string message(size_max + 1, '\0');
  stream.next_in = OctetsOf(compressed);
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = OctetsOf(message);
  stream.avail_out = static_cast<uInt>(message.size());
  const int outcome = inflate(&stream, Z_FINISH);
  const bool is_whole = outcome == Z_STREAM_END && stream.avail_in == 0;
  message.resize(stream.total_out);
  inflateEnd(&stream);
  if (!is_whole || message.size() > size_max) return std::nullopt;
  return message;
}

}  // namespace load
