#include "server/blocking_input.h"

#include <algorithm>
#include <utility>

#include "transport/grpc/message_reader.h"

namespace weir::server {
namespace {

// What is reserved at once for the rest of a message that may come. A client that announces more
// has to send it.
constexpr size_t kExpectedReserve = 8 * 1024 * 1024;
// What a stream may keep of a buffer whose content was larger than what is left of it.
constexpr size_t kSpareBytes = 64 * 1024;

}  // namespace

void BlockingInput::Reset(size_t message_size_max) {
  ReleaseMemory();
  message_size_max_ = message_size_max;
  needed_bytes_ = grpc::kMessagePrefixSize;
}

void BlockingInput::ReleaseMemory() {
  if (bytes_.capacity() != 0) bytes_.Release();
}

void BlockingInput::Append(ByteView data) {
  bytes_.Append(data);
  Measure();
}

void BlockingInput::ExpectMissingBytes() {
  if (needed_bytes_ <= kSpareBytes) return;
  bytes_.Reserve(std::min(needed_bytes_, kExpectedReserve));
}

Buffer BlockingInput::Take() {
  needed_bytes_ = grpc::kMessagePrefixSize;
  return std::move(bytes_);
}

void BlockingInput::PutBack(Buffer* taken, size_t used) {
  Buffer rest = std::move(*taken);
  if (used == rest.size()) return;
  const Buffer since = std::move(bytes_);
  const size_t needed =
      std::max(rest.size() - used + since.size(),
               grpc::BytesOfFirstMessage(rest.view().subspan(used), message_size_max_));
  if (rest.capacity() <= needed + kSpareBytes) {
    rest.DropFront(used);
    bytes_ = std::move(rest);
  } else {
    bytes_.Append(rest.view().subspan(used));
  }
  Append(since.view());
}

bool BlockingInput::HoldMessage(ByteView bytes) const {
  return bytes.size() >= grpc::BytesOfFirstMessage(bytes, message_size_max_);
}

// Once a message has been measured, that does not change until it is taken.
void BlockingInput::Measure() {
  if (HasMessage()) needed_bytes_ = grpc::BytesOfFirstMessage(bytes_.view(), message_size_max_);
}

}  // namespace weir::server
