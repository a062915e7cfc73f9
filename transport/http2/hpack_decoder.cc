#include "transport/http2/hpack_decoder.h"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>

#include "transport/http2/huffman.h"

namespace weir::http2 {
namespace {

// Two are enough for anything an encoder has to say: the smallest size since the last block, and
// the final one (RFC 7541 §4.2).
constexpr int kSizeUpdatesMax = 2;

}  // namespace

// Where the text of a string goes that is not in the block as it is.
class HpackDecoder::TextPlace {
 public:
  // False when the string is malformed. The text is valid as long as this object.
  bool Decode(const HpackString& string, std::string_view* text) {
    if (!string.is_huffman) {
      *text = AsText(string.octets);
      return true;
    }
    uint8_t* place = near_.data();
    const size_t size_max = HuffmanTextMax(string.octets.size());
    if (size_max > near_.size()) {
      far_ = std::make_unique_for_overwrite<uint8_t[]>(size_max);
      place = far_.get();
    }
    const std::optional<size_t> size = DecodeHuffman(string.octets, place);
    if (!size) return false;
    *text = AsText({place, *size});
    return true;
  }

 private:
  std::array<uint8_t, 512> near_;
  std::unique_ptr<uint8_t[]> far_;
};

HpackDecoder::Outcome HpackDecoder::Decode(ByteView block, FieldSink& sink) {
  HpackCursor cursor(block);
  Outcome outcome = DecodeSizeUpdates(cursor);
  while (outcome == Outcome::kDone && !cursor.is_at_end()) {
    const HpackForm form = HpackFormOf(cursor.Peek());
    switch (form) {
      case HpackForm::kIndexed:
        outcome = DecodeIndexed(cursor, sink);
        break;
      case HpackForm::kInsertingLiteral:
      case HpackForm::kPlainLiteral:
        outcome = DecodeLiteral(cursor, form, sink);
        break;
      case HpackForm::kSizeUpdate:  // only at the start of a block (§4.2)
        outcome = Outcome::kMalformed;
        break;
    }
  }
  return outcome;
}

HpackDecoder::Outcome HpackDecoder::DecodeSizeUpdates(HpackCursor& cursor) {
  int updates = 0;
  while (!cursor.is_at_end() && HpackFormOf(cursor.Peek()) == HpackForm::kSizeUpdate) {
    if (++updates > kSizeUpdatesMax) return Outcome::kTooManySizeUpdates;
    uint64_t size;
    if (!cursor.ReadInteger(HpackPrefixBits(HpackForm::kSizeUpdate), &size) ||
        size > kHpackTableSize) {
      return Outcome::kMalformed;
    }
    table_.SetSizeMax(static_cast<uint32_t>(size));
  }
  return Outcome::kDone;
}

HpackDecoder::Outcome HpackDecoder::DecodeIndexed(HpackCursor& cursor, FieldSink& sink) {
  uint64_t index;
  HpackEntry entry;
  if (!cursor.ReadInteger(HpackPrefixBits(HpackForm::kIndexed), &index) ||
      !table_.Find(index, &entry)) {
    return Outcome::kMalformed;
  }
  return sink.OnField(entry.name, entry.value) ? Outcome::kDone : Outcome::kStopped;
}

HpackDecoder::Outcome HpackDecoder::DecodeLiteral(HpackCursor& cursor, HpackForm form,
                                                  FieldSink& sink) {
  uint64_t name_index;
  if (!cursor.ReadInteger(HpackPrefixBits(form), &name_index)) return Outcome::kMalformed;
  HpackEntry entry;
  HpackString string;
  TextPlace name_place;
  if (name_index != 0) {
    if (!table_.Find(name_index, &entry)) return Outcome::kMalformed;
  } else if (!cursor.ReadString(&string) || !name_place.Decode(string, &entry.name)) {
    return Outcome::kMalformed;
  }
  TextPlace value_place;
  if (!cursor.ReadString(&string) || !value_place.Decode(string, &entry.value)) {
    return Outcome::kMalformed;
  }
  if (!sink.OnField(entry.name, entry.value)) return Outcome::kStopped;
  if (form == HpackForm::kInsertingLiteral) table_.Insert(entry.name, entry.value);
  return Outcome::kDone;
}

}  // namespace weir::http2
