#include "transport/net/tls_error.h"

#include <openssl/err.h>

namespace weir::net {

namespace {

std::string Describe(unsigned long code, const char* detail, int flags) {
  const char* reason = ERR_reason_error_string(code);
  std::string text = reason == nullptr ? "error " + std::to_string(code) : std::string(reason);
  const bool has_detail = (flags & ERR_TXT_STRING) != 0 && detail != nullptr && *detail != '\0';
  return has_detail ? text + " (" + detail + ")" : text;
}

}  // namespace

std::string TakeTlsError(std::string_view fallback) {
  std::string cause(fallback);
  bool is_first = true;
  const char* detail = nullptr;
  int flags = 0;
  // The oldest entry is the cause and later ones say who passed it on; but what libssl says is
  // about TLS, and what the libraries below it say is about their parts.
  while (const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &detail, &flags)) {
    const bool is_of_tls = ERR_GET_LIB(code) == ERR_LIB_SSL;
    if (is_first || is_of_tls) cause = Describe(code, detail, flags);
    is_first = false;
    if (is_of_tls) break;
  }
  ERR_clear_error();
  return cause;
}

}  // namespace weir::net
