// Base64 (RFC 4648 §4) as the values of `-bin` metadata use it (gRPC PROTOCOL-HTTP2
// "Binary-Header"): sent without padding, accepted with or without.
#ifndef WEIR_TRANSPORT_GRPC_BASE64_H_
#define WEIR_TRANSPORT_GRPC_BASE64_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::grpc {

constexpr size_t Base64EncodedSize(size_t byte_count) {
  return byte_count / 3 * 4 + (byte_count % 3 == 0 ? 0 : byte_count % 3 + 1);
}

// Writes exactly Base64EncodedSize(bytes.size()) characters to `out`, without padding.
void Base64EncodeTo(std::string_view bytes, char* out);

std::string Base64Encode(std::string_view bytes);

// Replaces `*out` by the bytes that `text` stands for. False, with `*out` unspecified, when `text`
// is not base64: a character outside the standard alphabet (white space and the URL-safe '-' and
// '_' included), padding that does not fill the last group of four, or unused bits that are set.
[[nodiscard]] bool Base64Decode(std::string_view text, std::string* out);

// Whether Base64Decode would accept `text`; allocates nothing.
bool IsBase64(std::string_view text);

}  // namespace weir::grpc

#endif  // WEIR_TRANSPORT_GRPC_BASE64_H_
