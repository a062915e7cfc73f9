// Is a response what gRPC says it must look like, and what this call's handler said?
#ifndef WEIR_TESTS_SIM_RESPONSE_JUDGE_H_
#define WEIR_TESTS_SIM_RESPONSE_JUDGE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/call.h"
#include "tests/sim/coverage.h"
#include "tests/sim/header_coder.h"
#include "tests/sim/referee.h"
#include "tests/sim/trace.h"

namespace weir::sim {

// All responses of one connection. Streams are numbered by the client.
class ResponseJudge {
 public:
  // `calls` are those that the connection's client makes. `send_message_max` is the server's limit.
  ResponseJudge(std::vector<CallRecord*> calls, size_t send_message_max, bool checks_messages,
                Referee& referee, const Trace& trace, Coverage& coverage);

  // The server has read the headers of a request.
  void OnRequest(uint32_t stream_id);
  // HEADERS of a response: the first field section or, with `ends_stream`, the last.
  void OnFields(uint32_t stream_id, const Fields& fields, bool is_first, bool ends_stream);
  void OnData(uint32_t stream_id, std::string_view octets);
  // RST_STREAM(CANCEL): something must have ended the call.
  void OnCancelled(uint32_t stream_id);
  void OnRefused(uint32_t stream_id);
  // RST_STREAM(PROTOCOL_ERROR) for a malformed request.
  void OnMalformedAnswered(uint32_t stream_id);
  // The server is to cancel all calls.
  void OnAbort() { is_aborted_ = true; }

  // The call's deadline passed long enough ago for the server to have noticed.
  bool IsOverdue(uint32_t stream_id) const;
  // Whether a handler runs for the stream.
  bool IsRunning(uint32_t stream_id) const;

 private:
  struct Response {
    CallRecord* call = nullptr;  // nullptr for a request that nobody planned
    std::string held;            // octets of an unfinished message
  };

  void Fail(uint32_t stream_id, const std::string& why);
  void CheckFieldOrder(uint32_t stream_id, const Fields& fields);
  void CheckHead(uint32_t stream_id, const CallRecord* call, const Fields& fields, bool is_alone);
  void CheckStatus(uint32_t stream_id, const Response& response, const Fields& fields);
  bool IsStatusLegal(const CallRecord& call, int status) const;
  bool IsReplyTooLarge(const CallRecord& call) const;
  bool HasDeadlinePassed(const CallRecord& call, Duration slack) const;

  const std::vector<CallRecord*> calls_;
  const size_t send_message_max_;
  const bool checks_messages_;
  Referee& referee_;
  const Trace& trace_;
  Coverage& coverage_;
  std::map<uint32_t, Response> responses_;
  bool is_aborted_ = false;
};

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_RESPONSE_JUDGE_H_
