// Errors with details that programs can read (the "richer error model" of the gRPC documentation).
//
//   return weir::RichStatus(weir::StatusCode::INVALID_ARGUMENT, "the page is gone")
//       .AddFieldViolation("page_token", "expired an hour ago")
//       .SetErrorInfo("PAGE_EXPIRED", "library.example.com")
//       .ToStatus();
//
// Needs `@weir//rich_status`, which brings google/rpc/error_details.pb.h along.
#ifndef WEIR_RICH_STATUS_H_
#define WEIR_RICH_STATUS_H_

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "weir/status.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace google::rpc {
class Status;
}  // namespace google::rpc

namespace weir {

// Collects details; ToStatus makes of them what a handler returns. There is at most one detail of
// each type: Add extends it, Set replaces it. Clients see the details only if they fit into the
// trailers that they accept (8 KiB by default in most); the code and the message always arrive.
// Thread-compatible.
class RichStatus {
 public:
  // `code` must not be OK, since a success has no details; OK becomes INTERNAL, as in StatusOr.
  RichStatus(StatusCode code, std::string message);
  ~RichStatus();
  RichStatus(const RichStatus& other);
  RichStatus& operator=(const RichStatus& other);

  // A field of the request that is wrong (BadRequest): "addresses[2].street".
  RichStatus& AddFieldViolation(std::string_view field, std::string_view description);
  // What the server's state lacks (PreconditionFailure).
  RichStatus& AddPreconditionViolation(std::string_view type, std::string_view subject,
                                       std::string_view description);
  // Whose quota is used up (QuotaFailure): "clientip:192.0.2.7".
  RichStatus& AddQuotaViolation(std::string_view subject, std::string_view description);
  // Where to read on (Help).
  RichStatus& AddHelpLink(std::string_view description, std::string_view url);

  // What happened, as a constant: `reason` in UPPER_SNAKE_CASE, `domain` for who defines it
  // (ErrorInfo).
  RichStatus& SetErrorInfo(std::string_view reason, std::string_view domain,
                           const std::map<std::string, std::string>& metadata = {});
  // When to try again (RetryInfo). Advice for programs; clients of gRPC that retry by themselves
  // heed ServerContext::SetRetryPushback.
  RichStatus& SetRetryInfo(std::chrono::nanoseconds delay);
  // By what to find the call in the server's logs (RequestInfo).
  RichStatus& SetRequestInfo(std::string_view request_id, std::string_view serving_data = "");
  // What the call was about (ResourceInfo).
  RichStatus& SetResourceInfo(std::string_view type, std::string_view name,
                              std::string_view owner = "", std::string_view description = "");
  // For the person in front of the client, in a language of BCP 47: "en-US" (LocalizedMessage).
  RichStatus& SetLocalizedMessage(std::string_view locale, std::string_view message);
  // For the developers of the server (DebugInfo). Not for strangers.
  RichStatus& SetDebugInfo(const std::vector<std::string>& stack_entries,
                           std::string_view detail = "");

  // A message of any type; replaces the one of the same type.
  RichStatus& SetDetail(const google::protobuf::Message& detail);

  // With a serialised google.rpc.Status as error_details().
  Status ToStatus() const;

 private:
  template <typename Detail>
  Detail Present() const;

  std::unique_ptr<google::rpc::Status> status_;
};

}  // namespace weir

#endif  // WEIR_RICH_STATUS_H_
