#include "transport/http2/hpack_writer.h"

#include <cstddef>

#include "transport/base/bytes.h"
#include "transport/http2/huffman.h"

namespace weir::http2 {
namespace {

// `first` has the bits beside the prefix.
void AppendInteger(uint8_t first, int prefix_bits, uint64_t value, Buffer* out) {
  const uint64_t mask = (1u << prefix_bits) - 1;
  if (value < mask) {
    *out->Extend(1) = static_cast<uint8_t>(first | value);
    return;
  }
  *out->Extend(1) = static_cast<uint8_t>(first | mask);
  for (value -= mask; value >= 0x80; value >>= 7) {
    *out->Extend(1) = static_cast<uint8_t>(0x80 | value);
  }
  *out->Extend(1) = static_cast<uint8_t>(value);
}

}  // namespace

void AppendHpackInteger(HpackForm form, uint64_t value, Buffer* out, uint8_t flags) {
  const auto first = static_cast<uint8_t>(HpackFirstOctet(form) | flags);
  AppendInteger(first, HpackPrefixBits(form), value, out);
}

void AppendHpackString(std::string_view text, HpackCoding coding, Buffer* out) {
  const size_t coded_size =
      coding == HpackCoding::kHuffmanIfShorter ? HuffmanSize(text) : text.size();
  if (coded_size < text.size()) {
    AppendInteger(kHpackHuffman, kHpackStringPrefixBits, coded_size, out);
    EncodeHuffman(text, out->Extend(coded_size));
  } else {
    AppendInteger(0, kHpackStringPrefixBits, text.size(), out);
    out->Append(AsBytes(text));
  }
}

}  // namespace weir::http2
