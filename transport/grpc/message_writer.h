// The prefix of a message (gRPC PROTOCOL-HTTP2 "Length-Prefixed-Message"): one octet that says
// whether the message is compressed, four that say how long it is.
#ifndef WEIR_TRANSPORT_GRPC_MESSAGE_WRITER_H_
#define WEIR_TRANSPORT_GRPC_MESSAGE_WRITER_H_

#include <cstddef>
#include <cstdint>

#include "transport/base/bytes.h"

namespace weir::grpc {

inline constexpr size_t kMessagePrefixSize = 5;

// The longest message the prefix can announce.
inline constexpr size_t kMessageSizeLimit = UINT32_MAX;

// Writes kMessagePrefixSize octets. Meant to be called on room left in front of a message that has
// been serialised in place.
constexpr void StoreMessagePrefix(uint8_t* place, bool is_compressed, uint32_t size) {
  place[0] = is_compressed ? 1 : 0;
  StoreBig32(place + 1, size);
}

}  // namespace weir::grpc

#endif  // WEIR_TRANSPORT_GRPC_MESSAGE_WRITER_H_
