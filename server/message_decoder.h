// Request messages out of the bytes of a stream: framing, decompression, parsing, and what to
// answer when one of them fails.
#ifndef WEIR_SERVER_MESSAGE_DECODER_H_
#define WEIR_SERVER_MESSAGE_DECODER_H_

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"
#include "transport/grpc/compressor.h"
#include "transport/grpc/message_reader.h"
#include "transport/grpc/rejection.h"
#include "weir/internal/message_codec.h"

namespace weir::server {

// Used by one thread at a time: the worker, or the pool thread of a blocking streaming handler.
class MessageDecoder {
 public:
  enum class Outcome : uint8_t {
    kMessage,
    kNeedMore,  // everything was consumed
    kRejected,  // rejection() says why; final
  };

  MessageDecoder() : reader_(0) {}

  // `encoding` is the request's `grpc-encoding`; it must outlive the use of the decoder.
  void Reset(size_t message_size_max, std::string_view encoding) {
    reader_.Reset(message_size_max);
    encoding_ = encoding;
    rejection_.reset();
    message_size_ = content_size_ = 0;
    begun_bytes_ = consumed_bytes_ = 0;
    is_compressed_ = false;
  }

  // Between two uses, a message that was put together from pieces need not be kept.
  void ReleaseMemory() {
    if (reader_.held_bytes() != 0) reader_.Reset(0);
  }

  // Takes bytes off the front of `*bytes` until one message is complete, and parses that into
  // `message`.
  Outcome Pull(ByteView* bytes, const internal::MessageCodec& codec, void* message,
               const grpc::CompressorRegistry& compressors) {
    if (rejection_ != nullptr) [[unlikely]]
      return Outcome::kRejected;
    begun_bytes_ += bytes->size();
    reader_.Feed(*bytes);
    grpc::Message found;
    const grpc::MessageReader::Outcome outcome = reader_.Next(&found);
    if (outcome == grpc::MessageReader::Outcome::kMessage) {
      *bytes = reader_.TakeUnread();
      consumed_bytes_ += begun_bytes_ - bytes->size();
      begun_bytes_ = 0;
      message_size_ = content_size_ = found.payload.size();
      is_compressed_ = found.compressed;
      if (found.compressed) [[unlikely]]
        return Decompress(found.payload, codec, message, compressors);
      if (codec.take_over != nullptr && reader_.IsAssembled(found)) [[unlikely]] {
        return TakeOver(reader_.TakePayload(found), codec, message);
      }
      if (codec.parse(message, found.payload.data(), found.payload.size())) [[likely]] {
        return Outcome::kMessage;
      }
      return Reject(grpc::MakeRejection(grpc::Rejection::Kind::kMessageMalformed));
    }
    *bytes = {};
    if (outcome == grpc::MessageReader::Outcome::kNeedMore) return Outcome::kNeedMore;
    return RejectFraming(outcome);
  }

  // Bytes of messages delivered since the last call: their window can be given back. What belongs
  // to a message that is not complete is held, and so is its window.
  size_t TakeConsumedBytes() { return std::exchange(consumed_bytes_, 0); }

  // After the end of the stream: whether it may end here.
  bool IsAtBoundary() const { return reader_.IsAtBoundary(); }
  // See grpc::MessageReader.
  size_t missing_bytes() const { return reader_.missing_bytes(); }
  void ExpectMissingBytes() { reader_.ExpectMissingBytes(); }
  // Of kind kNone while nothing was rejected.
  const grpc::Rejection& rejection() const;

  // Of the message delivered last: its size on the wire without the prefix, and its flag.
  size_t message_size() const { return message_size_; }
  // Its size once decompressed.
  size_t content_size() const { return content_size_; }
  bool is_compressed() const { return is_compressed_; }

 private:
  Outcome Reject(grpc::Rejection rejection);
  Outcome RejectFraming(grpc::MessageReader::Outcome outcome);
  static Outcome TakeOver(Buffer content, const internal::MessageCodec& codec, void* message);
  Outcome Decompress(ByteView payload, const internal::MessageCodec& codec, void* message,
                     const grpc::CompressorRegistry& compressors);

  grpc::MessageReader reader_;
  std::string_view encoding_;
  std::unique_ptr<const grpc::Rejection> rejection_;  // nullptr while there is none
  size_t begun_bytes_ = 0;                            // of the message that is not complete yet
  size_t consumed_bytes_ = 0;
  size_t message_size_ = 0;
  size_t content_size_ = 0;
  bool is_compressed_ = false;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_MESSAGE_DECODER_H_
