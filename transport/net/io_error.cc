#include "transport/net/io_error.h"

#include <string.h>

#include <cctype>

namespace weir::net {

std::string DescribeErrno(int error_number) {
  const char* description = strerrordesc_np(error_number);
  if (description == nullptr) return "error " + std::to_string(error_number);
  std::string text = description;
  // The C library writes sentences of their own. Words such as "RPC" keep their capitals.
  const auto is_upper = [](char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; };
  if (text.size() > 1 && is_upper(text[0]) && !is_upper(text[1])) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

std::string IoError::Describe() const {
  return std::string(operation) + ": " + DescribeErrno(error_number);
}

}  // namespace weir::net
