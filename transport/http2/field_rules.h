// Is a field section well-formed (RFC 9113 §8.1.1, §8.2 and §8.3)?
//
// Takes the lines one by one, in order, and stays usable after a refusal, so that a block can be
// decoded to its end.
#ifndef WEIR_TRANSPORT_HTTP2_FIELD_RULES_H_
#define WEIR_TRANSPORT_HTTP2_FIELD_RULES_H_

#include <cstdint>
#include <string_view>

#include "transport/http2/violation.h"

namespace weir::http2 {

enum class SectionKind : uint8_t { kRequest, kTrailers };

// What a field name means to the engine.
enum class FieldRole : uint8_t {
  kRegular,
  kMethod,
  kScheme,
  kAuthority,
  kPath,
  kUnknownPseudo,  // begins with a colon; response-only ones are here too
};

FieldRole RoleOf(std::string_view name);

class FieldRules {
 public:
  explicit FieldRules(SectionKind kind) : kind_(kind) {}

  // `role` is RoleOf(name). Which of the fields are compared with `host` is left to the layer
  // above.
  Violation OnField(FieldRole role, std::string_view name, std::string_view value);

  // After the last line: what is missing.
  Violation OnEnd() const;

  // The value of content-length in a request, or -1. At most 2^62.
  int64_t content_length() const { return content_length_; }

 private:
  Violation OnPseudoField(FieldRole role, std::string_view value);
  Violation OnRegularField(std::string_view name, std::string_view value);
  Violation OnContentLength(std::string_view value);
  bool Has(FieldRole role) const { return (seen_ & Bit(role)) != 0; }
  static constexpr uint8_t Bit(FieldRole role) {
    return static_cast<uint8_t>(1u << static_cast<uint8_t>(role));
  }

  SectionKind kind_;
  uint8_t seen_ = 0;  // by Bit
  bool is_connect_ = false;
  int64_t content_length_ = -1;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_FIELD_RULES_H_
