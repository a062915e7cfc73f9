// "gzip" (RFC 1952) and "deflate" (which is the zlib format, RFC 1950) for messages.
#ifndef WEIR_TRANSPORT_GRPC_COMPRESSOR_GZIP_H_
#define WEIR_TRANSPORT_GRPC_COMPRESSOR_GZIP_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/grpc/compressor.h"

namespace weir::grpc {

// Both formats wrap the same algorithm. The state of zlib (about 260 KiB for compression, 40 KiB
// for decompression) is made at the first message and reused for all that follow.
class ZlibCompressor : public Compressor {
 public:
  ~ZlibCompressor() override;

  bool Compress(ByteView in, Buffer* out) final;
  DecompressOutcome Decompress(ByteView in, size_t size_max, Buffer* out) final;

 protected:
  enum class Format : uint8_t { kGzip, kZlib };

  ZlibCompressor(Format format, int level);

 private:
  class Deflater;
  class Inflater;

  int window_bits() const;

  const Format format_;
  const int level_;
  std::unique_ptr<Deflater> deflater_;
  std::unique_ptr<Inflater> inflater_;
};

// Levels are those of zlib: 1 is fastest, 9 smallest, 6 zlib's own choice.
class GzipCompressor final : public ZlibCompressor {
 public:
  explicit GzipCompressor(int level = 6) : ZlibCompressor(Format::kGzip, level) {}
  std::string_view name() const override { return "gzip"; }
};

class DeflateCompressor final : public ZlibCompressor {
 public:
  explicit DeflateCompressor(int level = 6) : ZlibCompressor(Format::kZlib, level) {}
  std::string_view name() const override { return "deflate"; }
};

}  // namespace weir::grpc

#endif  // WEIR_TRANSPORT_GRPC_COMPRESSOR_GZIP_H_
