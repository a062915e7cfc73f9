// The cases in which one message goes each way.
#include "interop/client/test_case.h"

namespace weir::interop {
namespace {

using ::grpc::ClientContext;
using ::grpc::Status;
using ::grpc::testing::Empty;
using ::grpc::testing::SimpleRequest;
using ::grpc::testing::SimpleResponse;
using ::grpc::testing::StreamingOutputCallRequest;
using ::grpc::testing::StreamingOutputCallResponse;
using ::grpc::testing::upstream::TestService;

constexpr char kEchoInitialKey[] = "x-grpc-test-echo-initial";
constexpr char kEchoInitialValue[] = "test_initial_metadata_value";
constexpr char kEchoTrailingKey[] = "x-grpc-test-echo-trailing-bin";
constexpr char kEchoTrailingValue[] = "\xab\xab\xab";

void EmptyUnary(const Target& target, Verdict& verdict) {
  ClientContext context;
  SetDeadline(context);
  Empty response;
  Status status = TestService::NewStub(target.channel)->EmptyCall(&context, Empty(), &response);
  verdict.ExpectOk(status, "EmptyCall");
  verdict.ExpectEqual(response.ByteSizeLong(), size_t{0}, "size of the response");
}

void LargeUnary(const Target& target, Verdict& verdict) {
  ClientContext context;
  SetDeadline(context);
  SimpleResponse response;
  Status status =
      TestService::NewStub(target.channel)->UnaryCall(&context, MakeLargeRequest(), &response);
  verdict.ExpectOk(status, "UnaryCall");
  ExpectZeros(verdict, response.payload(), kLargeResponseBytes, "response");
}

void AddEchoMetadata(ClientContext& context) {
  context.AddMetadata(kEchoInitialKey, kEchoInitialValue);
  context.AddMetadata(kEchoTrailingKey, kEchoTrailingValue);
}

std::string ValueOf(const std::multimap<::grpc::string_ref, ::grpc::string_ref>& metadata,
                    const char* key) {
  auto found = metadata.find(key);
  if (found == metadata.end()) return "(nothing)";
  return std::string(found->second.data(), found->second.size());
}

void ExpectEchoedMetadata(Verdict& verdict, const ClientContext& context) {
  verdict.ExpectEqual<std::string>(ValueOf(context.GetServerInitialMetadata(), kEchoInitialKey),
                                   kEchoInitialValue, "echoed initial metadata");
  verdict.ExpectEqual<std::string>(ValueOf(context.GetServerTrailingMetadata(), kEchoTrailingKey),
                                   kEchoTrailingValue, "echoed trailing metadata");
}

void CustomMetadataUnary(const Target& target, Verdict& verdict) {
  ClientContext context;
  SetDeadline(context);
  AddEchoMetadata(context);
  SimpleResponse response;
  Status status =
      TestService::NewStub(target.channel)->UnaryCall(&context, MakeLargeRequest(), &response);
  verdict.ExpectOk(status, "UnaryCall");
  ExpectEchoedMetadata(verdict, context);
}

void CustomMetadataDuplex(const Target& target, Verdict& verdict) {
  ClientContext context;
  SetDeadline(context);
  AddEchoMetadata(context);
  auto stream = TestService::NewStub(target.channel)->FullDuplexCall(&context);
  StreamingOutputCallRequest request;
  request.add_response_parameters()->set_size(kLargeResponseBytes);
  *request.mutable_payload() = MakePayload(kLargeRequestBytes);
  verdict.Expect(stream->Write(request), "FullDuplexCall did not take the request");
  stream->WritesDone();
  StreamingOutputCallResponse response;
  verdict.Expect(stream->Read(&response), "FullDuplexCall gave no response");
  ExpectZeros(verdict, response.payload(), kLargeResponseBytes, "response");
  verdict.Expect(!stream->Read(&response), "FullDuplexCall gave a second response");
  verdict.ExpectOk(stream->Finish(), "FullDuplexCall");
  ExpectEchoedMetadata(verdict, context);
}

void CustomMetadata(const Target& target, Verdict& verdict) {
  CustomMetadataUnary(target, verdict);
  CustomMetadataDuplex(target, verdict);
}

constexpr TestCase kCases[] = {
    {"empty_unary", EmptyUnary},
    {"large_unary", LargeUnary},
    {"custom_metadata", CustomMetadata},
};

}  // namespace

std::span<const TestCase> UnaryCases() { return kCases; }

}  // namespace weir::interop
