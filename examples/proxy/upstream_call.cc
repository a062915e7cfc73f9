#include "examples/proxy/upstream_call.h"

#include <string_view>

namespace {

// Belongs to one hop, not to the call: each side says its own.
bool IsOfThisHop(std::string_view key) { return key == "user-agent"; }

}  // namespace

UpstreamCall::UpstreamCall(const std::shared_ptr<grpc::Channel>& channel,
                           weir::ServerContext& downstream)
    : method_(downstream.method()), stub_(channel) {
  for (const auto& [key, value] : downstream.client_metadata()) {
    if (!IsOfThisHop(key)) context_.AddMetadata(std::string(key), std::string(value));
  }
  context_.set_deadline(downstream.deadline());
  stub_.PrepareBidiStreamingCall(&context_, method_, grpc::StubOptions(), this);
  // The call stays until both directions have let go of it, below.
  AddMultipleHolds(2);
  StartCall();
}

bool UpstreamCall::Write(const weir::ByteBuffer& message) {
  const grpc::Slice bytes(message.data(), message.size());
  writing_ = grpc::ByteBuffer(&bytes, 1);
  StartWrite(&writing_);
  write_done_.acquire();
  return has_written_;
}

void UpstreamCall::EndWrites() {
  StartWritesDone();
  RemoveHold();
}

bool UpstreamCall::Read(weir::ByteBuffer* message) {
  StartRead(&reading_);
  read_done_.acquire();
  if (!has_read_) {
    RemoveHold();
    return false;
  }
  grpc::Slice bytes;
  reading_.DumpToSingleSlice(&bytes);
  message->Assign({reinterpret_cast<const char*>(bytes.begin()), bytes.size()});
  return true;
}

weir::Status UpstreamCall::Finish() {
  const grpc::Status status = done_.get_future().get();
  return weir::Status(static_cast<weir::StatusCode>(status.error_code()), status.error_message(),
                      status.error_details());
}

void UpstreamCall::OnReadDone(bool ok) {
  has_read_ = ok;
  read_done_.release();
}

void UpstreamCall::OnWriteDone(bool ok) {
  has_written_ = ok;
  write_done_.release();
}

void UpstreamCall::OnDone(const grpc::Status& status) { done_.set_value(status); }
