// How much room is made for a message whose size nobody has told?
#ifndef WEIR_TRANSPORT_GRPC_INFLATE_ROOM_H_
#define WEIR_TRANSPORT_GRPC_INFLATE_ROOM_H_

#include <algorithm>
#include <cstddef>

namespace weir::grpc {

// The first guess, from the size of the compressed message.
constexpr size_t FirstInflateRoom(size_t compressed) {
  constexpr size_t kUsualRatio = 4;
  return std::clamp<size_t>(compressed * kUsualRatio, 512, 64 * 1024);
}

// More room, when so much has filled what there was. Small messages double; a large one gets at
// once what most large ones need, so that it is not moved over and over. (Memory that is reserved
// and not written to does not count for the process.)
constexpr size_t NextInflateRoom(size_t produced) {
  constexpr size_t kLarge = 64 * 1024;
  constexpr size_t kLargeRoom = 4 * 1024 * 1024;
  return produced < kLarge ? produced : std::max(produced, kLargeRoom);
}

}  // namespace weir::grpc

#endif  // WEIR_TRANSPORT_GRPC_INFLATE_ROOM_H_
