#include "tests/sim/header_coder.h"

#include <nghttp2/nghttp2.h>

#include "transport/base/check.h"

namespace weir::sim {
namespace {

constexpr size_t kTableSizeDefault = 4096;

uint8_t* Mutable(std::string_view text) {
  return const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(text.data()));
}

std::string Text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

const std::string* FindField(const Fields& fields, std::string_view name) {
  for (const Field& field : fields) {
    if (field.name == name) return &field.value;
  }
  return nullptr;
}

void HeaderEncoder::Deleter::operator()(nghttp2_hd_deflater* coder) const {
  nghttp2_hd_deflate_del(coder);
}

std::string HeaderEncoder::Encode(const Fields& fields) {
  if (coder_ == nullptr) {
    nghttp2_hd_deflater* coder = nullptr;
    WEIR_CHECK(nghttp2_hd_deflate_new(&coder, kTableSizeDefault) == 0);
    coder_.reset(coder);
  }
  std::vector<nghttp2_nv> lines;
  for (const Field& field : fields) {
    lines.push_back(
        {Mutable(field.name), Mutable(field.value), field.name.size(), field.value.size(),
         static_cast<uint8_t>(field.is_indexed ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX)});
  }
  std::string block(nghttp2_hd_deflate_bound(coder_.get(), lines.data(), lines.size()), '\0');
  const ssize_t size =
      nghttp2_hd_deflate_hd(coder_.get(), Mutable(block), block.size(), lines.data(), lines.size());
  WEIR_CHECK(size >= 0);
  block.resize(static_cast<size_t>(size));
  return block;
}

void HeaderDecoder::Deleter::operator()(nghttp2_hd_inflater* coder) const {
  nghttp2_hd_inflate_del(coder);
}

nghttp2_hd_inflater& HeaderDecoder::coder() {
  if (coder_ == nullptr) {
    nghttp2_hd_inflater* coder = nullptr;
    WEIR_CHECK(nghttp2_hd_inflate_new(&coder) == 0);
    coder_.reset(coder);
  }
  return *coder_;
}

void HeaderDecoder::SetTableSize(uint32_t size) {
  WEIR_CHECK(nghttp2_hd_inflate_change_table_size(&coder(), size) == 0);
}

bool HeaderDecoder::Decode(std::string_view block, Fields* fields) {
  for (;;) {
    nghttp2_nv line;
    int flags = 0;
    const ssize_t used = nghttp2_hd_inflate_hd2(&coder(), &line, &flags, Mutable(block),
                                                block.size(), /*in_final=*/1);
    if (used < 0) return false;
    block.remove_prefix(static_cast<size_t>(used));
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      fields->push_back({Text(line.name, line.namelen), Text(line.value, line.valuelen)});
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
      nghttp2_hd_inflate_end_headers(&coder());
      return block.empty();
    }
    if (used == 0 && (flags & NGHTTP2_HD_INFLATE_EMIT) == 0) return false;
  }
}

}  // namespace weir::sim
