#include "transport/grpc/compressor_gzip.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "transport/grpc/inflate_room.h"

namespace weir::grpc {

namespace {

constexpr int kWindowBits = 15;  // 32 KiB, the largest window either format allows
constexpr int kGzipFormat = 16;  // added to the window bits: gzip header and trailer
constexpr int kDefaultMemoryLevel = 8;

// zlib counts in `unsigned`.
constexpr size_t kRunMax = std::numeric_limits<uInt>::max();

// gzip is the one format here that is little-endian.
uint32_t LoadLittle32(const uint8_t* p) {
  return uint32_t{p[0]} | uint32_t{p[1]} << 8 | uint32_t{p[2]} << 16 | uint32_t{p[3]} << 24;
}

// zlib does not write through next_in; it is not const for historical reasons.
void SetInput(ByteView in, z_stream* stream) {
  stream->next_in = const_cast<Bytef*>(in.data());
  stream->avail_in = static_cast<uInt>(in.size());
}

}  // namespace

class ZlibCompressor::Deflater {
 public:
  Deflater(int window_bits, int level)
      : is_ready_(deflateInit2(&stream_, level, Z_DEFLATED, window_bits, kDefaultMemoryLevel,
                               Z_DEFAULT_STRATEGY) == Z_OK) {}
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater() {
    if (is_ready_) deflateEnd(&stream_);
  }

  // False when there was no memory: to be made anew.
  bool is_ready() const { return is_ready_; }

  bool Run(ByteView in, Buffer* out) {
    if (!is_ready_ || in.size() > kRunMax || deflateReset(&stream_) != Z_OK) return false;
    const size_t bound = deflateBound(&stream_, static_cast<uLong>(in.size()));
    if (bound > kRunMax) return false;
    const size_t start = out->size();
    SetInput(in, &stream_);
    stream_.next_out = out->Extend(bound);
    stream_.avail_out = static_cast<uInt>(bound);
    const bool is_done = deflate(&stream_, Z_FINISH) == Z_STREAM_END;
    out->Truncate(is_done ? start + bound - stream_.avail_out : start);
    return is_done;
  }

 private:
  z_stream stream_ = {};
  const bool is_ready_;
};

class ZlibCompressor::Inflater {
 public:
  // The check value is a fifth of the work, and is only of use when a message is whole: it is not
  // computed piece by piece, which would be in vain for what turns out to be too large.
  explicit Inflater(int window_bits)
      : is_gzip_(window_bits > kGzipFormat),
        is_ready_(inflateInit2(&stream_, window_bits) == Z_OK &&
                  inflateValidate(&stream_, 0) == Z_OK) {}
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (is_ready_) inflateEnd(&stream_);
  }

  // False when there was no memory: to be made anew.
  bool is_ready() const { return is_ready_; }

  DecompressOutcome Run(ByteView in, size_t size_max, Buffer* out) {
    if (!is_ready_ || in.size() > kRunMax || inflateReset(&stream_) != Z_OK) {
      return DecompressOutcome::kCorrupt;
    }
    const size_t start = out->size();
    SetInput(in, &stream_);
    DecompressOutcome outcome = Inflate(size_max, out);
    if (outcome == DecompressOutcome::kOk && !IsIntact(in, out->view().subspan(start))) {
      outcome = DecompressOutcome::kCorrupt;
    }
    if (outcome != DecompressOutcome::kOk) out->Truncate(start);
    return outcome;
  }

 private:
  // Whether `message` is what the end of `in` says (RFC 1952 §2.3.1, RFC 1950 §2.2).
  bool IsIntact(ByteView in, ByteView message) const {
    if (!is_gzip_) {
      return adler32_z(adler32_z(0, nullptr, 0), message.data(), message.size()) ==
             LoadBig32(in.data() + in.size() - 4);
    }
    const uint8_t* const trailer = in.data() + in.size() - 8;
    return crc32_z(crc32_z(0, nullptr, 0), message.data(), message.size()) ==
               LoadLittle32(trailer) &&
           static_cast<uint32_t>(message.size()) == LoadLittle32(trailer + 4);
  }

  // Makes room until the stream ends or one byte more than allowed has come out.
  DecompressOutcome Inflate(size_t size_max, Buffer* out) {
    const size_t produced_max =
        size_max == std::numeric_limits<size_t>::max() ? size_max : size_max + 1;
    size_t produced = 0;
    size_t room = FirstInflateRoom(stream_.avail_in);
    for (;;) {
      room = std::min({room, produced_max - produced, kRunMax});
      out->Reserve(out->size() + room);
      stream_.next_out = out->Extend(room);
      stream_.avail_out = static_cast<uInt>(room);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      out->Truncate(out->size() - stream_.avail_out);
      produced += room - stream_.avail_out;
      if (produced > size_max) return DecompressOutcome::kTooLarge;
      if (result == Z_STREAM_END) {
        // A message is one member. Anything behind it would be seen by some readers and not by
        // others, so it is not let through.
        return stream_.avail_in == 0 ? DecompressOutcome::kOk : DecompressOutcome::kCorrupt;
      }
      // Room left over means that the input has ended before the stream.
      if (result != Z_OK || stream_.avail_out != 0) return DecompressOutcome::kCorrupt;
      room = NextInflateRoom(produced);
    }
  }

  z_stream stream_ = {};
  const bool is_gzip_;
  const bool is_ready_;
};

ZlibCompressor::ZlibCompressor(Format format, int level) : format_(format), level_(level) {}

ZlibCompressor::~ZlibCompressor() = default;

int ZlibCompressor::window_bits() const {
  return format_ == Format::kGzip ? kWindowBits + kGzipFormat : kWindowBits;
}

bool ZlibCompressor::Compress(ByteView in, Buffer* out) {
  if (deflater_ == nullptr || !deflater_->is_ready()) {
    deflater_ = std::make_unique<Deflater>(window_bits(), level_);
  }
  return deflater_->Run(in, out);
}

Compressor::DecompressOutcome ZlibCompressor::Decompress(ByteView in, size_t size_max,
                                                         Buffer* out) {
  if (inflater_ == nullptr || !inflater_->is_ready()) {
    inflater_ = std::make_unique<Inflater>(window_bits());
  }
  return inflater_->Run(in, size_max, out);
}

}  // namespace weir::grpc
