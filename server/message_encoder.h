// A response message as a Length-Prefixed-Message in a buffer of its own.
#ifndef WEIR_SERVER_MESSAGE_ENCODER_H_
#define WEIR_SERVER_MESSAGE_ENCODER_H_

#include <cstddef>
#include <string_view>

#include "transport/base/buffer.h"
#include "transport/grpc/compressor.h"
#include "weir/internal/message_codec.h"

namespace weir::server {

// `size` is what codec.byte_size(message) has just returned. The result, in `*out`, which is empty,
// begins with the 5-byte prefix.
void EncodePlain(const internal::MessageCodec& codec, const void* message, size_t size,
                 Buffer* out);

// Compresses with the algorithm `encoding` out of `compressors`, unless it is "" (for none) or the
// algorithm cannot.
void EncodeMessage(const internal::MessageCodec& codec, const void* message, size_t size,
                   const grpc::CompressorRegistry& compressors, std::string_view encoding,
                   Buffer* out);

}  // namespace weir::server

#endif  // WEIR_SERVER_MESSAGE_ENCODER_H_
