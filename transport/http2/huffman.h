// The Huffman code of HPACK (RFC 7541 §5.2 and appendix B).
#ifndef WEIR_TRANSPORT_HTTP2_HUFFMAN_H_
#define WEIR_TRANSPORT_HTTP2_HUFFMAN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "transport/base/bytes.h"

namespace weir::http2 {

// The shortest code has five bits, so `coded` octets never become more text than this.
constexpr size_t HuffmanTextMax(size_t coded) { return coded * 8 / 5; }

// Writes the text to `text`, where HuffmanTextMax(coded.size()) octets have room, and returns how
// many there were. Nullopt when the string holds the end-of-string symbol, or ends in anything but
// less than eight ones.
std::optional<size_t> DecodeHuffman(ByteView coded, uint8_t* text);

// How many octets the code of a text has.
size_t HuffmanSize(std::string_view text);
// Writes them to `place`.
void EncodeHuffman(std::string_view text, uint8_t* place);

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_HUFFMAN_H_
