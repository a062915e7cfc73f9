// How does the suite write the values of `-bin` metadata in its messages? As they are on the wire:
// in base64, and read with or without padding (gRPC PROTOCOL-HTTP2 "Binary-Header").
#ifndef WEIR_INTEROP_CONFORMANCE_BINARY_HEADER_H_
#define WEIR_INTEROP_CONFORMANCE_BINARY_HEADER_H_

#include <string>
#include <string_view>

namespace weir::interop {

// In messages, names come as an HTTP/1.1 library would write them.
std::string LowerCase(std::string_view name);

// Whether values of this name, in either case, are any bytes.
bool IsBinaryHeader(std::string_view name);

// Without padding.
std::string EncodeBinaryHeader(std::string_view value);

// What is not base64 is returned as it is.
std::string DecodeBinaryHeader(std::string_view text);

}  // namespace weir::interop

#endif  // WEIR_INTEROP_CONFORMANCE_BINARY_HEADER_H_
