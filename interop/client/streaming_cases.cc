// The cases in which one side or both send several messages, or give up in the middle.
#include "interop/client/test_case.h"

namespace weir::interop {
namespace {

using ::grpc::ClientContext;
using ::grpc::Status;
using ::grpc::StatusCode;
using ::grpc::testing::StreamingInputCallRequest;
using ::grpc::testing::StreamingInputCallResponse;
using ::grpc::testing::StreamingOutputCallRequest;
using ::grpc::testing::StreamingOutputCallResponse;
using ::grpc::testing::upstream::TestService;

// Sizes of payloads that the suite prescribes.
constexpr int kRequestSizes[] = {27'182, 8, 1'828, 45'904};
constexpr int kRequestSizesSum = 74'922;
constexpr int kResponseSizes[] = {31'415, 9, 2'653, 58'979};

void ClientStreaming(const Target& target, Verdict& verdict) {
  ClientContext context;
  SetDeadline(context);
  StreamingInputCallResponse response;
  auto writer = TestService::NewStub(target.channel)->StreamingInputCall(&context, &response);
  StreamingInputCallRequest request;
  for (int size : kRequestSizes) {
    *request.mutable_payload() = MakePayload(size);
    verdict.Expect(writer->Write(request), "StreamingInputCall did not take a request");
  }
  writer->WritesDone();
  verdict.ExpectOk(writer->Finish(), "StreamingInputCall");
  verdict.ExpectEqual(response.aggregated_payload_size(), kRequestSizesSum, "sum of the sizes");
}

void ServerStreaming(const Target& target, Verdict& verdict) {
  ClientContext context;
  SetDeadline(context);
  StreamingOutputCallRequest request;
  for (int size : kResponseSizes) request.add_response_parameters()->set_size(size);
  auto reader = TestService::NewStub(target.channel)->StreamingOutputCall(&context, request);
  StreamingOutputCallResponse response;
  for (int size : kResponseSizes) {
    verdict.Expect(reader->Read(&response), "StreamingOutputCall gave too few responses");
    ExpectZeros(verdict, response.payload(), size, "response");
  }
  verdict.Expect(!reader->Read(&response), "StreamingOutputCall gave too many responses");
  verdict.ExpectOk(reader->Finish(), "StreamingOutputCall");
}

void PingPong(const Target& target, Verdict& verdict) {
  ClientContext context;
  SetDeadline(context);
  auto stream = TestService::NewStub(target.channel)->FullDuplexCall(&context);
  for (size_t i = 0; i < std::size(kRequestSizes); ++i) {
    StreamingOutputCallRequest request;
    request.add_response_parameters()->set_size(kResponseSizes[i]);
    *request.mutable_payload() = MakePayload(kRequestSizes[i]);
    verdict.Expect(stream->Write(request), "FullDuplexCall did not take a request");
    StreamingOutputCallResponse response;
    verdict.Expect(stream->Read(&response), "FullDuplexCall did not answer a request");
    ExpectZeros(verdict, response.payload(), kResponseSizes[i], "response");
  }
  stream->WritesDone();
  StreamingOutputCallResponse response;
  verdict.Expect(!stream->Read(&response), "FullDuplexCall gave too many responses");
  verdict.ExpectOk(stream->Finish(), "FullDuplexCall");
}

// Not a case of the published suite, but of every server that takes part in it.
void HalfDuplex(const Target& target, Verdict& verdict) {
  ClientContext context;
  SetDeadline(context);
  auto stream = TestService::NewStub(target.channel)->HalfDuplexCall(&context);
  for (int size : kResponseSizes) {
    StreamingOutputCallRequest request;
    request.add_response_parameters()->set_size(size);
    verdict.Expect(stream->Write(request), "HalfDuplexCall did not take a request");
  }
  stream->WritesDone();
  StreamingOutputCallResponse response;
  for (int size : kResponseSizes) {
    verdict.Expect(stream->Read(&response), "HalfDuplexCall gave too few responses");
    ExpectZeros(verdict, response.payload(), size, "response");
  }
  verdict.Expect(!stream->Read(&response), "HalfDuplexCall gave too many responses");
  verdict.ExpectOk(stream->Finish(), "HalfDuplexCall");
}

void EmptyStream(const Target& target, Verdict& verdict) {
  ClientContext context;
  SetDeadline(context);
  auto stream = TestService::NewStub(target.channel)->FullDuplexCall(&context);
  stream->WritesDone();
  StreamingOutputCallResponse response;
  verdict.Expect(!stream->Read(&response), "FullDuplexCall answered a request that was not sent");
  verdict.ExpectOk(stream->Finish(), "FullDuplexCall");
}

void CancelAfterBegin(const Target& target, Verdict& verdict) {
  ClientContext context;
  SetDeadline(context);
  StreamingInputCallResponse response;
  auto writer = TestService::NewStub(target.channel)->StreamingInputCall(&context, &response);
  context.TryCancel();
  verdict.ExpectStatus(writer->Finish(), StatusCode::CANCELLED, "StreamingInputCall");
}

void CancelAfterFirstResponse(const Target& target, Verdict& verdict) {
  ClientContext context;
  SetDeadline(context);
  auto stream = TestService::NewStub(target.channel)->FullDuplexCall(&context);
  StreamingOutputCallRequest request;
  request.add_response_parameters()->set_size(kResponseSizes[0]);
  *request.mutable_payload() = MakePayload(kRequestSizes[0]);
  verdict.Expect(stream->Write(request), "FullDuplexCall did not take the request");
  StreamingOutputCallResponse response;
  verdict.Expect(stream->Read(&response), "FullDuplexCall gave no response");
  ExpectZeros(verdict, response.payload(), kResponseSizes[0], "response");
  context.TryCancel();
  verdict.ExpectStatus(stream->Finish(), StatusCode::CANCELLED, "FullDuplexCall");
}

void TimeoutOnSleepingServer(const Target& target, Verdict& verdict) {
  ClientContext context;
  SetDeadline(context, std::chrono::milliseconds(1));
  auto stream = TestService::NewStub(target.channel)->FullDuplexCall(&context);
  StreamingOutputCallRequest request;
  *request.mutable_payload() = MakePayload(kRequestSizes[0]);
  stream->Write(request);  // May or may not be in time.
  StreamingOutputCallResponse response;
  verdict.Expect(!stream->Read(&response),
                 "FullDuplexCall answered a request that asks for nothing");
  verdict.ExpectStatus(stream->Finish(), StatusCode::DEADLINE_EXCEEDED, "FullDuplexCall");
}

constexpr TestCase kCases[] = {
    {"client_streaming", ClientStreaming},
    {"server_streaming", ServerStreaming},
    {"ping_pong", PingPong},
    {"half_duplex", HalfDuplex},
    {"empty_stream", EmptyStream},
    {"cancel_after_begin", CancelAfterBegin},
    {"cancel_after_first_response", CancelAfterFirstResponse},
    {"timeout_on_sleeping_server", TimeoutOnSleepingServer},
};

}  // namespace

std::span<const TestCase> StreamingCases() { return kCases; }

}  // namespace weir::interop
