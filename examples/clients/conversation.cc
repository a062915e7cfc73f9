#include "examples/clients/conversation.h"

#include <chrono>
#include <cstdio>
#include <iterator>

namespace conversation {
namespace {

constexpr std::chrono::seconds kTimeout(20);

constexpr const char* kCodeNames[] = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

// Leaves at once, so that the lines of a server that writes to the same terminal fall in place.
void PrintLine(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

void ShowMessage(const std::string& arrow, const google::protobuf::Message& message) {
  const std::string fields = message.ShortDebugString();
  PrintLine("  " + arrow + " " + message.GetDescriptor()->name() +
            (fields.empty() ? " {}" : " { " + fields + " }"));
}

}  // namespace

Context::Context() { context_.set_deadline(std::chrono::system_clock::now() + kTimeout); }

void ShowCall(std::string_view method) { PrintLine(std::string(method)); }

void ShowSent(const google::protobuf::Message& message) { ShowMessage("-->", message); }

void ShowReceived(const google::protobuf::Message& message) { ShowMessage("<--", message); }

void ShowStatus(const grpc::Status& status) {
  const std::string& text = status.error_message();
  PrintLine("  <-- " + CodeName(status.error_code()) + (text.empty() ? "" : ": " + text));
}

std::string CodeName(grpc::StatusCode code) {
  const auto number = static_cast<size_t>(code);
  return number < std::size(kCodeNames) ? kCodeNames[number] : "code " + std::to_string(code);
}

bool Expect(bool is_right, std::string_view expectation) {
  if (!is_right) {
    std::fprintf(stderr, "unexpected answer; expected %.*s\n", static_cast<int>(expectation.size()),
                 expectation.data());
  }
  return is_right;
}

}  // namespace conversation
