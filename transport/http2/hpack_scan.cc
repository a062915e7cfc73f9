#include "transport/http2/hpack_scan.h"

namespace weir::http2 {
namespace {

// Five continuation octets hold 35 bits, more than any value that means something.
constexpr int kIntegerOctetsMax = 5;

class Cursor {
 public:
  explicit Cursor(ByteView block) : at_(block.data()), end_(block.data() + block.size()) {}

  bool is_at_end() const { return at_ == end_; }
  uint8_t Peek() const { return *at_; }

  // RFC 7541 §5.1. There is at least one octet.
  bool ReadInteger(int prefix_bits, uint64_t* value) {
    const uint8_t mask = static_cast<uint8_t>((1u << prefix_bits) - 1);
    *value = *at_++ & mask;
    if (*value < mask) return true;
    for (int i = 0; i < kIntegerOctetsMax; ++i) {
      if (at_ == end_) return false;
      const uint8_t octet = *at_++;
      *value += uint64_t{octet & 0x7fu} << (7 * i);
      if ((octet & 0x80) == 0) return true;
    }
    return false;
  }

  // RFC 7541 §5.2.
  bool SkipString() {
    uint64_t length;
    if (at_ == end_ || !ReadInteger(7, &length)) return false;
    if (length > static_cast<uint64_t>(end_ - at_)) return false;
    at_ += length;
    return true;
  }

  // A literal whose name index has the given prefix; index 0 means that the name follows.
  bool SkipLiteral(int prefix_bits) {
    uint64_t name_index;
    if (!ReadInteger(prefix_bits, &name_index)) return false;
    if (name_index == 0 && !SkipString()) return false;
    return SkipString();
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace

HpackScan ScanHpack(ByteView block) {
  HpackScan scan;
  Cursor cursor(block);
  while (!cursor.is_at_end()) {
    const uint8_t first = cursor.Peek();
    uint64_t value;
    bool is_complete;
    if ((first & 0x80) != 0) {  // indexed (§6.1)
      is_complete = cursor.ReadInteger(7, &value);
    } else if ((first & 0x40) != 0) {  // literal with incremental indexing (§6.2.1)
      scan.mutates_table = true;
      is_complete = cursor.SkipLiteral(6);
    } else if ((first & 0x20) != 0) {  // size update (§6.3)
      scan.mutates_table = true;
      ++scan.size_updates;
      is_complete = cursor.ReadInteger(5, &value);
    } else {  // literal without indexing or never indexed (§6.2.2, §6.2.3)
      is_complete = cursor.SkipLiteral(4);
    }
    if (!is_complete) return scan;
  }
  scan.is_well_formed = true;
  return scan;
}

}  // namespace weir::http2
