#include "interop/test_service.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace weir::interop {
namespace {

using ::grpc::testing::BoolValue;
using ::grpc::testing::EchoStatus;
using ::grpc::testing::Empty;
using ::grpc::testing::Payload;
using ::grpc::testing::PayloadType;
using ::grpc::testing::ResponseParameters;
using ::grpc::testing::SimpleRequest;
using ::grpc::testing::SimpleResponse;
using ::grpc::testing::StreamingInputCallRequest;
using ::grpc::testing::StreamingInputCallResponse;
using ::grpc::testing::StreamingOutputCallRequest;
using ::grpc::testing::StreamingOutputCallResponse;
using ::grpc::testing::TestOrcaReport;

using Duplex = ReaderWriter<StreamingOutputCallRequest, StreamingOutputCallResponse>;

// The suite asks for 314,159 bytes at most. A request costs its sender a few bytes, so what it can
// make the server allocate must have a limit.
constexpr int32_t kMaxPayloadBytes = 64 * 1024 * 1024;

// Responses that HalfDuplexCall remembers while it waits for the last request.
constexpr size_t kMaxRememberedResponses = 10'000;

// Where a call's load report travels (gRFC A51).
constexpr std::string_view kLoadReportKey = "endpoint-load-metrics-bin";

// How often a call looks whether the report that all subscribers see is free.
constexpr std::chrono::milliseconds kTurnCheckInterval(20);

constexpr std::string_view kEchoInitialKey = "x-grpc-test-echo-initial";
constexpr std::string_view kEchoTrailingKey = "x-grpc-test-echo-trailing-bin";
constexpr std::string_view kEchoUserAgentKey = "x-grpc-test-echo-useragent";

// "Echo metadata": sends back what the client put under the suite's keys.
void EchoMetadata(ServerContext& context) {
  const ClientMetadata& metadata = context.client_metadata();
  for (auto [at, end] = metadata.equal_range(kEchoInitialKey); at != end; ++at) {
    context.AddInitialMetadata(kEchoInitialKey, at->second);
  }
  for (auto [at, end] = metadata.equal_range(kEchoTrailingKey); at != end; ++at) {
    context.AddTrailingMetadata(kEchoTrailingKey, at->second);
  }
  if (metadata.contains(kEchoUserAgentKey)) {
    if (auto user_agent = metadata.find("user-agent"); user_agent != metadata.end()) {
      context.AddInitialMetadata(kEchoUserAgentKey, user_agent->second);
    }
  }
}

// "Echo status": the status that the client asked for.
Status ToStatus(const EchoStatus& wanted) {
  return Status(static_cast<StatusCode>(wanted.code()), wanted.message());
}

// "Compressed request": INVALID_ARGUMENT when a message came otherwise than the client announced.
Status CheckCompression(bool is_announced, const BoolValue& announced, bool is_compressed) {
  if (!is_announced || announced.value() == is_compressed) return Status::OK;
  return Status(StatusCode::INVALID_ARGUMENT, is_compressed
                                                  ? "the message is compressed, and should not be"
                                                  : "the message is not compressed, and should be");
}

Status CheckPayloadRequest(PayloadType type, int32_t size) {
  if (type != PayloadType::COMPRESSABLE) {
    return Status(StatusCode::INVALID_ARGUMENT,
                  "unknown payload type " + std::to_string(static_cast<int>(type)));
  }
  if (size < 0 || size > kMaxPayloadBytes) {
    return Status(StatusCode::INVALID_ARGUMENT, "the size of a payload must be between 0 and " +
                                                    std::to_string(kMaxPayloadBytes) + ", not " +
                                                    std::to_string(size));
  }
  return Status::OK;
}

void FillPayload(PayloadType type, int32_t size, Payload* payload) {
  payload->set_type(type);
  payload->mutable_body()->assign(static_cast<size_t>(size), '\0');
}

// The algorithm is a property of the call and must be chosen before its first message; single
// messages are exempted with WriteOptions.
void ChooseCompression(ServerContext& context, const StreamingOutputCallRequest& request) {
  const auto& wanted = request.response_parameters();
  if (std::any_of(wanted.begin(), wanted.end(),
                  [](const ResponseParameters& each) { return each.compressed().value(); })) {
    context.set_compression_algorithm(CompressionAlgorithm::kGzip);
  }
}

// Sends one response as `wanted` describes it. `Stream` is a Writer or a ReaderWriter.
template <typename Stream>
Task<Status> SendResponse(ServerContext& context, PayloadType type,
                          const ResponseParameters& wanted, Stream& stream) {
  Status status = CheckPayloadRequest(type, wanted.size());
  if (!status.ok()) co_return status;
  if (wanted.interval_us() > 0 &&
      !co_await context.SleepFor(std::chrono::microseconds(wanted.interval_us()))) {
    co_return Status::CANCELLED;
  }
  StreamingOutputCallResponse response;
  FillPayload(type, wanted.size(), response.mutable_payload());
  WriteOptions options;
  if (!wanted.compressed().value()) options.set_no_compression();
  if (!co_await stream.Write(response, options)) co_return Status::CANCELLED;
  co_return Status::OK;
}

// Sends all responses that one request asks for.
template <typename Stream>
Task<Status> SendResponses(ServerContext& context, const StreamingOutputCallRequest& request,
                           Stream& stream) {
  ChooseCompression(context, request);
  for (const ResponseParameters& wanted : request.response_parameters()) {
    Status status = co_await SendResponse(context, request.response_type(), wanted, stream);
    if (!status.ok()) co_return status;
  }
  co_return Status::OK;
}

// Makes `wanted` what the server reports until the call ends; waits for other calls that do so.
// False when this call ends before its turn comes.
Task<bool> ReportLoad(ServerContext& context, const TestOrcaReport& wanted,
                      LoadReports::Turn& turn) {
  while (!turn.TryTake()) {
    const bool is_time = co_await context.SleepFor(kTurnCheckInterval);
    if (!is_time) co_return false;
  }
  turn.Set(ToLoadReport(wanted));
  co_return true;
}

}  // namespace

