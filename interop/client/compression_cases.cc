// The cases about compressed messages: is each of them compressed when, and only when, it should
// be?
#include <grpc/compression.h>

#include "interop/client/message_inspector.h"
#include "interop/client/test_case.h"

namespace weir::interop {
namespace {

using ::grpc::ClientContext;
using ::grpc::Status;
using ::grpc::StatusCode;
using ::grpc::WriteOptions;
using ::grpc::testing::InteropClientContextInspector;
using ::grpc::testing::SimpleRequest;
using ::grpc::testing::SimpleResponse;
using ::grpc::testing::StreamingInputCallRequest;
using ::grpc::testing::StreamingInputCallResponse;
using ::grpc::testing::StreamingOutputCallRequest;
using ::grpc::testing::StreamingOutputCallResponse;
using ::grpc::testing::upstream::TestService;

// One request, sent compressed or not, that announces itself as compressed or not.
Status CallWithRequest(const Target& target, bool is_announced, bool is_compressed,
                       SimpleResponse* response) {
  ClientContext context;
  SetDeadline(context);
  if (is_compressed) context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  SimpleRequest request = MakeLargeRequest();
  request.mutable_expect_compressed()->set_value(is_announced);
  return TestService::NewStub(target.channel)->UnaryCall(&context, request, response);
}

void ClientCompressedUnary(const Target& target, Verdict& verdict) {
  SimpleResponse response;
  // A server that does not look at the compressed flag at all would pass the rest.
  verdict.ExpectStatus(CallWithRequest(target, true, false, &response),
                       StatusCode::INVALID_ARGUMENT, "the call that announces it wrongly");
  verdict.ExpectOk(CallWithRequest(target, true, true, &response), "the compressed call");
  ExpectZeros(verdict, response.payload(), kLargeResponseBytes, "response to the compressed call");
  verdict.ExpectOk(CallWithRequest(target, false, false, &response), "the uncompressed call");
  ExpectZeros(verdict, response.payload(), kLargeResponseBytes, "response to the other call");
}

void ServerCompressedUnary(const Target& target, Verdict& verdict) {
  for (bool wanted : {true, false}) {
    ClientContext context;
    SetDeadline(context);
    SimpleRequest request = MakeLargeRequest();
    request.mutable_response_compressed()->set_value(wanted);
    SimpleResponse response;
    Status status = TestService::NewStub(target.channel)->UnaryCall(&context, request, &response);
    verdict.ExpectOk(status, "UnaryCall");
    ExpectZeros(verdict, response.payload(), kLargeResponseBytes, "response");
    verdict.Expect(InteropClientContextInspector(context).WasCompressed() == wanted,
                   wanted ? "the response is not compressed" : "the response is compressed");
  }
}

// A single uncompressed message that says it is compressed: the server must refuse the call at
// once.
void ProbeClientStreaming(const Target& target, Verdict& verdict) {
  ClientContext context;
  SetDeadline(context);
  StreamingInputCallResponse response;
  auto writer = TestService::NewStub(target.channel)->StreamingInputCall(&context, &response);
  StreamingInputCallRequest request;
  request.mutable_expect_compressed()->set_value(true);
  *request.mutable_payload() = MakePayload(27'182);
  writer->Write(request);
  // No WritesDone: the server must not wait for it.
  verdict.ExpectStatus(writer->Finish(), StatusCode::INVALID_ARGUMENT,
                       "the call that announces it wrongly");
}

void ClientCompressedStreaming(const Target& target, Verdict& verdict) {
  ProbeClientStreaming(target, verdict);

  ClientContext context;
  SetDeadline(context);
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  StreamingInputCallResponse response;
  auto writer = TestService::NewStub(target.channel)->StreamingInputCall(&context, &response);
  StreamingInputCallRequest request;
  request.mutable_expect_compressed()->set_value(true);
  *request.mutable_payload() = MakePayload(27'182);
  verdict.Expect(writer->Write(request), "the compressed message was not taken");
  request.mutable_expect_compressed()->set_value(false);
  *request.mutable_payload() = MakePayload(45'904);
  verdict.Expect(writer->Write(request, WriteOptions().set_no_compression()),
                 "the uncompressed message was not taken");
  writer->WritesDone();
  verdict.ExpectOk(writer->Finish(), "StreamingInputCall");
  verdict.ExpectEqual(response.aggregated_payload_size(), 73'086, "sum of the sizes");
}

void ServerCompressedStreaming(const Target& target, Verdict& verdict) {
  struct Wanted {
    int size;
    bool is_compressed;
  };
  constexpr Wanted kWanted[] = {{31'415, true}, {92'653, false}};

  ClientContext context;
  SetDeadline(context);
  StreamingOutputCallRequest request;
  for (const Wanted& wanted : kWanted) {
    auto* parameters = request.add_response_parameters();
    parameters->set_size(wanted.size);
    parameters->mutable_compressed()->set_value(wanted.is_compressed);
  }
  auto reader = TestService::NewStub(target.channel)->StreamingOutputCall(&context, request);
  StreamingOutputCallResponse response;
  for (const Wanted& wanted : kWanted) {
    verdict.Expect(reader->Read(&response), "StreamingOutputCall gave too few responses");
    ExpectZeros(verdict, response.payload(), wanted.size, "response");
    verdict.Expect(
        InteropClientContextInspector(context).WasCompressed() == wanted.is_compressed,
        wanted.is_compressed ? "a response is not compressed" : "a response is compressed");
  }
  verdict.Expect(!reader->Read(&response), "StreamingOutputCall gave too many responses");
  verdict.ExpectOk(reader->Finish(), "StreamingOutputCall");
}

constexpr TestCase kCases[] = {
    {"client_compressed_unary", ClientCompressedUnary},
    {"server_compressed_unary", ServerCompressedUnary},
    {"client_compressed_streaming", ClientCompressedStreaming},
    {"server_compressed_streaming", ServerCompressedStreaming},
};

}  // namespace

std::span<const TestCase> CompressionCases() { return kCases; }

}  // namespace weir::interop
