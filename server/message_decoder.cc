#include "server/message_decoder.h"

#include <string>
#include <utility>

#include "transport/base/buffer.h"

namespace weir::server {

using grpc::Rejection;

namespace {

// What is dearer to copy than to allocate again.
constexpr size_t kCopiedBytesMax = 16 * 1024;

}  // namespace

const Rejection& MessageDecoder::rejection() const {
  static const Rejection none;
  return rejection_ == nullptr ? none : *rejection_;
}

MessageDecoder::Outcome MessageDecoder::Reject(Rejection rejection) {
  rejection_ = std::make_unique<const grpc::Rejection>(std::move(rejection));
  return Outcome::kRejected;
}

MessageDecoder::Outcome MessageDecoder::TakeOver(Buffer content,
                                                 const internal::MessageCodec& codec,
                                                 void* message) {
  const size_t size = content.size();
  codec.take_over(message, content.TakeBytes(), size);
  return Outcome::kMessage;
}

MessageDecoder::Outcome MessageDecoder::RejectFraming(grpc::MessageReader::Outcome outcome) {
  if (outcome == grpc::MessageReader::Outcome::kTooLarge) {
    return Reject(grpc::RejectMessageTooLarge(reader_.declared_size(), reader_.message_size_max()));
  }
  return Reject(grpc::MakeRejection(Rejection::Kind::kMessageFlagUnknown,
                                    std::to_string(reader_.bad_flag())));
}

// gRPC compression.md: a message with the flag needs an encoding that says how; the limit holds for
// the inflated size as well.
MessageDecoder::Outcome MessageDecoder::Decompress(ByteView payload,
                                                   const internal::MessageCodec& codec,
                                                   void* message,
                                                   const grpc::CompressorRegistry& compressors) {
  if (encoding_.empty() || encoding_ == grpc::EncodingName(grpc::Encoding::kIdentity)) {
    return Reject(grpc::MakeRejection(Rejection::Kind::kMessageCompressedWithoutEncoding));
  }
  grpc::Compressor* compressor = compressors.Find(encoding_);
  if (compressor == nullptr) {
    return Reject(grpc::MakeRejection(Rejection::Kind::kEncodingUnsupported, encoding_));
  }
  grpc::CompressorRegistry::Scratch inflated(compressors,
                                             grpc::CompressorRegistry::Use::kDecompressed);
  switch (compressor->Decompress(payload, reader_.message_size_max(), &*inflated)) {
    case grpc::Compressor::DecompressOutcome::kOk:
      break;
    case grpc::Compressor::DecompressOutcome::kTooLarge:
      return Reject(grpc::RejectInflatedMessageTooLarge(reader_.message_size_max()));
    case grpc::Compressor::DecompressOutcome::kCorrupt:
      return Reject(grpc::MakeRejection(Rejection::Kind::kMessageCorrupt, encoding_));
  }
  content_size_ = inflated->size();
  if (codec.take_over != nullptr && content_size_ > kCopiedBytesMax) {
    return TakeOver(std::move(*inflated), codec, message);
  }
  if (!codec.parse(message, inflated->data(), inflated->size())) {
    return Reject(grpc::MakeRejection(Rejection::Kind::kMessageMalformed));
  }
  return Outcome::kMessage;
}

}  // namespace weir::server
