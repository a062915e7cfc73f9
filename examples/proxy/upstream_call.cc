#include "examples/proxy/upstream_call.h"

#include <algorithm>
#include <string_view>

namespace {

bool IsKeyCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
}

// Whether a client of gRPC C++ may send it. HTTP/2 allows more than gRPC does, weir shows its
// handlers what came, and gRPC C++ ends the program for it.
bool IsForGrpc(std::string_view key, std::string_view value) {
  if (!std::ranges::all_of(key, IsKeyCharacter)) return false;
  return key.ends_with("-bin") ||
         std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
}

// Belongs to one hop, not to the call: each side says its own.
bool IsOfThisHop(std::string_view key) { return key == "user-agent"; }

}  // namespace

UpstreamCall::UpstreamCall(const std::shared_ptr<grpc::Channel>& channel,
                           weir::ServerContext& downstream)
    : method_(downstream.method()), stub_(channel) {
  for (const auto& [key, value] : downstream.client_metadata()) {
    if (IsOfThisHop(key) || !IsForGrpc(key, value)) continue;
    context_.AddMetadata(std::string(key), std::string(value));
  }
  context_.set_deadline(downstream.deadline());
  stub_.PrepareBidiStreamingCall(&context_, method_, grpc::StubOptions(), this);
  hold_ = std::make_unique<Hold>(*this);
  StartCall();
}

UpstreamCall::~UpstreamCall() {
  if (hold_->call == nullptr) return;
  Cancel();
  static_cast<void>(Finish());
}

const UpstreamCall::Metadata* UpstreamCall::WaitForInitialMetadata() {
  headers_done_.acquire();
  return has_headers_ ? &context_.GetServerInitialMetadata() : nullptr;
}

bool UpstreamCall::Read(weir::ByteBuffer* message) {
  StartRead(&reading_);
  read_done_.acquire();
  if (!has_read_) return false;
  grpc::Slice bytes;
  reading_.DumpToSingleSlice(&bytes);
  message->Assign({reinterpret_cast<const char*>(bytes.begin()), bytes.size()});
  return true;
}

bool UpstreamCall::Write(const weir::ByteBuffer& message) {
  const grpc::Slice bytes(message.data(), message.size());
  writing_ = grpc::ByteBuffer(&bytes, 1);
  StartWrite(&writing_);
  write_done_.acquire();
  return has_written_;
}

void UpstreamCall::EndWrites() { StartWritesDone(); }

weir::Status UpstreamCall::Finish() {
  hold_->Release();
  const grpc::Status status = end_.get();
  return weir::Status(static_cast<weir::StatusCode>(status.error_code()), status.error_message(),
                      status.error_details());
}

void UpstreamCall::OnReadInitialMetadataDone(bool ok) {
  has_headers_ = ok;
  headers_done_.release();
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
