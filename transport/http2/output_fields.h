// Field lines to be sent: what SendHeaders and SendTrailers take.
#ifndef WEIR_TRANSPORT_HTTP2_OUTPUT_FIELDS_H_
#define WEIR_TRANSPORT_HTTP2_OUTPUT_FIELDS_H_

#include <span>
#include <string_view>

namespace weir::http2 {

struct OutputField {
  std::string_view name;  // lower case; the caller guarantees a valid field name and value
  std::string_view value;
  // Whether the value may enter the HPACK dynamic table. Only for values that repeat on nearly
  // every response: an entry that changes each time costs more than it saves and evicts those
  // that help.
  bool indexed = false;
};

using OutputFields = std::span<const OutputField>;

// A field section that is sent over and over, such as the headers of every successful response. A
// connection remembers the encoded block of the templates it sent last by their address, so a
// template must not move, must never change, and must outlive every connection that sends it.
class FieldTemplate {
 public:
  explicit constexpr FieldTemplate(OutputFields fields) : fields_(fields) {}
  FieldTemplate(const FieldTemplate&) = delete;
  FieldTemplate& operator=(const FieldTemplate&) = delete;

  OutputFields fields() const { return fields_; }

 private:
  OutputFields fields_;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_OUTPUT_FIELDS_H_