TestService::TestService(LoadReports& reports)
    : reports_(reports), server_id_("process " + std::to_string(getpid())) {}

Task<Status> TestService::EmptyCall(ServerContext& context, const Empty&, Empty&) {
  EchoMetadata(context);
  co_return Status::OK;
}

Task<Status> TestService::UnaryCall(ServerContext& context, const SimpleRequest& request,
                                    SimpleResponse& response) {
  EchoMetadata(context);
  Status status = CheckCompression(request.has_expect_compressed(), request.expect_compressed(),
                                   context.request_compressed());
  if (!status.ok()) co_return status;
  if (request.response_status().code() != 0) co_return ToStatus(request.response_status());
  status = CheckPayloadRequest(request.response_type(), request.response_size());
  if (!status.ok()) co_return status;

  if (request.response_compressed().value()) {
    context.set_compression_algorithm(CompressionAlgorithm::kGzip);
  }
  if (request.has_orca_per_query_report()) {
    context.AddTrailingMetadata(kLoadReportKey,
                                ToLoadReport(request.orca_per_query_report()).SerializeAsString());
  }
  if (request.fill_server_id()) response.set_server_id(server_id_);
  FillPayload(request.response_type(), request.response_size(), response.mutable_payload());
  co_return Status::OK;
}

Task<Status> TestService::StreamingOutputCall(ServerContext& context,
                                              const StreamingOutputCallRequest& request,
                                              Writer<StreamingOutputCallResponse>& writer) {
  if (request.response_status().code() != 0) co_return ToStatus(request.response_status());
  co_return co_await SendResponses(context, request, writer);
}

Task<Status> TestService::StreamingInputCall(ServerContext& context,
                                             Reader<StreamingInputCallRequest>& reader,
                                             StreamingInputCallResponse& response) {
  uint32_t total = 0;
  StreamingInputCallRequest request;
  ReadResult read = co_await reader.Read(&request);
  while (read) {
    Status status = CheckCompression(request.has_expect_compressed(), request.expect_compressed(),
                                     context.request_compressed());
    if (!status.ok()) co_return status;
    total += static_cast<uint32_t>(request.payload().body().size());
    read = co_await reader.Read(&request);
  }
  if (read.is_failed()) co_return Status::CANCELLED;
  response.set_aggregated_payload_size(static_cast<int32_t>(total));
  co_return Status::OK;
}

Task<Status> TestService::FullDuplexCall(ServerContext& context, Duplex& stream) {
  EchoMetadata(context);
  LoadReports::Turn turn(reports_);
  StreamingOutputCallRequest request;
  ReadResult read = co_await stream.Read(&request);
  while (read) {
    if (request.response_status().code() != 0) co_return ToStatus(request.response_status());
    if (request.has_orca_oob_report()) {
      if (!co_await ReportLoad(context, request.orca_oob_report(), turn)) {
        co_return Status::CANCELLED;
      }
    }
    Status status = co_await SendResponses(context, request, stream);
    if (!status.ok()) co_return status;
    read = co_await stream.Read(&request);
  }
  co_return read.is_end() ? Status::OK : Status::CANCELLED;
}

Task<Status> TestService::HalfDuplexCall(ServerContext& context, Duplex& stream) {
  // What was asked for is remembered as one request; its payloads are not.
  StreamingOutputCallRequest remembered;
  StreamingOutputCallRequest request;
  ReadResult read = co_await stream.Read(&request);
  while (read) {
    remembered.set_response_type(request.response_type());
    remembered.mutable_response_parameters()->MergeFrom(request.response_parameters());
    if (static_cast<size_t>(remembered.response_parameters_size()) > kMaxRememberedResponses) {
      co_return Status(StatusCode::RESOURCE_EXHAUSTED, "a half-duplex call may ask for at most " +
                                                           std::to_string(kMaxRememberedResponses) +
                                                           " responses");
    }
    read = co_await stream.Read(&request);
  }
  if (read.is_failed()) co_return Status::CANCELLED;
  co_return co_await SendResponses(context, remembered, stream);
}

}  // namespace weir::interop
