#include "transport/http2/hpack_encoder.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <string_view>

#include "transport/base/check.h"
#include "transport/http2/hpack_cursor.h"

namespace weir::http2 {
namespace {

// Fields given to nghttp2 at a time. Blocks may be encoded in parts: they are a plain sequence of
// representations.
constexpr size_t kFieldsAtOnce = 16;

// nghttp2's interface takes pointers to mutable octets and does not write to them.
uint8_t* OctetsOf(std::string_view text) {
  return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
}

// Fields whose name and value stand in the static table (RFC 7541 appendix A) cost one octet and
// never touch the dynamic table, whatever the caller asked for.
bool IsInStaticTable(const OutputField& field) {
  if (field.name != ":status" || field.value.size() != 3) return false;
  static constexpr std::array<std::string_view, 7> kStatuses = {"200", "204", "206", "304",
                                                                "400", "404", "500"};
  return std::find(kStatuses.begin(), kStatuses.end(), field.value) != kStatuses.end();
}

// nghttp2 takes its memory from malloc. When there is none, this ends as with operator new.
void ThrowIfOutOfMemory(ssize_t result) {
  if (result == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
}

// Of a block that nghttp2 made.
bool ChangesTable(ByteView block) {
  HpackCursor cursor(block);
  while (!cursor.is_at_end()) {
    const HpackForm form = HpackFormOf(cursor.Peek());
    if (form == HpackForm::kInsertingLiteral || form == HpackForm::kSizeUpdate) return true;
    uint64_t index;
    HpackString string;
    bool is_whole = cursor.ReadInteger(HpackPrefixBits(form), &index);
    if (form == HpackForm::kPlainLiteral) {
      if (index == 0) is_whole = is_whole && cursor.ReadString(&string);
      is_whole = is_whole && cursor.ReadString(&string);
    }
    WEIR_CHECK(is_whole);
  }
  return false;
}

nghttp2_nv FieldOf(const OutputField& field) {
  nghttp2_nv nv;
  nv.name = OctetsOf(field.name);
  nv.namelen = field.name.size();
  nv.value = OctetsOf(field.value);
  nv.valuelen = field.value.size();
  nv.flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
  if (!field.indexed && !IsInStaticTable(field)) nv.flags |= NGHTTP2_NV_FLAG_NO_INDEX;
  return nv;
}

}  // namespace

void HpackEncoder::Deleter::operator()(nghttp2_hd_deflater* deflater) const {
  nghttp2_hd_deflate_del(deflater);
}

HpackEncoder::HpackEncoder() = default;
HpackEncoder::~HpackEncoder() = default;

void HpackEncoder::MakeDeflater() {
  nghttp2_hd_deflater* deflater = nullptr;
  ThrowIfOutOfMemory(nghttp2_hd_deflate_new(&deflater, kHpackTableSize));
  deflater_.reset(deflater);
  if (table_size_min_ != kHpackTableSize) ChangeTableSize(table_size_min_);
  if (table_size_ != table_size_min_) ChangeTableSize(table_size_);
}

void HpackEncoder::ChangeTableSize(uint32_t size) {
  ThrowIfOutOfMemory(nghttp2_hd_deflate_change_table_size(deflater_.get(), size));
}

bool HpackEncoder::Encode(OutputFields fields, Buffer* out) {
  const size_t start = out->size();
  if (deflater_ == nullptr) MakeDeflater();
  // At least once: a change of the table's size is announced by the next block, even an empty one
  // (RFC 7541 §4.2).
  do {
    std::array<nghttp2_nv, kFieldsAtOnce> nva;
    const size_t count = std::min(fields.size(), nva.size());
    std::transform(fields.begin(), fields.begin() + static_cast<ptrdiff_t>(count), nva.begin(),
                   FieldOf);
    fields = fields.subspan(count);

    const size_t before = out->size();
    const size_t bound = nghttp2_hd_deflate_bound(deflater_.get(), nva.data(), count);
    uint8_t* const place = out->Extend(bound);
    const ssize_t written = nghttp2_hd_deflate_hd(deflater_.get(), place, bound, nva.data(), count);
    ThrowIfOutOfMemory(written);
    WEIR_CHECK(written >= 0);
    out->Truncate(before + static_cast<size_t>(written));
  } while (!fields.empty());
  return ChangesTable(out->view().subspan(start));
}

void HpackEncoder::SetPeerTableSize(uint32_t size) {
  size = std::min(size, kHpackTableSize);
  if (size == table_size_) return;
  table_size_ = size;
  if (deflater_ != nullptr) {
    ChangeTableSize(size);
  } else {
    table_size_min_ = std::min(table_size_min_, size);
  }
}

void HpackEncoder::Release() {
  if (deflater_ == nullptr) return;
  deflater_.reset();
  table_size_min_ = 0;
}

}  // namespace weir::http2
