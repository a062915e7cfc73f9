#include "transport/http2/output_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir::http2 {

// What was written makes room for what comes. Either way at least as many octets were appended
// since the last time as are moved now.
void OutputBuffer::MakeRoom(size_t count) {
  constexpr size_t kCapacityMin = 128;
  const size_t live = size();
  if (2 * (live + count) <= bytes_.capacity()) {
    std::memmove(bytes_.data(), bytes_.data() + written_, live);
    bytes_.Truncate(live);
  } else {
    Buffer grown;
    grown.Reserve(std::max({live + count, 2 * bytes_.capacity(), kCapacityMin}));
    grown.Append(unwritten());
    bytes_ = std::move(grown);
  }
  written_ = 0;
}

}  // namespace weir::http2
