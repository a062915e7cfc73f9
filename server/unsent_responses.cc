#include "server/unsent_responses.h"

#include <algorithm>

#include "transport/driver/worker.h"

namespace weir::server {
namespace {

constexpr size_t kForgetMin = 16;

}  // namespace

void UnsentResponses::Add(http2::StreamKey stream, TimePoint deadline) {
  if (responses_.size() >= forget_at_) ForgetTheSent();
  net::Loop& loop = driver_.worker().loop();
  responses_.push_back({.stream = stream, .deadline = deadline});
  if (!is_armed() || deadline < this->deadline()) loop.Arm(*this, deadline);
}

void UnsentResponses::Clear() {
  responses_ = {};
  forget_at_ = 0;
  driver_.worker().loop().Disarm(*this);
}

// A stream that still has queued data counts against the concurrency limit, so what is left has at
// most that size, and this costs each Add a constant.
void UnsentResponses::ForgetTheSent() {
  std::erase_if(responses_, [this](const Response& response) {
    return driver_.connection().QueuedBytes(response.stream) == 0;
  });
  forget_at_ = std::max(kForgetMin, 2 * responses_.size());
}

void UnsentResponses::OnTimer(TimePoint now) {
  driver_.RunOrClose([this, now] { ResetTheLate(now); });
}

void UnsentResponses::ResetTheLate(TimePoint now) {
  if (driver_.open_streams() == 0) {  // The connection need not be woken up for what was sent.
    Clear();
    return;
  }
  std::erase_if(responses_, [this, now](const Response& response) {
    if (now < response.deadline) return false;
    if (driver_.connection().QueuedBytes(response.stream) != 0) {
      driver_.connection().ResetStream(response.stream, http2::ErrorCode::kCancel);
      driver_.MarkDirty();
    }
    return true;
  });
  TimePoint next = kNever;
  for (const Response& response : responses_) next = std::min(next, response.deadline);
  driver_.worker().loop().Arm(*this, next);
}

}  // namespace weir::server
