#include "bench/streams_check.h"

#include <chrono>
#include <cstdint>

#include "bench/streams.grpc.pb.h"

namespace weir::bench {
namespace {

using Stub = upstream::Streams::Stub;

// More than what fits into a window of 64 KiB, so that flow control is part of the check.
constexpr uint32_t kMessages = 20;
constexpr uint32_t kBytes = 10'000;

void LimitTime(grpc::ClientContext* context) {
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
}

std::string Describe(const char* method, const grpc::Status& status) {
  if (status.ok()) return "";
  return std::string(method) + " fails with code " + std::to_string(status.error_code()) + ": " +
         status.error_message();
}

std::string CheckDownload(Stub* stub) {
  grpc::ClientContext context;
  LimitTime(&context);
  DownloadRequest request;
  request.set_messages(kMessages);
  request.set_bytes(kBytes);
  auto reader = stub->Download(&context, request);
  Chunk chunk;
  uint32_t count = 0;
  bool is_right = true;
  for (; reader->Read(&chunk); ++count) {
    is_right = is_right && chunk.payload() == std::string(kBytes, 'x');
  }
  const std::string failure = Describe("Download", reader->Finish());
  if (!failure.empty()) return failure;
  if (count != kMessages) return "Download gives " + std::to_string(count) + " messages";
  return is_right ? "" : "Download gives other bytes than asked for";
}

std::string CheckUpload(Stub* stub) {
  grpc::ClientContext context;
  LimitTime(&context);
  UploadSummary summary;
  auto writer = stub->Upload(&context, &summary);
  Chunk chunk;
  chunk.set_payload(std::string(kBytes, 'u'));
  for (uint32_t i = 0; i < kMessages; ++i) writer->Write(chunk);
  writer->WritesDone();
  const std::string failure = Describe("Upload", writer->Finish());
  if (!failure.empty()) return failure;
  const bool is_right =
      summary.messages() == kMessages && summary.bytes() == uint64_t{kMessages} * kBytes;
  return is_right ? "" : "Upload counts wrongly";
}

std::string CheckChat(Stub* stub) {
  grpc::ClientContext context;
  LimitTime(&context);
  auto stream = stub->Chat(&context);
  bool is_right = true;
  for (uint32_t i = 0; i < kMessages; ++i) {
    Chunk chunk;
    chunk.set_payload(std::string(i, static_cast<char>('a' + i)));
    Chunk answer;
    is_right = is_right && stream->Write(chunk) && stream->Read(&answer) &&
               answer.payload() == chunk.payload();
  }
  stream->WritesDone();
  const std::string failure = Describe("Chat", stream->Finish());
  if (!failure.empty()) return failure;
  return is_right ? "" : "Chat does not send back what it gets";
}

}  // namespace

std::string CheckStreams(const std::shared_ptr<grpc::Channel>& channel) {
  const std::unique_ptr<Stub> stub = upstream::Streams::NewStub(channel);
  for (auto* check : {&CheckDownload, &CheckUpload, &CheckChat}) {
    const std::string failure = check(stub.get());
    if (!failure.empty()) return failure;
  }
  return "";
}

}  // namespace weir::bench
