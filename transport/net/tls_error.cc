#include "transport/net/tls_error.h"

#include <openssl/err.h>

namespace weir::net {

std::string TakeTlsError(std::string_view fallback) {
  // The oldest entry is the cause; later ones say who passed it on.
  const char* detail = nullptr;
  int flags = 0;
  const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &detail, &flags);
  std::string text(fallback);
  if (code != 0) {
    const char* reason = ERR_reason_error_string(code);
    if (reason != nullptr) text = reason;
    const bool has_detail = (flags & ERR_TXT_STRING) != 0 && detail != nullptr && *detail != '\0';
    if (has_detail) text += " (" + std::string(detail) + ")";
  }
  ERR_clear_error();
  return text;
}

}  // namespace weir::net
