// The cases about how a call ends when it does not succeed.
#include "interop/client/test_case.h"

namespace weir::interop {
namespace {

using ::grpc::ClientContext;
using ::grpc::Status;
using ::grpc::StatusCode;
using ::grpc::testing::Empty;
using ::grpc::testing::SimpleRequest;
using ::grpc::testing::SimpleResponse;
using ::grpc::testing::StreamingOutputCallRequest;
using ::grpc::testing::StreamingOutputCallResponse;
using ::grpc::testing::upstream::TestService;
using ::grpc::testing::upstream::UnimplementedService;

Status UnaryWithStatus(const Target& target, StatusCode code, const std::string& message) {
  ClientContext context;
  SetDeadline(context);
  SimpleRequest request;
  request.mutable_response_status()->set_code(code);
  request.mutable_response_status()->set_message(message);
  SimpleResponse response;
  return TestService::NewStub(target.channel)->UnaryCall(&context, request, &response);
}

Status DuplexWithStatus(const Target& target, StatusCode code, const std::string& message) {
  ClientContext context;
  SetDeadline(context);
  auto stream = TestService::NewStub(target.channel)->FullDuplexCall(&context);
  StreamingOutputCallRequest request;
  request.mutable_response_status()->set_code(code);
  request.mutable_response_status()->set_message(message);
  stream->Write(request);
  stream->WritesDone();
  StreamingOutputCallResponse response;
  while (stream->Read(&response)) {
  }
  return stream->Finish();
}

void StatusCodeAndMessage(const Target& target, Verdict& verdict) {
  const std::string message = "test status message";
  const Status unary = UnaryWithStatus(target, StatusCode::UNKNOWN, message);
  verdict.ExpectStatus(unary, StatusCode::UNKNOWN, "UnaryCall");
  verdict.ExpectEqual(unary.error_message(), message, "message of UnaryCall");
  const Status duplex = DuplexWithStatus(target, StatusCode::UNKNOWN, message);
  verdict.ExpectStatus(duplex, StatusCode::UNKNOWN, "FullDuplexCall");
  verdict.ExpectEqual(duplex.error_message(), message, "message of FullDuplexCall");
}

void SpecialStatusMessage(const Target& target, Verdict& verdict) {
  // White space at both ends, U+263A inside and U+1F608 outside the Basic Multilingual Plane.
  const std::string message =
      "\t\ntest with whitespace\r\nand Unicode BMP \xe2\x98\xba and non-BMP \xf0\x9f\x98\x88\t\n";
  const Status status = UnaryWithStatus(target, StatusCode::UNKNOWN, message);
  verdict.ExpectStatus(status, StatusCode::UNKNOWN, "UnaryCall");
  verdict.ExpectEqual(status.error_message(), message, "message");
}

void UnimplementedMethod(const Target& target, Verdict& verdict) {
  ClientContext context;
  SetDeadline(context);
  Empty response;
  Status status =
      TestService::NewStub(target.channel)->UnimplementedCall(&context, Empty(), &response);
  verdict.ExpectStatus(status, StatusCode::UNIMPLEMENTED, "TestService/UnimplementedCall");
}

void UnimplementedServiceCase(const Target& target, Verdict& verdict) {
  ClientContext context;
  SetDeadline(context);
  Empty response;
  Status status = UnimplementedService::NewStub(target.channel)
                      ->UnimplementedCall(&context, Empty(), &response);
  verdict.ExpectStatus(status, StatusCode::UNIMPLEMENTED, "UnimplementedService/UnimplementedCall");
}

constexpr TestCase kCases[] = {
    {"status_code_and_message", StatusCodeAndMessage},
    {"special_status_message", SpecialStatusMessage},
    {"unimplemented_method", UnimplementedMethod},
    {"unimplemented_service", UnimplementedServiceCase},
};

}  // namespace

std::span<const TestCase> StatusCases() { return kCases; }

}  // namespace weir::interop
