// A header block as our decoder reads it, for the tests of both coders.
#ifndef WEIR_TESTS_TRANSPORT_HTTP2_HPACK_DECODED_H_
#define WEIR_TESTS_TRANSPORT_HTTP2_HPACK_DECODED_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "transport/base/bytes.h"
#include "transport/http2/hpack_decoder.h"

namespace weir::http2 {

class Lines final : public FieldSink {
 public:
  bool OnField(std::string_view name, std::string_view value) override {
    lines.push_back(std::string(name) + ": " + std::string(value));
    return lines.size() != stop_at;
  }
  std::vector<std::string> lines;
  size_t stop_at = 0;  // 0 for never
};

struct Decoded {
  HpackDecoder::Outcome outcome;
  std::vector<std::string> lines;
};

inline Decoded Decode(HpackDecoder& decoder, std::string_view block) {
  Lines sink;
  const HpackDecoder::Outcome outcome = decoder.Decode(AsBytes(block), sink);
  return {outcome, sink.lines};
}

}  // namespace weir::http2

#endif  // WEIR_TESTS_TRANSPORT_HTTP2_HPACK_DECODED_H_
