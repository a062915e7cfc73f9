// What did OpenSSL complain about, in words?
#ifndef WEIR_TRANSPORT_NET_TLS_ERROR_H_
#define WEIR_TRANSPORT_NET_TLS_ERROR_H_

#include <string>
#include <string_view>

namespace weir::net {

// The cause of the failure that has just happened on this thread, from OpenSSL's error queue, which
// is empty afterwards. `fallback` if the queue says nothing.
std::string TakeTlsError(std::string_view fallback);

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_TLS_ERROR_H_
