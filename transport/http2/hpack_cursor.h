// The two primitives that HPACK's representations are made of (RFC 7541 §5): integers and string
// literals.
#ifndef WEIR_TRANSPORT_HTTP2_HPACK_CURSOR_H_
#define WEIR_TRANSPORT_HTTP2_HPACK_CURSOR_H_

#include <cstddef>
#include <cstdint>

#include "transport/base/bytes.h"

namespace weir::http2 {

// The first octet of a representation says which one it is (RFC 7541 §6).
enum class HpackForm : uint8_t {
  kIndexed,           // §6.1
  kInsertingLiteral,  // §6.2.1, literal with incremental indexing
  kSizeUpdate,        // §6.3
  kPlainLiteral,      // §6.2.2 and §6.2.3: without indexing, or never indexed
};

constexpr HpackForm HpackFormOf(uint8_t first) {
  if ((first & 0x80) != 0) return HpackForm::kIndexed;
  if ((first & 0x40) != 0) return HpackForm::kInsertingLiteral;
  if ((first & 0x20) != 0) return HpackForm::kSizeUpdate;
  return HpackForm::kPlainLiteral;
}

// The bits of the first octet beside the integer there.
constexpr uint8_t HpackFirstOctet(HpackForm form) {
  switch (form) {
    case HpackForm::kIndexed:
      return 0x80;
    case HpackForm::kInsertingLiteral:
      return 0x40;
    case HpackForm::kSizeUpdate:
      return 0x20;
    case HpackForm::kPlainLiteral:
      return 0;
  }
  return 0;
}
// Of a plain literal: never indexed.
inline constexpr uint8_t kHpackNeverIndexed = 0x10;

// A string begins with its length, and this bit if it is coded.
inline constexpr uint8_t kHpackHuffman = 0x80;
inline constexpr int kHpackStringPrefixBits = 7;

// The bits of the first octet that belong to the integer there.
constexpr int HpackPrefixBits(HpackForm form) {
  switch (form) {
    case HpackForm::kIndexed:
      return 7;
    case HpackForm::kInsertingLiteral:
      return 6;
    case HpackForm::kSizeUpdate:
      return 5;
    case HpackForm::kPlainLiteral:
      return 4;
  }
  return 4;
}

// A string literal as it stands in the block.
struct HpackString {
  ByteView octets;
  bool is_huffman = false;
};

// Reads a header block from its start to its end.
class HpackCursor {
 public:
  explicit HpackCursor(ByteView block) : at_(block.data()), end_(block.data() + block.size()) {}

  bool is_at_end() const { return at_ == end_; }
  // The next octet. Not at the end.
  uint8_t Peek() const { return *at_; }

  // RFC 7541 §5.1, with an octet left at least. False when the integer does not end in the block,
  // or not within five octets behind its prefix: they hold more than any value that means
  // something.
  bool ReadInteger(int prefix_bits, uint64_t* value) {
    const auto mask = static_cast<uint8_t>((1u << prefix_bits) - 1);
    *value = *at_++ & mask;
    return *value < mask || ReadRest(value);
  }

  // RFC 7541 §5.2. False when the string is longer than what is left of the block, so nobody need
  // reserve memory for what does not come.
  bool ReadString(HpackString* string) {
    if (at_ == end_) return false;
    string->is_huffman = (*at_ & kHpackHuffman) != 0;
    uint64_t size;
    if (!ReadInteger(kHpackStringPrefixBits, &size) || size > static_cast<uint64_t>(end_ - at_))
      return false;
    string->octets = {at_, static_cast<size_t>(size)};
    at_ += size;
    return true;
  }

 private:
  static constexpr int kOctetsBehindPrefixMax = 5;

  bool ReadRest(uint64_t* value) {
    for (int i = 0; i < kOctetsBehindPrefixMax; ++i) {
      if (at_ == end_) return false;
      const uint8_t octet = *at_++;
      *value += uint64_t{octet & 0x7fu} << (7 * i);
      if ((octet & 0x80) == 0) return true;
    }
    return false;
  }

  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_HPACK_CURSOR_H_
