// Ownership of OpenSSL's objects.
#ifndef WEIR_TRANSPORT_NET_TLS_HANDLE_H_
#define WEIR_TRANSPORT_NET_TLS_HANDLE_H_

#include <memory>

namespace weir::net {

// Gives an object back with the function that belongs to its type.
template <auto kFree>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

// TlsHandle<BIO, BIO_free_all>
template <typename T, auto kFree>
using TlsHandle = std::unique_ptr<T, FreeWith<kFree>>;

}  // namespace weir::net

#endif  // WEIR_TRANSPORT_NET_TLS_HANDLE_H_
