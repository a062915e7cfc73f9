// Message compression: what a compression algorithm must offer (gRPC compression.md).
#ifndef WEIR_TRANSPORT_GRPC_COMPRESSOR_H_
#define WEIR_TRANSPORT_GRPC_COMPRESSOR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"

namespace weir::grpc {

// The algorithms weir brings along.
enum class Encoding : uint8_t { kIdentity, kGzip, kDeflate, kZstd };

// As it is written in `grpc-encoding`: "identity", "gzip", ...
std::string_view EncodingName(Encoding encoding);

// One algorithm. Messages are independent of one another: nothing learnt from one may help to
// compress the next (gRPC PROTOCOL-HTTP2 "Security" on CRIME and BEAST), though memory may be
// reused. Confined to one thread.
class Compressor {
 public:
  enum class DecompressOutcome : uint8_t {
    kOk,
    kTooLarge,  // the message inflates to more than the limit
    kCorrupt,   // damaged, cut short, or followed by more than the one message
  };

  virtual ~Compressor() = default;

  // The name in `grpc-encoding`.
  virtual std::string_view name() const = 0;

  // Appends `in`, compressed, to `*out`. False, with `*out` as it was, when the algorithm cannot
  // (no memory, or more input than it can take): send the message as it is.
  [[nodiscard]] virtual bool Compress(ByteView in, Buffer* out) = 0;

  // Appends the message to `*out`. Never produces more than `size_max` + 1 bytes, however much the
  // input would inflate to. Unless kOk, `*out` is as it was.
  [[nodiscard]] virtual DecompressOutcome Decompress(ByteView in, size_t size_max, Buffer* out) = 0;
};

// The algorithms one server thread can use: an object, filled where the server is built.
// Compressors keep working memory, so each thread has a registry of its own.
class CompressorRegistry {
 public:
  CompressorRegistry() = default;
  CompressorRegistry(const CompressorRegistry&) = delete;
  CompressorRegistry& operator=(const CompressorRegistry&) = delete;

  // A compressor of a name that is present already replaces the former one.
  void Add(std::unique_ptr<Compressor> compressor);

  // Memory for one message at a time, kept from one to the next, so that a small message costs no
  // allocation. Given back at the end of the scope. Each use has its own: one thread may decompress
  // while another compresses.
  enum class Use : uint8_t { kDecompressed, kPlain, kCompressed };
  class Scratch {
   public:
    Scratch(const CompressorRegistry& owner, Use use);
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    // Empty at first. May be moved from.
    Buffer& operator*() { return buffer_; }
    Buffer* operator->() { return &buffer_; }

   private:
    Buffer& kept_;
    Buffer buffer_;
  };

  // nullptr when there is none of that name. "identity" is not a compressor.
  Compressor* Find(std::string_view name) const;

  // The value of `grpc-accept-encoding`: "identity" and the names in the order they were added.
  // Valid until the next Add.
  std::string_view accept_encoding() const { return accept_encoding_; }

 private:
  std::vector<std::unique_ptr<Compressor>> compressors_;
  // Like the compressors' own memory no part of what the registry says.
  mutable std::array<Buffer, 3> kept_;  // by Use
  std::string accept_encoding_ = "identity";
};

// Whether `name` is one of the comma-separated elements of `accept_encoding`, the value of the
// client's `grpc-accept-encoding`. A client without that field accepts "identity" only.
bool AcceptsEncoding(std::string_view accept_encoding, std::string_view name);

}  // namespace weir::grpc

#endif  // WEIR_TRANSPORT_GRPC_COMPRESSOR_H_
