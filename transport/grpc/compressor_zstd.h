// "zstd" (RFC 8878) for messages.
#ifndef WEIR_TRANSPORT_GRPC_COMPRESSOR_ZSTD_H_
#define WEIR_TRANSPORT_GRPC_COMPRESSOR_ZSTD_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/grpc/compressor.h"

namespace weir::grpc {

// The contexts of libzstd are made at the first message and reused for all that follow, but for one
// that has grown by a large window. A frame that asks for a window of more than 8 MiB, the size
// every decoder is to support (RFC 8878 §3.1.1.1.2), is corrupt: the window is memory that a peer
// would make us reserve.
class ZstdCompressor final : public Compressor {
 public:
  // Levels are those of libzstd: 1 is fast, 19 small, 3 its own choice.
  explicit ZstdCompressor(int level = 3);
  ~ZstdCompressor() override;

  std::string_view name() const override { return "zstd"; }
  bool Compress(ByteView in, Buffer* out) override;
  DecompressOutcome Decompress(ByteView in, size_t size_max, Buffer* out) override;

  // What it holds from one received message to the next: 512 KiB at most.
  size_t kept_bytes() const;

 private:
  class Encoder;
  class Decoder;

  const int level_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace weir::grpc

#endif  // WEIR_TRANSPORT_GRPC_COMPRESSOR_ZSTD_H_
