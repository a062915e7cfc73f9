#include "weir/status.h"

#include <string>

#include "transport/grpc/status_code.h"

namespace weir {

constinit const Status Status::OK;
const Status Status::CANCELLED(StatusCode::CANCELLED, "");

namespace {

const std::string& EmptyText() {
  static const std::string empty;
  return empty;
}

}  // namespace

std::string_view StatusCodeName(StatusCode code) {
  const int value = static_cast<int>(code);
  return grpc::StatusCodeName(value < 0 || value > 16 ? grpc::StatusCode::kUnknown
                                                      : static_cast<grpc::StatusCode>(value));
}

Status::Status(StatusCode code, std::string message, std::string details) {
  const int value = static_cast<int>(code);
  if (value == 0) return;
  if (value < 0 || value > 16) code = StatusCode::UNKNOWN;
  failure_ = std::make_unique<Failure>(Failure{code, std::move(message), std::move(details)});
}

const std::string& Status::error_message() const { return ok() ? EmptyText() : failure_->message; }

const std::string& Status::error_details() const { return ok() ? EmptyText() : failure_->details; }

std::string Status::ToString() const {
  std::string text(StatusCodeName(error_code()));
  if (!error_message().empty()) text.append(": ").append(error_message());
  return text;
}

}  // namespace weir
