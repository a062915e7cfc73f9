// How the library handles messages of a type it does not know: one static table of functions per
// message type, referred to by generated service descriptors. Not for direct use.
#ifndef WEIR_INTERNAL_MESSAGE_CODEC_H_
#define WEIR_INTERNAL_MESSAGE_CODEC_H_

#include <google/protobuf/message_lite.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace weir::internal {

struct MessageCodec {
  void* (*create)();
  void (*destroy)(void* message);
  void (*clear)(void* message);
  // Replaces the content. False when the bytes are not a message of this type.
  bool (*parse)(void* message, const uint8_t* bytes, size_t size);
  // Serialised size; also fills the cached sizes that `serialize` uses.
  size_t (*byte_size)(const void* message);
  // Writes exactly byte_size() bytes; the message has not changed since that call.
  void (*serialize)(const void* message, uint8_t* out);
  // For observers; nullptr for types that are not protobuf messages.
  const google::protobuf::MessageLite* (*as_protobuf)(const void* message);
  // Like `parse`, for bytes that the message may keep; nullptr for types that keep none.
  void (*take_over)(void* message, std::unique_ptr<uint8_t[]> bytes, size_t size) = nullptr;
};

// Of a protobuf message; ByteBuffer has one of its own.
template <typename Message>
inline constexpr MessageCodec kMessageCodec = {
    .create = []() -> void* { return new Message(); },
    .destroy = [](void* message) { delete static_cast<Message*>(message); },
    .clear = [](void* message) { static_cast<Message*>(message)->Clear(); },
    .parse =
        [](void* message, const uint8_t* bytes, size_t size) {
          return static_cast<Message*>(message)->ParseFromArray(bytes, static_cast<int>(size));
        },
    .byte_size = [](const void* message) -> size_t {
      return static_cast<const Message*>(message)->ByteSizeLong();
    },
    .serialize =
        [](const void* message, uint8_t* out) {
          static_cast<const Message*>(message)->SerializeWithCachedSizesToArray(out);
        },
    .as_protobuf = [](const void* message) -> const google::protobuf::MessageLite* {
      return static_cast<const Message*>(message);
    },
};

}  // namespace weir::internal

#endif  // WEIR_INTERNAL_MESSAGE_CODEC_H_
