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
  const Response& added =
      responses_.emplace_back(Response{.stream = stream,
                                       .deadline = deadline,
                                       .progress_due = AddSaturated(loop.Now(), kProgressInterval),
                                       .queued = driver_.connection().QueuedBytes(stream)});
  if (!is_armed() || added.due() < this->deadline()) loop.Arm(*this, added.due());
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
  std::erase_if(responses_, [this, now](Response& response) { return !Judge(response, now); });
  TimePoint next = kNever;
  for (const Response& response : responses_) next = std::min(next, response.due());
  driver_.worker().loop().Arm(*this, next);
}

bool UnsentResponses::Judge(Response& response, TimePoint now) {
  http2::Connection& connection = driver_.connection();
  const size_t queued = connection.QueuedBytes(response.stream);
  if (queued == 0) return false;
  if (now < response.due()) return true;
  if (now < response.deadline && response.queued - queued >= kProgressBytes) {
    response.queued = queued;
    response.progress_due = AddSaturated(now, kProgressInterval);
    return true;
  }
  connection.ResetStream(response.stream, http2::ErrorCode::kCancel);
  driver_.MarkDirty();
  return false;
}

}  // namespace weir::server
