#include "interop/client/message_inspector.h"

#include <cstdint>

// Exported by libgrpc for the interoperability suite; in none of its public headers.
uint32_t grpc_call_test_only_get_message_flags(grpc_call* call);

namespace grpc::testing {

bool InteropClientContextInspector::WasCompressed() const {
  // GRPC_WRITE_INTERNAL_TEST_ONLY_WAS_COMPRESSED: decompressing replaces the compressed flag by it.
  constexpr uint32_t kWasCompressed = 0x40000000u;
  return (grpc_call_test_only_get_message_flags(context_.call_) & kWasCompressed) != 0;
}

}  // namespace grpc::testing
