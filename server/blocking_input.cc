#include "server/blocking_input.h"

#include <algorithm>
#include <utility>

#include "transport/base/check.h"
#include "transport/grpc/message_reader.h"

namespace weir::server {
namespace {

// Less need not be reserved.
constexpr size_t kLittle = 64 * 1024;

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

Buffer BlockingInput::Take() {
  needed_bytes_ = grpc::kMessagePrefixSize;
  return std::move(bytes_);
}

void BlockingInput::PutBack(Buffer rest) {
  WEIR_DCHECK(bytes_.empty() && needed_bytes_ == grpc::kMessagePrefixSize);
  bytes_ = std::move(rest);
  Measure();
}

void BlockingInput::ExpectMissingBytes() {
  if (needed_bytes_ > kLittle) bytes_.Reserve(std::min(needed_bytes_, grpc::kExpectedReserve));
}

// Once a message has been measured, that does not change until it is taken.
void BlockingInput::Measure() {
  if (HasMessage()) needed_bytes_ = grpc::BytesOfFirstMessage(bytes_.view(), message_size_max_);
}

}  // namespace weir::server
