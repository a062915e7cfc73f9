#include "transport/grpc/compressor_zstd.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>

#include "transport/grpc/inflate_room.h"

namespace weir::grpc {

namespace {

constexpr int kWindowLogMax = 23;  // 8 MiB

// What a frame begins with (RFC 8878 §3.1.1). Frames of older formats, which the library may know
// as well, are not meant by "zstd"; nor do they keep to the limit above.
constexpr std::array<uint8_t, 4> kMagic = {0x28, 0xb5, 0x2f, 0xfd};

// What may be kept from one message to the next. A context without a window takes 160 KiB; a peer
// may ask for one with a window of 8 MiB, in a frame of a few octets.
constexpr size_t kKeptBytesMax = 512 * 1024;

}  // namespace

class ZstdCompressor::Encoder {
 public:
  explicit Encoder(int level) : context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) return;
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  ~Encoder() { ZSTD_freeCCtx(context_); }

  // False when there was no memory: to be made anew.
  bool is_ready() const { return context_ != nullptr; }

  bool Run(ByteView in, Buffer* out) {
    if (context_ == nullptr) return false;
    const size_t start = out->size();
    const size_t bound = ZSTD_compressBound(in.size());
    uint8_t* place = out->Extend(bound);
    const size_t written = ZSTD_compress2(context_, place, bound, in.data(), in.size());
    const bool is_done = ZSTD_isError(written) == 0;
    out->Truncate(is_done ? start + written : start);
    return is_done;
  }

 private:
  ZSTD_CCtx* const context_;
};

class ZstdCompressor::Decoder {
 public:
  Decoder() : context_(ZSTD_createDCtx()) {
    if (context_ != nullptr) {
      ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kWindowLogMax);
    }
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { ZSTD_freeDCtx(context_); }

  // False when there was no memory: to be made anew.
  bool is_ready() const { return context_ != nullptr; }
  size_t bytes() const { return ZSTD_sizeof_DCtx(context_); }

  DecompressOutcome Run(ByteView in, size_t size_max, Buffer* out) {
    if (context_ == nullptr) return DecompressOutcome::kCorrupt;
    if (in.size() < kMagic.size() || !std::equal(kMagic.begin(), kMagic.end(), in.begin())) {
      return DecompressOutcome::kCorrupt;
    }
    ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
    const size_t start = out->size();
    const DecompressOutcome outcome = Decode(in, size_max, out);
    if (outcome != DecompressOutcome::kOk) out->Truncate(start);
    return outcome;
  }

 private:
  // Makes room until the frame ends or one byte more than allowed has come out. What the
  // frame declares about its size is not relied on.
  DecompressOutcome Decode(ByteView in, size_t size_max, Buffer* out) {
    const size_t produced_max =
        size_max == std::numeric_limits<size_t>::max() ? size_max : size_max + 1;
    ZSTD_inBuffer input = {in.data(), in.size(), 0};
    size_t produced = 0;
    size_t room = FirstInflateRoom(in.size());
    for (;;) {
      room = std::min(room, produced_max - produced);
      out->Reserve(out->size() + room);
      ZSTD_outBuffer output = {out->Extend(room), room, 0};
      const size_t result = ZSTD_decompressStream(context_, &output, &input);
      out->Truncate(out->size() - (room - output.pos));
      produced += output.pos;
      if (produced > size_max) return DecompressOutcome::kTooLarge;
      if (ZSTD_isError(result) != 0) return DecompressOutcome::kCorrupt;
      if (result == 0) {
        // The frame is complete. A message is one frame, and nothing may follow it.
        return input.pos == input.size ? DecompressOutcome::kOk : DecompressOutcome::kCorrupt;
      }
      // Room left over means that the input has ended before the frame.
      if (output.pos != output.size) return DecompressOutcome::kCorrupt;
      room = NextInflateRoom(produced);
    }
  }

  ZSTD_DCtx* const context_;
};

ZstdCompressor::ZstdCompressor(int level) : level_(level) {}

ZstdCompressor::~ZstdCompressor() = default;

bool ZstdCompressor::Compress(ByteView in, Buffer* out) {
  if (encoder_ == nullptr || !encoder_->is_ready()) encoder_ = std::make_unique<Encoder>(level_);
  return encoder_->Run(in, out);
}

Compressor::DecompressOutcome ZstdCompressor::Decompress(ByteView in, size_t size_max,
                                                         Buffer* out) {
  if (decoder_ == nullptr || !decoder_->is_ready()) decoder_ = std::make_unique<Decoder>();
  const DecompressOutcome outcome = decoder_->Run(in, size_max, out);
  if (decoder_->bytes() > kKeptBytesMax) decoder_ = nullptr;
  return outcome;
}

size_t ZstdCompressor::kept_bytes() const { return decoder_ == nullptr ? 0 : decoder_->bytes(); }

}  // namespace weir::grpc
