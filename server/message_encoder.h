// A response message as a Length-Prefixed-Message in a buffer of its own.
#ifndef WEIR_SERVER_MESSAGE_ENCODER_H_
#define WEIR_SERVER_MESSAGE_ENCODER_H_

#include <cstddef>

#include "transport/base/buffer.h"
#include "transport/grpc/compressor.h"
#include "weir/internal/message_codec.h"

namespace weir::server {

// `size` is what codec.byte_size(message) has just returned. Compresses unless `compressor` is null
// (or cannot). The result begins with the 5-byte prefix.
Buffer EncodeMessage(const internal::MessageCodec& codec, const void* message, size_t size,
                     grpc::Compressor* compressor);

}  // namespace weir::server

#endif  // WEIR_SERVER_MESSAGE_ENCODER_H_
