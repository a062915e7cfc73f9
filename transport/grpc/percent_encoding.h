// Percent-encoding of `grpc-message` (gRPC PROTOCOL-HTTP2 "Percent-Encoded").
#ifndef WEIR_TRANSPORT_GRPC_PERCENT_ENCODING_H_
#define WEIR_TRANSPORT_GRPC_PERCENT_ENCODING_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::grpc {

// Appends `message` to `*out` as `grpc-message` carries it: 0x20-0x7E except '%' as they are,
// everything else as %XX in upper case. What is not UTF-8 is replaced by U+FFFD first, one for each
// maximal part of an ill-formed sequence (Unicode 15 §3.9). A space at either end is escaped too,
// because HTTP/2 forbids a field value to begin or end with one (RFC 9113 §8.2.1). Never fails.
void AppendPercentEncoded(std::string_view message, std::string* out);

// Like AppendPercentEncoded, but appends at most `size_max` bytes and stops between two characters
// of `message`, never inside one, and not after a space. Returns whether the whole message fitted.
bool AppendPercentEncodedPrefix(std::string_view message, size_t size_max, std::string* out);

// Whether `message` is its own encoding.
bool IsPercentEncodingIdentity(std::string_view message);

// The reverse. Never fails: a '%' without two hex digits behind it stays as it is, because the
// specification asks for the message that can be had rather than for an error.
std::string PercentDecode(std::string_view encoded);

}  // namespace weir::grpc

#endif  // WEIR_TRANSPORT_GRPC_PERCENT_ENCODING_H_
