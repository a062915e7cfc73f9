// The two primitives of HPACK, written (RFC 7541 §5). hpack_cursor.h reads them.
#ifndef WEIR_TRANSPORT_HTTP2_HPACK_WRITER_H_
#define WEIR_TRANSPORT_HTTP2_HPACK_WRITER_H_

#include <cstdint>
#include <string_view>

#include "transport/base/buffer.h"
#include "transport/http2/hpack_cursor.h"

namespace weir::http2 {

// RFC 7541 §5.1: the integer that a representation of this form begins with. `flags` are further
// bits of its first octet.
void AppendHpackInteger(HpackForm form, uint64_t value, Buffer* out, uint8_t flags = 0);

enum class HpackCoding : uint8_t { kNone, kHuffmanIfShorter };

// RFC 7541 §5.2.
void AppendHpackString(std::string_view text, HpackCoding coding, Buffer* out);

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_HPACK_WRITER_H_
