#include "server/compressors.h"

#include <memory>

#include "transport/grpc/compressor_gzip.h"
#include "transport/grpc/compressor_zstd.h"

namespace weir::server {

void AddBuiltInCompressors(grpc::CompressorRegistry* registry) {
  registry->Add(std::make_unique<grpc::DeflateCompressor>());
  registry->Add(std::make_unique<grpc::GzipCompressor>());
  registry->Add(std::make_unique<grpc::ZstdCompressor>());
}

std::string_view EncodingNameOf(CompressionAlgorithm algorithm) {
  switch (algorithm) {
    case CompressionAlgorithm::kNone:
      return grpc::EncodingName(grpc::Encoding::kIdentity);
    case CompressionAlgorithm::kGzip:
      return grpc::EncodingName(grpc::Encoding::kGzip);
    case CompressionAlgorithm::kDeflate:
      return grpc::EncodingName(grpc::Encoding::kDeflate);
    case CompressionAlgorithm::kZstd:
      return grpc::EncodingName(grpc::Encoding::kZstd);
  }
  return grpc::EncodingName(grpc::Encoding::kIdentity);
}

}  // namespace weir::server
