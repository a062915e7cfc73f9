#include "bench/load/answer_headers.h"

#include <nghttp2/nghttp2.h>

#include <charconv>
#include <string_view>

#include "transport/base/check.h"
#include "transport/http2/hpack_cursor.h"

namespace load {
namespace {

// The blocks that a server repeats: one of headers and one of trailers, in one form or two.
constexpr size_t kMostKnown = 4;

int NumberIn(std::string_view text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

std::string_view TextOf(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

void Take(std::string_view name, std::string_view value, AnswerFields* fields) {
  if (name == ":status") {
    fields->http_status = NumberIn(value);
  } else if (name == "grpc-status") {
    fields->grpc_status = NumberIn(value);
  } else if (name == "grpc-message") {
    fields->grpc_message = value;
  } else if (name == "content-type") {
    fields->is_grpc = value.starts_with("application/grpc");
  } else if (name == "grpc-encoding") {
    fields->is_gzip = value == "gzip";
  }
}

// Whether the same block might mean something else the next time. (What is malformed is for nghttp2
// to find.)
bool ChangesTable(weir::ByteView block) {
  using weir::http2::HpackForm;
  weir::http2::HpackCursor cursor(block);
  while (!cursor.is_at_end()) {
    const HpackForm form = weir::http2::HpackFormOf(cursor.Peek());
    if (form == HpackForm::kInsertingLiteral || form == HpackForm::kSizeUpdate) return true;
    uint64_t index;
    if (!cursor.ReadInteger(weir::http2::HpackPrefixBits(form), &index)) return true;
    if (form == HpackForm::kIndexed) continue;
    weir::http2::HpackString text;
    if ((index == 0 && !cursor.ReadString(&text)) || !cursor.ReadString(&text)) return true;
  }
  return false;
}

}  // namespace

void AnswerHeaders::Deleter::operator()(nghttp2_hd_inflater* inflater) const {
  nghttp2_hd_inflate_del(inflater);
}

const AnswerFields* AnswerHeaders::Decode(weir::ByteView block) {
  const std::string_view text = weir::AsText(block);
  for (const Known& known : known_) {
    if (known.block == text) return &known.fields;
  }
  const bool changes_table = ChangesTable(block);
  if (changes_table) known_.clear();
  decoded_ = {};
  if (!Inflate(block, &decoded_)) return nullptr;
  if (!changes_table && known_.size() < kMostKnown) {
    known_.push_back({std::string(text), decoded_});
  }
  return &decoded_;
}

bool AnswerHeaders::Inflate(weir::ByteView block, AnswerFields* fields) {
  if (inflater_ == nullptr) {
    nghttp2_hd_inflater* made = nullptr;
    WEIR_CHECK(nghttp2_hd_inflate_new(&made) == 0);
    inflater_.reset(made);
  }
  for (;;) {
    nghttp2_nv field{};
    int flags = 0;
    const ssize_t used =
        nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, block.data(), block.size(), 1);
    if (used < 0) return false;
    block = block.subspan(static_cast<size_t>(used));
    if (flags & NGHTTP2_HD_INFLATE_EMIT) {
      Take(TextOf(field.name, field.namelen), TextOf(field.value, field.valuelen), fields);
    }
    if (flags & NGHTTP2_HD_INFLATE_FINAL) break;
  }
  nghttp2_hd_inflate_end_headers(inflater_.get());
  return true;
}

}  // namespace load
