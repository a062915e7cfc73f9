#include "server/message_encoder.h"

#include <cstdint>
#include <utility>

#include "transport/grpc/message_writer.h"

namespace weir::server {
void EncodePlain(const internal::MessageCodec& codec, const void* message, size_t size,
                 Buffer* out) {
  uint8_t* const place = out->Extend(grpc::kMessagePrefixSize + size);
  grpc::StoreMessagePrefix(place, /*compressed=*/false, static_cast<uint32_t>(size));
  codec.serialize(message, place + grpc::kMessagePrefixSize);
}

void EncodeMessage(const internal::MessageCodec& codec, const void* message, size_t size,
                   const grpc::CompressorRegistry& compressors, std::string_view encoding,
                   Buffer* out) {
  grpc::Compressor* const compressor = encoding.empty() ? nullptr : compressors.Find(encoding);
  if (compressor != nullptr) {
    grpc::CompressorRegistry::Scratch plain(compressors, grpc::CompressorRegistry::Use::kPlain);
    codec.serialize(message, plain->Extend(size));
    out->Extend(grpc::kMessagePrefixSize);
    if (compressor->Compress(plain->view(), out)) {
      grpc::StoreMessagePrefix(out->data(), /*compressed=*/true,
                               static_cast<uint32_t>(out->size() - grpc::kMessagePrefixSize));
      return;
    }
    out->Truncate(0);
  }
  EncodePlain(codec, message, size, out);
}

}  // namespace weir::server
