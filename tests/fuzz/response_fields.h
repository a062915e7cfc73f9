// Field sections for the responses in the programs of fuzz targets.
#ifndef WEIR_TESTS_FUZZ_RESPONSE_FIELDS_H_
#define WEIR_TESTS_FUZZ_RESPONSE_FIELDS_H_

#include <cstddef>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "tests/fuzz/byte_source.h"
#include "transport/http2/output_fields.h"

namespace weir::fuzz {

// Headers of a response with status 200, as one that a connection may remember the block of.
extern const http2::FieldTemplate kHeadersTemplate;
// Trailers, likewise; and trailers that are the only section of their response.
extern const http2::FieldTemplate kTrailersTemplate;
extern const http2::FieldTemplate kTrailersOnlyTemplate;

// One section as the program describes it: all valid, from nothing to some tens of kilobytes.
class ResponseFields {
 public:
  // `has_status`: with `:status` in front, as the first section of a response needs it.
  ResponseFields(ByteSource& program, bool has_status);
  ResponseFields(const ResponseFields&) = delete;
  ResponseFields& operator=(const ResponseFields&) = delete;

  http2::OutputFields fields() const { return fields_; }
  // An upper bound of the octets of the header block.
  size_t encoded_size_max() const { return encoded_size_max_; }

 private:
  void Add(std::string name, std::string value, bool is_indexed);

  std::deque<std::string> text_;
  std::vector<http2::OutputField> fields_;
  size_t encoded_size_max_ = 0;
};

using FieldText = std::vector<std::pair<std::string, std::string>>;
FieldText TextOf(http2::OutputFields fields);

}  // namespace weir::fuzz

#endif  // WEIR_TESTS_FUZZ_RESPONSE_FIELDS_H_
