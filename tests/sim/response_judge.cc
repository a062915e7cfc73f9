#include "tests/sim/response_judge.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "tests/sim/services.h"
#include "tests/sim/wire.h"

namespace weir::sim {
namespace {

// gRPC's codes that the server gives by itself.
constexpr int kOk = 0, kCancelled = 1, kDeadlineExceeded = 4, kResourceExhausted = 8,
              kUnimplemented = 12, kInternal = 13, kUnavailable = 14;

// A client that takes nothing of a finished response is waited for so long.
constexpr Duration kUnsentMin = std::chrono::seconds(120);
// The server's timers tick about once a millisecond.
constexpr Duration kTimerSlack = std::chrono::milliseconds(4);

}  // namespace

ResponseJudge::ResponseJudge(std::vector<CallRecord*> calls, size_t send_message_max,
                             bool checks_messages, Referee& referee, const Trace& trace,
                             Coverage& coverage)
    : calls_(std::move(calls)),
      send_message_max_(send_message_max),
      checks_messages_(checks_messages),
      referee_(referee),
      trace_(trace),
      coverage_(coverage) {}

void ResponseJudge::Fail(uint32_t stream_id, const std::string& why) {
  referee_.Fail("response on stream " + std::to_string(stream_id) + ": " + why);
}

void ResponseJudge::OnRequest(uint32_t stream_id) {
  Response& response = responses_[stream_id];
  const auto found = std::find_if(calls_.begin(), calls_.end(), [&](const CallRecord* call) {
    return call->stream_id == stream_id;
  });
  if (found == calls_.end()) return;
  response.call = *found;
  response.call->started = trace_.now();
  coverage_.Add(Behaviour::kCall);
}

bool ResponseJudge::HasDeadlinePassed(const CallRecord& call, Duration slack) const {
  if (call.plan.timeout == Duration::zero() || call.started == kNever) return false;
  return trace_.now() >= AddSaturated(call.started, call.plan.timeout + slack);
}

bool ResponseJudge::IsOverdue(uint32_t stream_id) const {
  const auto found = responses_.find(stream_id);
  if (found == responses_.end() || found->second.call == nullptr) return false;
  return HasDeadlinePassed(*found->second.call, kTimerSlack);
}

bool ResponseJudge::IsRunning(uint32_t stream_id) const {
  const auto found = responses_.find(stream_id);
  return found != responses_.end() && found->second.call != nullptr &&
         found->second.call->is_running;
}

// ---- fields ------------------------------------------------------------------------------------

void ResponseJudge::OnFields(uint32_t stream_id, const Fields& fields, bool is_first,
                             bool ends_stream) {
  Response& response = responses_[stream_id];
  CheckFieldOrder(stream_id, fields);
  if (is_first) {
    CheckHead(stream_id, response.call, fields, ends_stream);
    if (ends_stream) coverage_.Add(Behaviour::kTrailersOnly);
  } else if (!fields.empty() && fields.front().name.starts_with(':')) {
    Fail(stream_id, "trailers hold the pseudo-header field " + fields.front().name);
  }
  if (ends_stream) {
    CheckStatus(stream_id, response, fields);
  } else if (FindField(fields, "grpc-status") != nullptr) {
    Fail(stream_id, "grpc-status comes before the end");
  }
}

// RFC 9113 §8.2, §8.3: lower case, and pseudo-header fields first.
void ResponseJudge::CheckFieldOrder(uint32_t stream_id, const Fields& fields) {
  bool has_regular = false;
  for (const Field& field : fields) {
    const bool is_pseudo = field.name.starts_with(':');
    if (is_pseudo && has_regular) Fail(stream_id, field.name + " comes after a regular field");
    has_regular = has_regular || !is_pseudo;
    if (std::any_of(field.name.begin(), field.name.end(),
                    [](char c) { return c >= 'A' && c <= 'Z'; })) {
      Fail(stream_id, "the field name " + field.name + " has upper case");
    }
  }
}

void ResponseJudge::CheckHead(uint32_t stream_id, const CallRecord* call, const Fields& fields,
                              bool is_alone) {
  const std::string* const status = FindField(fields, ":status");
  const std::string* const type = FindField(fields, "content-type");
  if (status == nullptr || fields.front().name != ":status") {
    Fail(stream_id, "it does not begin with :status");
    return;
  }
  if (type == nullptr || !type->starts_with("application/grpc")) {
    Fail(stream_id, "its content-type is not that of gRPC");
  }
  if (call == nullptr) return;
  // An answer of the server itself comes alone; a handler's is always 200.
  const int wanted =
      is_alone && call->plan.flaw != Flaw::kNone ? Describe(call->plan.flaw).http_status : 200;
  if (std::atoi(status->c_str()) != wanted && std::atoi(status->c_str()) != 200) {
    Fail(stream_id, ":status is " + *status + " instead of " + std::to_string(wanted));
  }
  const std::string* const initial = FindField(fields, "x-sim-initial");
  if (initial != nullptr && *initial != std::to_string(call->plan.id)) {
    Fail(stream_id, "its initial metadata belongs to call " + *initial);
  }
}

void ResponseJudge::CheckStatus(uint32_t stream_id, const Response& response,
                                const Fields& fields) {
  const auto count = std::count_if(fields.begin(), fields.end(),
                                   [](const Field& field) { return field.name == "grpc-status"; });
  if (count != 1) {
    Fail(stream_id, "grpc-status comes " + std::to_string(count) + " times");
    return;
  }
  const std::string& text = *FindField(fields, "grpc-status");
  const int status = std::atoi(text.c_str());
  if (text != std::to_string(status) || status < 0 || status > 16) {
    Fail(stream_id, "grpc-status is '" + text + "'");
  }
  if (!response.held.empty()) Fail(stream_id, "it ends inside a message");
  coverage_.Add(status == kOk ? Behaviour::kStatusOk : Behaviour::kStatusFailed);
  if (response.call == nullptr) return;
  CallRecord& call = *response.call;
  call.status = status;
  if (status == kDeadlineExceeded) coverage_.Add(Behaviour::kDeadlineExceeded);
  if (status == kCancelled) coverage_.Add(Behaviour::kCancelledByServer);
  if (!IsStatusLegal(call, status)) {
    Fail(stream_id, "call " + std::to_string(call.plan.id) + " must not end with status " + text);
  }
  const bool is_handlers_own = call.returned == status && !call.is_intercepted;
  if (is_handlers_own && status == kOk && call.replies != call.writes) {
    Fail(stream_id, "it has " + std::to_string(call.replies) +
                        " messages where the handler wrote " + std::to_string(call.writes));
  }
  const std::string* const message = FindField(fields, "grpc-message");
  const std::string wanted = "call " + std::to_string(call.plan.id) + " fails: 100 %25";
  if (is_handlers_own && checks_messages_ && status == call.plan.status && status != kOk &&
      !call.plan.throws && status != kDeadlineExceeded && status != kCancelled &&
      status != kResourceExhausted && status != kUnavailable && call.plan.flaw == Flaw::kNone &&
      (message == nullptr || *message != wanted)) {
    Fail(stream_id, "grpc-message is not what the handler said");
  }
}

bool ResponseJudge::IsReplyTooLarge(const CallRecord& call) const {
  return std::any_of(call.plan.reply_sizes.begin(), call.plan.reply_sizes.end(),
                     [this](size_t size) { return size > send_message_max_; });
}

// What the handler returned, or a reason of the server's own that has come about.
bool ResponseJudge::IsStatusLegal(const CallRecord& call, int status) const {
  const CallPlan& plan = call.plan;
  if (plan.flaw != Flaw::kNone && !Describe(plan.flaw).is_stream_error &&
      status == Describe(plan.flaw).status) {
    coverage_.AddFlaw(plan.flaw);
    return true;
  }
  const bool has_stopped_before = plan.flaw >= Flaw::kMessageFlag && HasManyRequests(plan.shape);
  const bool may_be_handlers =
      plan.flaw == Flaw::kNone || has_stopped_before || Describe(plan.flaw).is_stream_error;
  if (status == kDeadlineExceeded && HasDeadlinePassed(call, Duration::zero())) return true;
  if (status == kCancelled && call.has_asked_to_cancel) return true;
  if (status == kUnavailable && is_aborted_) return true;
  if (call.is_intercepted) {
    if (status == kInterceptorStatus) coverage_.Add(Behaviour::kInterceptorAnswered);
    return status == kInterceptorStatus;
  }
  if (status == kResourceExhausted && plan.style == Style::kPool) {
    coverage_.Add(Behaviour::kPoolFull);
    return true;
  }
  if (status == kResourceExhausted && IsReplyTooLarge(call)) return true;
  if (call.is_garbled &&
      (status == kInternal || status == kUnimplemented || status == kResourceExhausted)) {
    return true;
  }
  return may_be_handlers && call.returned == status;
}

// ---- messages ----------------------------------------------------------------------------------

void ResponseJudge::OnData(uint32_t stream_id, std::string_view octets) {
  Response& response = responses_[stream_id];
  response.held.append(octets);
  std::string_view rest = response.held;
  while (rest.size() >= kMessagePrefixSize) {
    const uint64_t size = LoadNumber(rest.substr(1, 4));
    if (rest[0] != 0) {
      Fail(stream_id, "a message has the flag " + std::to_string(rest[0]));
      return;
    }
    if (rest.size() - kMessagePrefixSize < size) break;
    const std::string_view text = rest.substr(kMessagePrefixSize, size);
    rest.remove_prefix(kMessagePrefixSize + size);
    CallRecord* const call = response.call;
    if (call == nullptr) {
      Fail(stream_id, "a message for a request that has none");
      return;
    }
    const size_t index = call->replies++;
    if (index >= call->writes) {
      Fail(stream_id, "a message that the handler did not write");
      return;
    }
    if (text !=
        MessageText(call->plan, MessageKind::kReply, index, call->plan.reply_sizes[index], false)) {
      Fail(stream_id, "message " + std::to_string(index) + " is not what the handler wrote");
      return;
    }
  }
  response.held.erase(0, response.held.size() - rest.size());
}

// ---- ends without a status ---------------------------------------------------------------------

void ResponseJudge::OnCancelled(uint32_t stream_id) {
  CallRecord* const call = responses_[stream_id].call;
  if (is_aborted_ || call == nullptr) return;
  call->was_reset = true;
  coverage_.Add(Behaviour::kResetByServer);
  if (HasDeadlinePassed(*call, Duration::zero()) || call->has_asked_to_cancel) return;
  if (trace_.now() - call->started >= kUnsentMin) return;
  Fail(stream_id, "broken off with CANCEL for no reason");
}

void ResponseJudge::OnRefused(uint32_t stream_id) {
  CallRecord* const call = responses_[stream_id].call;
  if (call == nullptr) return;
  call->was_refused = true;
  if (call->runs != 0) Fail(stream_id, "refused, though its handler has run");
}

void ResponseJudge::OnMalformedAnswered(uint32_t stream_id) {
  CallRecord* const call = responses_[stream_id].call;
  if (call == nullptr) return;
  call->was_reset = true;
  if (Describe(call->plan.flaw).is_stream_error) coverage_.AddFlaw(call->plan.flaw);
}

}  // namespace weir::sim
