#include "tests/sim/call.h"

#include <algorithm>
#include <iterator>

#include "tests/sim/wire.h"
#include "transport/base/check.h"

namespace weir::sim {
namespace {

// gRPC's codes; those of requests that never reach a handler are in transport/grpc/rejection.cc,
// and written here anew.
constexpr FlawRow kFlaws[] = {
    {Flaw::kNone, "none", false, 0, 200},
    {Flaw::kUnknownMethod, "unknown method", false, 12, 200},
    {Flaw::kUnknownService, "unknown service", false, 12, 200},
    {Flaw::kMalformedPath, "malformed path", false, 12, 200},
    {Flaw::kNotPost, "not POST", false, 13, 405},
    {Flaw::kContentType, "foreign content-type", false, 3, 415},
    {Flaw::kTimeoutMalformed, "malformed timeout", false, 13, 400},
    {Flaw::kTimeoutZero, "timeout of zero", false, 4, 200},
    {Flaw::kBinaryMetadata, "malformed binary metadata", false, 13, 400},
    {Flaw::kUnknownEncoding, "unknown encoding", false, 12, 200},
    {Flaw::kTooMuchMetadata, "too much metadata", false, 8, 200},
    {Flaw::kMessageFlag, "unknown message flag", false, 13, 200},
    {Flaw::kMessageTruncated, "truncated message", false, 13, 200},
    {Flaw::kMessageTooLarge, "too large message", false, 8, 200},
    {Flaw::kMessageMalformed, "malformed message", false, 13, 200},
    {Flaw::kMessageMissing, "no message", false, 12, 200},
    {Flaw::kMessageTwice, "two messages", false, 12, 200},
    {Flaw::kUpperCaseName, "upper-case field name", true, 0, 0},
    {Flaw::kPathMissing, "no :path", true, 0, 0},
    {Flaw::kConnectionField, "connection-specific field", true, 0, 0},
    {Flaw::kTe, "te other than trailers", true, 0, 0},
    {Flaw::kContentLength, "content-length too large", true, 0, 0},
};
static_assert(std::size(kFlaws) == static_cast<size_t>(Flaw::kCount));

std::string Path(const CallPlan& plan) {
  static constexpr const char* kServices[] = {"/sim.Coroutine/", "/sim.Inline/", "/sim.Pool/"};
  static constexpr const char* kMethods[] = {"Unary", "Collect", "Expand", "Chat"};
  if (plan.flaw == Flaw::kUnknownService) return "/sim.Nobody/Unary";
  if (plan.flaw == Flaw::kMalformedPath) return "sim.Coroutine";
  std::string path = kServices[static_cast<size_t>(plan.style)];
  return path + (plan.flaw == Flaw::kUnknownMethod ? "Unheard"
                                                   : kMethods[static_cast<size_t>(plan.shape)]);
}

std::string TimeoutText(Duration timeout) {
  const int64_t microseconds = std::max<int64_t>(timeout.count() / 1000, 1);
  if (microseconds < 100'000'000) return std::to_string(microseconds) + "u";
  return std::to_string(microseconds / 1000) + "m";
}

}  // namespace

const FlawRow& Describe(Flaw flaw) {
  const FlawRow& row = kFlaws[static_cast<size_t>(flaw)];
  WEIR_CHECK(row.flaw == flaw);
  return row;
}

bool HoldsId(const CallPlan& plan, size_t index, size_t size) {
  return index == 0 && size >= 4 && !plan.is_id_in_metadata;
}

std::string MessageText(const CallPlan& plan, MessageKind kind, size_t index, size_t size,
                        bool holds_id) {
  std::string text(size, '\0');
  const auto first =
      static_cast<uint32_t>(plan.id * 131 + index * 17 + (kind == MessageKind::kReply ? 7 : 0));
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(first + i * 3 + (i >> 8));
  if (holds_id) {
    std::string id;
    AppendNumber(plan.id, 4, &id);
    std::copy(id.begin(), id.end(), text.begin());
  }
  return text;
}

std::string FramedMessage(std::string_view text, uint8_t flag) {
  std::string framed(1, static_cast<char>(flag));
  AppendNumber(text.size(), 4, &framed);
  return framed.append(text);
}

Fields RequestFields(const CallPlan& plan, size_t metadata_max) {
  Fields fields;
  fields.push_back({":method", plan.flaw == Flaw::kNotPost ? "GET" : "POST", true});
  fields.push_back({":scheme", "http", true});
  if (plan.flaw != Flaw::kPathMissing) fields.push_back({":path", Path(plan), plan.id % 2 == 0});
  fields.push_back({":authority", "sim.test", plan.id % 3 == 0});
  fields.push_back(
      {"content-type", plan.flaw == Flaw::kContentType ? "text/plain" : "application/grpc", true});
  fields.push_back({"te", plan.flaw == Flaw::kTe ? "gzip" : "trailers"});
  if (plan.flaw == Flaw::kTimeoutMalformed) {
    fields.push_back({"grpc-timeout", "soon"});
  } else if (plan.flaw == Flaw::kTimeoutZero) {
    fields.push_back({"grpc-timeout", "0n"});
  } else if (plan.timeout != Duration::zero()) {
    fields.push_back({"grpc-timeout", TimeoutText(plan.timeout)});
  }
  if (plan.flaw == Flaw::kBinaryMetadata) fields.push_back({"x-sim-bin", "!"});
  if (plan.flaw == Flaw::kUnknownEncoding) fields.push_back({"grpc-encoding", "morse"});
  if (plan.flaw == Flaw::kUpperCaseName) fields.push_back({"X-Sim", "1"});
  if (plan.flaw == Flaw::kConnectionField) fields.push_back({"connection", "close"});
  if (plan.flaw == Flaw::kContentLength) fields.push_back({"content-length", "999999999"});
  if (plan.is_id_in_metadata) fields.push_back({"x-sim-call", std::to_string(plan.id)});
  if (plan.flaw == Flaw::kTooMuchMetadata) {
    fields.push_back({"x-sim-large", std::string(metadata_max, 'x')});
  } else if (plan.has_large_metadata && metadata_max > 1024) {
    fields.push_back({"x-sim-large", std::string(metadata_max - 1024, 'y'), plan.id % 2 == 0});
  }
  return fields;
}

std::string RequestBody(const CallPlan& plan, size_t message_max) {
  std::string body;
  // Where only one message is allowed, the flawed one must be the first.
  const bool is_first_flawed = plan.flaw >= Flaw::kMessageFlag &&
                               plan.flaw <= Flaw::kMessageMalformed && !HasManyRequests(plan.shape);
  if (plan.flaw == Flaw::kMessageMissing) return body;
  for (size_t i = 0; !is_first_flawed && i < plan.request_sizes.size(); ++i) {
    const size_t size = plan.request_sizes[i];
    body +=
        FramedMessage(MessageText(plan, MessageKind::kRequest, i, size, HoldsId(plan, i, size)), 0);
  }
  switch (plan.flaw) {
    case Flaw::kMessageFlag:
      body += FramedMessage("flag", 2);
      break;
    case Flaw::kMessageTruncated:
      body += FramedMessage("truncated", 0);
      body.pop_back();
      break;
    case Flaw::kMessageTooLarge:
      AppendNumber(message_max + 1, kMessagePrefixSize, &body);
      body += "begins";
      break;
    case Flaw::kMessageMalformed: {
      std::string text;
      AppendNumber(kMalformedMessage, 4, &text);
      body += FramedMessage(text, 0);
      break;
    }
    case Flaw::kMessageTwice:
      body += FramedMessage("again", 0);
      break;
    default:
      break;
  }
  return body;
}

}  // namespace weir::sim
