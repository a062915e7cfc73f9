// A message that nobody parses.
//
// Stands wherever a message type does: in the methods of a service written by hand (method.h), and
// in those of a generic service (generic_service.h).
#ifndef WEIR_BYTE_BUFFER_H_
#define WEIR_BYTE_BUFFER_H_

#include <google/protobuf/message_lite.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "weir/internal/message_codec.h"

namespace weir {

// The bytes of one message, decompressed and without the prefix of five bytes. A large message that
// came in pieces is not copied into it. Thread-compatible.
class ByteBuffer {
 public:
  ByteBuffer() = default;
  // A copy of `bytes`.
  explicit ByteBuffer(std::string_view bytes) { Assign(bytes); }
  // Takes over `bytes`, of which the first `size` count.
  ByteBuffer(std::unique_ptr<uint8_t[]> bytes, size_t size)
      : bytes_(std::move(bytes)), size_(size), capacity_(size) {}

  ByteBuffer(const ByteBuffer& other) { Assign(other.view()); }
  ByteBuffer& operator=(const ByteBuffer& other) {
    if (this != &other) Assign(other.view());
    return *this;
  }
  ByteBuffer(ByteBuffer&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  // Valid until the buffer is changed or destroyed.
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.get()), size_}; }
  const uint8_t* data() const { return bytes_.get(); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // `bytes` must not be of this buffer.
  void Assign(std::string_view bytes) {
    uint8_t* const place = Resize(bytes.size());
    if (!bytes.empty()) std::memcpy(place, bytes.data(), bytes.size());
  }
  // Makes it `size` bytes of unspecified content, to be filled by the caller. Memory is reused.
  uint8_t* Resize(size_t size) {
    if (size > capacity_) {
      bytes_ = std::make_unique_for_overwrite<uint8_t[]>(size);
      capacity_ = size;
    }
    size_ = size;
    return bytes_.get();
  }
  void Clear() { size_ = 0; }
  // How much it can hold without taking other memory.
  size_t capacity() const { return capacity_; }

  // False when the bytes are not a message of this type.
  bool ParseTo(google::protobuf::MessageLite* message) const {
    return message->ParseFromArray(data(), static_cast<int>(size_));
  }
  static ByteBuffer Of(const google::protobuf::MessageLite& message) {
    ByteBuffer buffer;
    message.SerializeWithCachedSizesToArray(buffer.Resize(message.ByteSizeLong()));
    return buffer;
  }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

namespace internal {

template <>
inline constexpr MessageCodec kMessageCodec<ByteBuffer> = {
    .create = []() -> void* { return new ByteBuffer(); },
    .destroy = [](void* message) { delete static_cast<ByteBuffer*>(message); },
    .clear =
        [](void* message) {
          // Messages are kept for later calls, and what they hold with them.
          constexpr size_t kKeptBytesMax = 16 * 1024;
          auto& buffer = *static_cast<ByteBuffer*>(message);
          buffer.Clear();
          if (buffer.capacity() > kKeptBytesMax) buffer = ByteBuffer();
        },
    .parse =
        [](void* message, const uint8_t* bytes, size_t size) {
          static_cast<ByteBuffer*>(message)->Assign({reinterpret_cast<const char*>(bytes), size});
          return true;
        },
    .byte_size = [](const void* message) -> size_t {
      return static_cast<const ByteBuffer*>(message)->size();
    },
    .serialize =
        [](const void* message, uint8_t* out) {
          const auto& buffer = *static_cast<const ByteBuffer*>(message);
          if (!buffer.empty()) std::memcpy(out, buffer.data(), buffer.size());
        },
    .as_protobuf = nullptr,
    .take_over =
        [](void* message, std::unique_ptr<uint8_t[]> bytes, size_t size) {
          *static_cast<ByteBuffer*>(message) = ByteBuffer(std::move(bytes), size);
        },
};

}  // namespace internal
}  // namespace weir

#endif  // WEIR_BYTE_BUFFER_H_
