#include "server/request_input.h"

#include <utility>

#include "transport/base/check.h"

namespace weir::server {

// A handler that is always a little behind never empties the buffer: what it has consumed has to
// make room, or all of the stream would be kept.
void RequestInput::KeepOffered() {
  const ByteView data = std::exchange(offered_, {});
  if (data.empty()) return;
  if (kept_used_ > kept_.size() / 2) {
    kept_.DropFront(kept_used_);
    kept_used_ = 0;
  }
  kept_.Append(data);
}

RequestInput::Outcome RequestInput::PullKept(const internal::MessageCodec& codec, void* message,
                                             const grpc::CompressorRegistry& compressors) {
  ByteView rest = kept();
  const size_t before = rest.size();
  WEIR_DCHECK(offered_.empty());
  const Outcome outcome = decoder_.Pull(&rest, codec, message, compressors);
  kept_used_ += before - rest.size();
  if (kept_used_ == kept_.size()) {
    kept_.Release();
    kept_used_ = 0;
  }
  return outcome;
}

}  // namespace weir::server
