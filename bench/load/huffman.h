// How long is a text in HPACK's Huffman code, and how is it written (RFC 7541 §5.2, appendix B)?
#ifndef WEIR_BENCH_LOAD_HUFFMAN_H_
#define WEIR_BENCH_LOAD_HUFFMAN_H_

#include <cstddef>
#include <string_view>

#include "transport/base/buffer.h"

namespace load {

// In octets.
size_t HuffmanSize(std::string_view text);

// `size` is HuffmanSize(text).
void AppendHuffman(std::string_view text, size_t size, weir::Buffer* out);

}  // namespace load

#endif  // WEIR_BENCH_LOAD_HUFFMAN_H_
