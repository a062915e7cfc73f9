#include "transport/grpc/compressor_gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"

namespace weir::grpc {
namespace {

using Outcome = Compressor::DecompressOutcome;

// Compresses with zlib itself: `window_bits` chooses the format.
std::string Reference(std::string_view message, int window_bits) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string text(message.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
  stream.avail_in = static_cast<uInt>(message.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(text.size() - stream.avail_out);
  deflateEnd(&stream);
  return text;
}

constexpr int kZlibFormat = 15;
constexpr int kGzipFormat = 15 + 16;
constexpr int kRawFormat = -15;

Outcome Decompress(Compressor&& compressor, std::string_view text, std::string* message) {
  Buffer out;
  const Outcome outcome = compressor.Decompress(AsBytes(text), 1 << 20, &out);
  *message = AsText(out.view());
  return outcome;
}

TEST(GzipCompressor, WritesAGzipMember) {
  Buffer out;
  ASSERT_TRUE(GzipCompressor().Compress(AsBytes("message"), &out));
  ASSERT_GE(out.size(), 18u);
  EXPECT_EQ(AsText(out.view().first(3)), "\x1F\x8B\x08");  // RFC 1952 §2.3.1
}

TEST(DeflateCompressor, WritesTheZlibFormat) {
  Buffer out;
  ASSERT_TRUE(DeflateCompressor().Compress(AsBytes("message"), &out));
  ASSERT_GE(out.size(), 6u);
  EXPECT_EQ(out.data()[0] & 0x0F, 8);        // RFC 1950 §2.2: CM
  EXPECT_EQ(LoadBig16(out.data()) % 31, 0);  // FCHECK
}

TEST(ZlibCompressors, ReadWhatZlibWrites) {
  const std::string message(5000, 'm');
  std::string out;
  EXPECT_EQ(Decompress(GzipCompressor(), Reference(message, kGzipFormat), &out), Outcome::kOk);
  EXPECT_EQ(out, message);
  EXPECT_EQ(Decompress(DeflateCompressor(), Reference(message, kZlibFormat), &out), Outcome::kOk);
  EXPECT_EQ(out, message);
}

TEST(ZlibCompressors, RefuseTheOtherFormats) {
  const std::string message = "message";
  std::string out;
  EXPECT_EQ(Decompress(GzipCompressor(), Reference(message, kZlibFormat), &out), Outcome::kCorrupt);
  EXPECT_EQ(Decompress(GzipCompressor(), Reference(message, kRawFormat), &out), Outcome::kCorrupt);
  EXPECT_EQ(Decompress(DeflateCompressor(), Reference(message, kGzipFormat), &out),
            Outcome::kCorrupt);
  EXPECT_EQ(Decompress(DeflateCompressor(), Reference(message, kRawFormat), &out),
            Outcome::kCorrupt);
}

TEST(GzipCompressor, RefusesAWrongChecksumAndAWrongSize) {
  const std::string text = Reference("message", kGzipFormat);
  std::string out;
  for (size_t from_end = 1; from_end <= 8; ++from_end) {  // RFC 1952 §2.3.1: CRC32, ISIZE
    std::string damaged = text;
    damaged[damaged.size() - from_end] = static_cast<char>(damaged[damaged.size() - from_end] ^ 1);
    EXPECT_EQ(Decompress(GzipCompressor(), damaged, &out), Outcome::kCorrupt) << from_end;
    EXPECT_EQ(out, "");
  }
}

TEST(DeflateCompressor, RefusesAWrongChecksumAndAPresetDictionary) {
  std::string text = Reference("message", kZlibFormat);
  std::string out;
  std::string damaged = text;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  EXPECT_EQ(Decompress(DeflateCompressor(), damaged, &out), Outcome::kCorrupt);
  // RFC 1950 §2.2: FDICT set and FCHECK right, then the identifier of a dictionary.
  const std::string_view with_dictionary("\x78\xBB\x00\x00\x00\x01", 6);
  ASSERT_EQ(LoadBig16(AsBytes(with_dictionary).data()) % 31, 0);
  EXPECT_EQ(Decompress(DeflateCompressor(), std::string(with_dictionary) + text.substr(2), &out),
            Outcome::kCorrupt);
}

TEST(GzipCompressor, ReadsOptionalHeaderFields) {
  const std::string text = Reference("message", kGzipFormat);
  std::string with_name = text.substr(0, 10) + std::string("name\0", 5) + text.substr(10);
  with_name[3] = 0x08;  // RFC 1952 §2.3.1: FNAME
  std::string out;
  EXPECT_EQ(Decompress(GzipCompressor(), with_name, &out), Outcome::kOk);
  EXPECT_EQ(out, "message");
}

TEST(ZlibCompressors, CannotCompressAtALevelThatDoesNotExist) {
  Buffer out = Buffer::CopyOf(AsBytes("head"));
  GzipCompressor compressor(17);
  EXPECT_FALSE(compressor.Compress(AsBytes("message"), &out));
  EXPECT_EQ(AsText(out.view()), "head");
}

}  // namespace
}  // namespace weir::grpc
