#include "transport/grpc/compressor.h"

#include <utility>

#include "transport/base/check.h"
#include "transport/grpc/list_field.h"

namespace weir::grpc {

std::string_view EncodingName(Encoding encoding) {
  switch (encoding) {
    case Encoding::kIdentity:
      return "identity";
    case Encoding::kGzip:
      return "gzip";
    case Encoding::kDeflate:
      return "deflate";
    case Encoding::kZstd:
      return "zstd";
  }
  WEIR_UNREACHABLE();
}

namespace {

// What is kept for the next message.
constexpr size_t kScratchBytesMax = 64 * 1024;

}  // namespace

CompressorRegistry::Scratch::Scratch(const CompressorRegistry& owner, Use use)
    : kept_(owner.kept_[static_cast<size_t>(use)]), buffer_(std::move(kept_)) {}

CompressorRegistry::Scratch::~Scratch() {
  if (buffer_.capacity() == 0 || buffer_.capacity() > kScratchBytesMax) return;
  buffer_.Truncate(0);
  kept_ = std::move(buffer_);
}

void CompressorRegistry::Add(std::unique_ptr<Compressor> compressor) {
  const std::string_view name = compressor->name();
  for (std::unique_ptr<Compressor>& present : compressors_) {
    if (present->name() == name) {
      present = std::move(compressor);
      return;
    }
  }
  accept_encoding_.append(",").append(name);
  compressors_.push_back(std::move(compressor));
}

Compressor* CompressorRegistry::Find(std::string_view name) const {
  for (const std::unique_ptr<Compressor>& compressor : compressors_) {
    if (compressor->name() == name) return compressor.get();
  }
  return nullptr;
}

bool AcceptsEncoding(std::string_view accept_encoding, std::string_view name) {
  if (name == EncodingName(Encoding::kIdentity)) return true;
  return !AllListElements(accept_encoding,
                          [name](std::string_view element) { return element != name; });
}

}  // namespace weir::grpc
