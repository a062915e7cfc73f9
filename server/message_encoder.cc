#include "server/message_encoder.h"

#include <cstdint>
#include <utility>

#include "transport/grpc/message_writer.h"

namespace weir::server {
namespace {

Buffer EncodePlain(const internal::MessageCodec& codec, const void* message, size_t size) {
  Buffer out(grpc::kMessagePrefixSize + size);
  grpc::StoreMessagePrefix(out.data(), /*compressed=*/false, static_cast<uint32_t>(size));
  codec.serialize(message, out.data() + grpc::kMessagePrefixSize);
  return out;
}

}  // namespace

Buffer EncodeMessage(const internal::MessageCodec& codec, const void* message, size_t size,
                     grpc::Compressor* compressor) {
  Buffer plain = EncodePlain(codec, message, size);
  if (compressor == nullptr) return plain;
  Buffer out;
  out.Extend(grpc::kMessagePrefixSize);
  if (!compressor->Compress(plain.view().subspan(grpc::kMessagePrefixSize), &out)) return plain;
  grpc::StoreMessagePrefix(out.data(), /*compressed=*/true,
                           static_cast<uint32_t>(out.size() - grpc::kMessagePrefixSize));
  return out;
}

}  // namespace weir::server
