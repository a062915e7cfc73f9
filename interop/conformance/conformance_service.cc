#include "interop/conformance/conformance_service.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/repeated_ptr_field.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "google/rpc/status.pb.h"
#include "interop/conformance/binary_header.h"

namespace weir::interop {
namespace {

using ::connectrpc::conformance::v1::BidiStreamRequest;
using ::connectrpc::conformance::v1::BidiStreamResponse;
using ::connectrpc::conformance::v1::ClientStreamRequest;
using ::connectrpc::conformance::v1::ClientStreamResponse;
using ::connectrpc::conformance::v1::ConformancePayload;
using ::connectrpc::conformance::v1::Error;
using ::connectrpc::conformance::v1::Header;
using ::connectrpc::conformance::v1::ServerStreamRequest;
using ::connectrpc::conformance::v1::ServerStreamResponse;
using ::connectrpc::conformance::v1::StreamResponseDefinition;
using ::connectrpc::conformance::v1::UnaryRequest;
using ::connectrpc::conformance::v1::UnaryResponse;
using ::connectrpc::conformance::v1::UnaryResponseDefinition;

using Headers = ::google::protobuf::RepeatedPtrField<Header>;
using RequestInfo = ConformancePayload::RequestInfo;

// What the suite wants to hear about a call beside its messages. Metadata is sorted by name.
RequestInfo DescribeCall(ServerContext& context) {
  RequestInfo info;
  Header* header = nullptr;
  for (const auto& [name, value] : context.client_metadata()) {
    if (header == nullptr || header->name() != name) {
      header = info.add_request_headers();
      header->set_name(std::string(name));
    }
    header->add_value(IsBinaryHeader(name) ? EncodeBinaryHeader(value) : std::string(value));
  }
  if (const auto timeout = context.requested_timeout()) {
    info.set_timeout_ms(std::chrono::duration_cast<std::chrono::milliseconds>(*timeout).count());
  }
  return info;
}

// Hands each value of `headers` to `add`; false when one is refused.
template <typename Add>
bool AddAll(const Headers& headers, const Add& add) {
  for (const Header& header : headers) {
    for (const std::string& value : header.value()) {
      const std::string raw = IsBinaryHeader(header.name()) ? DecodeBinaryHeader(value) : value;
      if (!add(LowerCase(header.name()), raw)) return false;
    }
  }
  return true;
}

// Sets what `wanted`, one of the two definitions, says about metadata.
template <typename Definition>
Status SetMetadata(ServerContext& context, const Definition& wanted) {
  const bool is_set =
      AddAll(wanted.response_headers(),
             [&](const std::string& name, const std::string& value) {
               return context.AddInitialMetadata(name, value);
             }) &&
      AddAll(wanted.response_trailers(), [&](const std::string& name, const std::string& value) {
        return context.AddTrailingMetadata(name, value);
      });
  return is_set ? Status::OK
                : Status(StatusCode::INVALID_ARGUMENT, "the definition has invalid metadata");
}

// `info`, if there is one, travels in the details: no response tells what was received.
Status ToStatus(const Error& wanted, const RequestInfo* info) {
  ::google::rpc::Status details;
  details.set_code(wanted.code());
  details.set_message(wanted.message());
  *details.mutable_details() = wanted.details();
  if (info != nullptr) details.add_details()->PackFrom(*info);
  return Status(static_cast<StatusCode>(wanted.code()), wanted.message(),
                details.SerializeAsString());
}

// Answers in a compression that the client understands: the suite varies which one that is.
void ChooseCompression(ServerContext& context) {
  for (const CompressionAlgorithm algorithm :
       {CompressionAlgorithm::kGzip, CompressionAlgorithm::kZstd, CompressionAlgorithm::kDeflate}) {
    if (!context.AcceptsCompression(algorithm)) continue;
    context.set_compression_algorithm(algorithm);
    return;
  }
}

// False when the call is over before the time is.
Task<bool> Pause(ServerContext& context, uint32_t milliseconds) {
  if (milliseconds == 0) co_return true;
  co_return co_await context.SleepFor(std::chrono::milliseconds(milliseconds));
}

// The end of a call with one response: fills in `payload`, or fails as `wanted` says. `wanted` is
// null when the client left it open.
Task<Status> Answer(ServerContext& context, const UnaryResponseDefinition* wanted,
                    const RequestInfo& info, ConformancePayload* payload) {
  if (wanted != nullptr) {
    Status status = SetMetadata(context, *wanted);
    if (!status.ok()) co_return status;
    if (!co_await Pause(context, wanted->response_delay_ms())) co_return Status::CANCELLED;
    if (wanted->has_error()) co_return ToStatus(wanted->error(), &info);
    payload->set_data(wanted->response_data());
  }
  *payload->mutable_request_info() = info;
  co_return Status::OK;
}

// The responses of one call, in order. `Stream` is a Writer or a ReaderWriter of `Response`.
template <typename Response, typename Stream>
class Responses {
 public:
  // All of them outlive this object. `wanted` and `info` may change until they are used.
  Responses(ServerContext& context, const StreamResponseDefinition& wanted, RequestInfo& info,
            Stream& stream)
      : context_(context), wanted_(wanted), info_(info), stream_(stream) {}

