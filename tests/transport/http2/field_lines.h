// A sink that keeps decoded lines as text.
#ifndef WEIR_TESTS_TRANSPORT_HTTP2_FIELD_LINES_H_
#define WEIR_TESTS_TRANSPORT_HTTP2_FIELD_LINES_H_

#include <string>
#include <string_view>
#include <vector>

#include "transport/http2/hpack_decoder.h"

namespace weir::http2 {

class FieldLines final : public FieldSink {
 public:
  bool OnField(std::string_view name, std::string_view value) override {
    lines.push_back(std::string(name) + ": " + std::string(value));
    return lines.size() != stop_at;
  }

  std::vector<std::string> lines;
  size_t stop_at = 0;  // stops the decoder behind so many lines; 0 for never
};

struct DecodedBlock {
  HpackDecoder::Result result;
  std::vector<std::string> lines;
};

inline DecodedBlock Decode(HpackDecoder& decoder, std::string_view block) {
  FieldLines sink;
  const HpackDecoder::Result result = decoder.Decode(AsBytes(block), sink);
  return {result, sink.lines};
}

}  // namespace weir::http2

#endif  // WEIR_TESTS_TRANSPORT_HTTP2_FIELD_LINES_H_
