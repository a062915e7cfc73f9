// What stands behind weir::ServerCredentials.
#ifndef WEIR_SERVER_CREDENTIALS_H_
#define WEIR_SERVER_CREDENTIALS_H_

#include <memory>

#include "transport/net/tls_context.h"
#include "weir/credentials.h"

namespace weir::server {

// nullptr inside for plaintext. The status says what is wrong with the keys or certificates;
// `credentials` may be null, which is a mistake of the user.
StatusOr<std::unique_ptr<net::TlsContext>> MakeTlsContext(const ServerCredentials* credentials);

}  // namespace weir::server

#endif  // WEIR_SERVER_CREDENTIALS_H_