  bool is_done() const { return sent_ == wanted_.response_data_size(); }

  // Sends the next response, with what was received since the one before.
  Task<Status> SendNext() {
    if (!co_await Pause(context_, wanted_.response_delay_ms())) co_return Status::CANCELLED;
    Response response;
    ConformancePayload* payload = response.mutable_payload();
    payload->set_data(wanted_.response_data(sent_++));
    if (info_.requests_size() > 0) payload->mutable_request_info()->Swap(&info_);
    co_return co_await stream_.Write(response) ? Status::OK : Status::CANCELLED;
  }

  // Sends what is left and ends the call as wanted.
  Task<Status> Finish() {
    while (!is_done()) {
      Status status = co_await SendNext();
      if (!status.ok()) co_return status;
    }
    if (!wanted_.has_error()) co_return Status::OK;
    co_return ToStatus(wanted_.error(), sent_ == 0 ? &info_ : nullptr);
  }

 private:
  ServerContext& context_;
  const StreamResponseDefinition& wanted_;
  RequestInfo& info_;
  Stream& stream_;
  int sent_ = 0;
};

}  // namespace

Task<Status> ConformanceService::Unary(ServerContext& context, const UnaryRequest& request,
                                       UnaryResponse& response) {
  ChooseCompression(context);
  RequestInfo info = DescribeCall(context);
  info.add_requests()->PackFrom(request);
  co_return co_await Answer(
      context, request.has_response_definition() ? &request.response_definition() : nullptr, info,
      response.mutable_payload());
}

Task<Status> ConformanceService::ServerStream(ServerContext& context,
                                              const ServerStreamRequest& request,
                                              Writer<ServerStreamResponse>& writer) {
  if (!request.has_response_definition()) co_return Status::OK;
  ChooseCompression(context);
  RequestInfo info = DescribeCall(context);
  info.add_requests()->PackFrom(request);
  Status status = SetMetadata(context, request.response_definition());
  if (!status.ok()) co_return status;
  writer.SendInitialMetadata();
  Responses<ServerStreamResponse, Writer<ServerStreamResponse>> responses(
      context, request.response_definition(), info, writer);
  co_return co_await responses.Finish();
}

Task<Status> ConformanceService::ClientStream(ServerContext& context,
                                              Reader<ClientStreamRequest>& reader,
                                              ClientStreamResponse& response) {
  ChooseCompression(context);
  RequestInfo info = DescribeCall(context);
  ClientStreamRequest first;
  ReadResult read = co_await reader.Read(&first);
  if (read) info.add_requests()->PackFrom(first);
  ClientStreamRequest request;
  while (read) {
    read = co_await reader.Read(&request);
    if (read) info.add_requests()->PackFrom(request);
  }
  if (read.is_failed()) co_return Status::CANCELLED;
  co_return co_await Answer(
      context, first.has_response_definition() ? &first.response_definition() : nullptr, info,
      response.mutable_payload());
}

Task<Status> ConformanceService::BidiStream(
    ServerContext& context, ReaderWriter<BidiStreamRequest, BidiStreamResponse>& stream) {
  ChooseCompression(context);
  RequestInfo info = DescribeCall(context);
  BidiStreamRequest first;
  ReadResult read = co_await stream.Read(&first);
  if (read.is_failed()) co_return Status::CANCELLED;
  if (read.is_end()) co_return Status::OK;
  const StreamResponseDefinition& wanted = first.response_definition();
  Status status = SetMetadata(context, wanted);
  if (!status.ok()) co_return status;
  if (first.full_duplex()) stream.SendInitialMetadata();

  Responses<BidiStreamResponse, ReaderWriter<BidiStreamRequest, BidiStreamResponse>> responses(
      context, wanted, info, stream);
  info.add_requests()->PackFrom(first);
  BidiStreamRequest request;
  while (read) {
    if (first.full_duplex()) {
      // A request that finds no response left ends the call, whatever follows it.
      if (responses.is_done()) break;
      status = co_await responses.SendNext();
      if (!status.ok()) co_return status;
    }
    read = co_await stream.Read(&request);
    if (read) info.add_requests()->PackFrom(request);
  }
  if (read.is_failed()) co_return Status::CANCELLED;
  stream.SendInitialMetadata();
  co_return co_await responses.Finish();
}

}  // namespace weir::interop
