// The elements of a comma-separated field value (RFC 9110 §5.6.1).
#ifndef WEIR_TRANSPORT_GRPC_LIST_FIELD_H_
#define WEIR_TRANSPORT_GRPC_LIST_FIELD_H_

#include <cstddef>
#include <string_view>

namespace weir::grpc {

// `text` without optional white space (RFC 9110 §5.6.3) at its ends.
constexpr std::string_view TrimWhitespace(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Calls `accept(element)` for each element of `list`, trimmed, until one is not accepted; returns
// whether all were. There is always one element more than there are commas, so an element can be
// empty, and an empty list is one empty element.
template <typename Accept>
constexpr bool AllListElements(std::string_view list, Accept accept) {
  for (;;) {
    const size_t comma = list.find(',');
    if (!accept(TrimWhitespace(list.substr(0, comma)))) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace weir::grpc

#endif  // WEIR_TRANSPORT_GRPC_LIST_FIELD_H_
