// The message compression algorithms that a server offers.
#ifndef WEIR_SERVER_COMPRESSORS_H_
#define WEIR_SERVER_COMPRESSORS_H_

#include <string_view>

#include "transport/grpc/compressor.h"
#include "weir/server_context.h"

namespace weir::server {

void AddBuiltInCompressors(grpc::CompressorRegistry* registry);

// As in `grpc-encoding`; "identity" for kNone.
std::string_view EncodingNameOf(CompressionAlgorithm algorithm);

}  // namespace weir::server

#endif  // WEIR_SERVER_COMPRESSORS_H_
