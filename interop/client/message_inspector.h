// Did the message that a gRPC C++ client received last come compressed?
#ifndef WEIR_INTEROP_CLIENT_MESSAGE_INSPECTOR_H_
#define WEIR_INTEROP_CLIENT_MESSAGE_INSPECTOR_H_

#include <grpcpp/client_context.h>

namespace grpc::testing {

// The name is given: ClientContext has declared a class of this name its friend, for the
// interoperability suite. It is the only way to the compressed flag, which gRPC's API hides.
class InteropClientContextInspector {
 public:
  // `context` must outlive this object and have been used for a call.
  explicit InteropClientContextInspector(const ClientContext& context) : context_(context) {}

  bool WasCompressed() const;

 private:
  const ClientContext& context_;
};

}  // namespace grpc::testing

#endif  // WEIR_INTEROP_CLIENT_MESSAGE_INSPECTOR_H_
