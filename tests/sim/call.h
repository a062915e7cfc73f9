// One call of the simulation: what the client will say, what the handler will do, and what became
// of it. Client, handler and judge share it, so each can be held to what the others know.
#ifndef WEIR_TESTS_SIM_CALL_H_
#define WEIR_TESTS_SIM_CALL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/header_coder.h"
#include "tests/sim/random.h"
#include "transport/base/time.h"

namespace weir::sim {

enum class Shape : uint8_t { kUnary, kCollect, kExpand, kChat };
inline constexpr bool HasManyRequests(Shape shape) {
  return shape == Shape::kCollect || shape == Shape::kChat;
}
inline constexpr bool HasManyReplies(Shape shape) {
  return shape == Shape::kExpand || shape == Shape::kChat;
}

enum class Style : uint8_t { kCoroutine, kInline, kPool };

// What is wrong with a request, on purpose.
enum class Flaw : uint8_t {
  kNone,
  // The layer of gRPC has an answer.
  kUnknownMethod,
  kUnknownService,
  kMalformedPath,
  kNotPost,
  kContentType,
  kTimeoutMalformed,
  kTimeoutZero,
  kBinaryMetadata,
  kUnknownEncoding,
  kTooMuchMetadata,
  kMessageFlag,
  kMessageTruncated,
  kMessageTooLarge,
  kMessageMalformed,
  kMessageMissing,
  kMessageTwice,
  // HTTP/2 has (RFC 9113 §8.1.1): a stream error.
  kUpperCaseName,
  kPathMissing,
  kConnectionField,
  kTe,
  kContentLength,
  kCount,
};

struct FlawRow {
  Flaw flaw;
  const char* name;
  bool is_stream_error;  // PROTOCOL_ERROR; otherwise the status:
  int status;
  int http_status;
};
const FlawRow& Describe(Flaw flaw);

struct CallPlan {
  uint32_t id = 0;
  int link = 0;
  Shape shape = Shape::kUnary;
  Style style = Style::kCoroutine;
  Flaw flaw = Flaw::kNone;

  // ---- the client
  std::vector<size_t> request_sizes;
  bool ends_with_trailers = false;
  bool is_id_in_metadata = false;
  bool has_large_metadata = false;      // as large as is allowed, about
  Duration timeout = Duration::zero();  // zero for none
  bool is_cancelled = false;            // at some time
  Duration cancel_after = Duration::zero();

  // ---- the handler
  size_t reads_max = SIZE_MAX;  // messages it asks for before it answers
  std::vector<size_t> reply_sizes;
  bool answers_each = false;  // a chat that replies after every read
  bool sends_headers_early = false;
  bool has_reply_metadata = false;
  bool has_large_reply_metadata = false;  // more than a frame holds
  int status = 0;
  bool throws = false;
  bool cancels_itself = false;
  Duration sleep_first = Duration::zero();
  Duration sleep_between = Duration::zero();
  Duration lingers = Duration::zero();  // deaf to cancellation for so long
};

// What happened.
struct CallRecord {
  CallPlan plan;

  // ---- the client
  uint32_t stream_id = 0;  // 0 until it was opened
  bool has_sent_all = false;
  bool was_reset_by_client = false;
  bool is_garbled = false;  // octets that no plan knows were sent on its stream
  bool is_over_for_client = false;

  // ---- the handler
  int runs = 0;
  bool is_running = false;
  bool has_asked_to_cancel = false;
  size_t reads = 0;
  size_t writes = 0;  // messages it gave to Write, accepted or not
  std::optional<int> returned;

  // ---- the judge
  TimePoint started = kNever;  // when the server had read the headers
  bool is_intercepted = false;
  size_t replies = 0;
  std::optional<int> status;
  bool was_refused = false;  // REFUSED_STREAM, or above the last stream of a GOAWAY
  bool was_reset = false;    // by the server, before its response was complete
};

// All calls of a simulation, by CallPlan::id.
class CallBook {
 public:
  CallRecord& Add(const CallPlan& plan) {
    CallRecord& record = records_.emplace_back();
    record.plan = plan;
    record.plan.id = static_cast<uint32_t>(records_.size() - 1);
    return record;
  }
  // nullptr when there is none.
  CallRecord* Find(uint64_t id) { return id < records_.size() ? &records_[id] : nullptr; }
  std::deque<CallRecord>& records() { return records_; }

 private:
  std::deque<CallRecord> records_;
};

enum class MessageKind : uint8_t { kRequest, kReply };

// The content of a message: no two of a simulation are alike from the first octet on. With
// `holds_id`, a request of four octets or more begins with the call's id.
std::string MessageText(const CallPlan& plan, MessageKind kind, size_t index, size_t size,
                        bool holds_id);
// Whether a request's content tells the call's id.
bool HoldsId(const CallPlan& plan, size_t index, size_t size);

inline constexpr uint32_t kMalformedMessage = 0xffffffff;  // begins what cannot be parsed
inline constexpr size_t kMessagePrefixSize = 5;

// gRPC's "Length-Prefixed-Message".
std::string FramedMessage(std::string_view text, uint8_t flag);

// The request of a call on the wire.
Fields RequestFields(const CallPlan& plan, size_t metadata_max);
std::string RequestBody(const CallPlan& plan, size_t message_max);

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_CALL_H_
