// A message type that is not Protocol Buffers: the bytes on the wire are the text. Lets tests say
// what they send without an encoding between, and counts what is alive.
#ifndef WEIR_TESTS_SERVER_TEXT_MESSAGE_H_
#define WEIR_TESTS_SERVER_TEXT_MESSAGE_H_

#include <atomic>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "transport/base/bytes.h"
#include "weir/internal/message_codec.h"

namespace weir::server {

// Not an aggregate: g++ 12 destroys an aggregate temporary of a co_await expression twice
// (GCC bug 104031).
struct Text {
  Text() = default;
  Text(std::string text) : value(std::move(text)) {}  // NOLINT: as good as its text

  std::string value;
};

// What kTextCodec refuses to parse, whatever stands before it.
inline constexpr std::string_view kMalformedText = "malformed";

// Made by kTextCodec and not yet destroyed.
inline std::atomic<int> live_texts = 0;

inline constexpr internal::MessageCodec kTextCodec = {
    .create = []() -> void* {
      Text* const text = new Text();
      ++live_texts;
      return text;
    },
    .destroy =
        [](void* message) {
          --live_texts;
          delete static_cast<Text*>(message);
        },
    .clear = [](void* message) { static_cast<Text*>(message)->value.clear(); },
    .parse =
        [](void* message, const uint8_t* bytes, size_t size) {
          std::string& value = static_cast<Text*>(message)->value;
          value = AsText({bytes, size});
          return !value.ends_with(kMalformedText);
        },
    .byte_size =
        [](const void* message) { return static_cast<const Text*>(message)->value.size(); },
    .serialize =
        [](const void* message, uint8_t* out) {
          const std::string& value = static_cast<const Text*>(message)->value;
          if (!value.empty()) std::memcpy(out, value.data(), value.size());
        },
    .as_protobuf = nullptr,
};

// The message as it travels (gRPC PROTOCOL-HTTP2 "Length-Prefixed-Message").
inline std::string Framed(std::string_view text, bool is_compressed = false) {
  std::string framed(5, '\0');
  framed[0] = is_compressed ? '\1' : '\0';
  StoreBig32(reinterpret_cast<uint8_t*>(framed.data()) + 1, static_cast<uint32_t>(text.size()));
  return framed.append(text);
}

}  // namespace weir::server

#endif  // WEIR_TESTS_SERVER_TEXT_MESSAGE_H_
