#include "transport/grpc/message_reader.h"

#include <algorithm>
#include <cstring>

namespace weir::grpc {

namespace {

// What is reserved for a message on its announcement alone.
constexpr size_t kFirstReserve = 64 * 1024;

}  // namespace

MessageReader::Outcome MessageReader::NextInPieces(Message* message) {
  if (state_ == State::kFailed) return failure_;
  if (state_ == State::kDelivered) {
    assembled_.Release();
    state_ = State::kPrefix;
  }
  if (state_ == State::kPrefix) {
    if (!CollectPrefix()) return Outcome::kNeedMore;
    if (prefix_[0] > 1) return Fail(Outcome::kBadFlag);
    if (declared_size_ > message_size_max_) return Fail(Outcome::kTooLarge);
    prefix_size_ = 0;
    state_ = State::kPayload;
  }

  message->compressed = prefix_[0] == 1;
  if (assembled_.empty() && unread_.size() >= declared_size_) {
    message->payload = unread_.first(declared_size_);
    unread_ = unread_.subspan(declared_size_);
    state_ = State::kPrefix;
    return Outcome::kMessage;
  }
  CollectPayload();
  if (assembled_.size() < declared_size_) return Outcome::kNeedMore;
  message->payload = assembled_.view();
  state_ = State::kDelivered;
  return Outcome::kMessage;
}

// Returns whether the prefix is complete.
bool MessageReader::CollectPrefix() {
  const size_t count = std::min(kMessagePrefixSize - prefix_size_, unread_.size());
  if (count != 0) std::memcpy(prefix_ + prefix_size_, unread_.data(), count);
  unread_ = unread_.subspan(count);
  prefix_size_ = static_cast<uint8_t>(prefix_size_ + count);
  if (prefix_size_ < kMessagePrefixSize) return false;
  declared_size_ = LoadBig32(prefix_ + 1);
  return true;
}

// Doubles the buffer as bytes come in, and ends with exactly the declared size.
void MessageReader::CollectPayload() {
  const size_t count = std::min(declared_size_ - assembled_.size(), unread_.size());
  if (count == 0) return;
  const size_t needed = assembled_.size() + count;
  if (needed > assembled_.capacity()) {
    const size_t grown = std::max({needed, assembled_.capacity() * 2, kFirstReserve});
    assembled_.Reserve(std::min<size_t>(grown, declared_size_));
  }
  assembled_.Append(unread_.first(count));
  unread_ = unread_.subspan(count);
}

void MessageReader::ExpectMissingBytes() {
  if (state_ != State::kPayload || declared_size_ <= kFirstReserve) return;
  assembled_.Reserve(std::min<size_t>(declared_size_, kExpectedReserve));
}

MessageReader::Outcome MessageReader::Fail(Outcome failure) {
  state_ = State::kFailed;
  failure_ = failure;
  unread_ = {};
  return failure;
}

}  // namespace weir::grpc
