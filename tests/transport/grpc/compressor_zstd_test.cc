#include "transport/grpc/compressor_zstd.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"

namespace weir::grpc {
namespace {

using Outcome = Compressor::DecompressOutcome;

// Compresses with libzstd itself, as a stream of unknown length.
std::string Reference(std::string_view message, int window_log) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  EXPECT_EQ(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log)), 0u);
  std::string text(ZSTD_compressBound(message.size()) + 100, '\0');
  ZSTD_inBuffer input = {message.data(), message.size(), 0};
  ZSTD_outBuffer output = {text.data(), text.size(), 0};
  // Two steps, so that the frame cannot know its size.
  EXPECT_EQ(ZSTD_isError(ZSTD_compressStream2(context, &output, &input, ZSTD_e_continue)), 0u);
  EXPECT_EQ(ZSTD_compressStream2(context, &output, &input, ZSTD_e_end), 0u);
  ZSTD_freeCCtx(context);
  text.resize(output.pos);
  return text;
}

Outcome Decompress(std::string_view text, size_t size_max, std::string* message) {
  Buffer out;
  const Outcome outcome = ZstdCompressor().Decompress(AsBytes(text), size_max, &out);
  *message = AsText(out.view());
  return outcome;
}

TEST(ZstdCompressor, WritesAFrameWithAChecksum) {
  Buffer out;
  ASSERT_TRUE(ZstdCompressor().Compress(AsBytes("message"), &out));
  ASSERT_GE(out.size(), 5u);
  EXPECT_EQ(LoadBig32(out.data()), 0x28B52FFDu);  // RFC 8878 §3.1.1
  EXPECT_NE(out.data()[4] & 4, 0);                // §3.1.1.1.1.5: Content_Checksum_flag
}

TEST(ZstdCompressor, ReadsFramesThatDoNotTellTheirSize) {
  const std::string message(300000, 'm');
  const std::string text = Reference(message, 20);
  ASSERT_EQ(ZSTD_getFrameContentSize(text.data(), text.size()), ZSTD_CONTENTSIZE_UNKNOWN);
  std::string out;
  EXPECT_EQ(Decompress(text, message.size(), &out), Outcome::kOk);
  EXPECT_EQ(out, message);
  EXPECT_EQ(Decompress(text, message.size() - 1, &out), Outcome::kTooLarge);
}

TEST(ZstdCompressor, RefusesAWindowLargerThanEightMebibytes) {
  std::string out;
  EXPECT_EQ(Decompress(Reference("message", 23), 1000, &out), Outcome::kOk);
  EXPECT_EQ(Decompress(Reference("message", 24), 1000, &out), Outcome::kCorrupt);
}

TEST(ZstdCompressor, DoesNotBelieveADeclaredSize) {
  // A frame whose header promises 2^62 bytes and brings one (RFC 8878 §3.1.1): descriptor with an
  // eight-octet size and no window, the size, one raw block of one octet.
  std::string text("\x28\xB5\x2F\xFD\xC0\0\0\0\0\0\0\0\x40\x09\0\0x", 17);
  std::string out;
  EXPECT_EQ(Decompress(text, 1000, &out), Outcome::kCorrupt);
  EXPECT_EQ(out, "");
}

TEST(ZstdCompressor, ReadsItsOwnLevels) {
  const std::string message(10000, 'm');
  for (int level : {1, 3, 19}) {
    Buffer text;
    ASSERT_TRUE(ZstdCompressor(level).Compress(AsBytes(message), &text));
    std::string out;
    EXPECT_EQ(Decompress(AsText(text.view()), message.size(), &out), Outcome::kOk) << level;
    EXPECT_EQ(out, message);
  }
}

}  // namespace
}  // namespace weir::grpc
