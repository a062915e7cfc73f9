// One call to another server, of any method, as bytes.
#ifndef WEIR_EXAMPLES_PROXY_UPSTREAM_CALL_H_
#define WEIR_EXAMPLES_PROXY_UPSTREAM_CALL_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <future>
#include <memory>
#include <semaphore>
#include <string>

#include "weir/weir.h"

// What gRPC C++ lacks: a stream of bytes that waits. One thread may read while another writes.
class UpstreamCall final : private grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  // Begins a call of the method that the client of `downstream` wants, with the metadata and the
  // deadline it gave.
  UpstreamCall(const std::shared_ptr<grpc::Channel>& channel, weir::ServerContext& downstream);

  // False when the call is over.
  bool Write(const weir::ByteBuffer& message);
  // The client says nothing more. To be called once, after the last Write.
  void EndWrites();
  // False when no message follows. To be called until it says so.
  bool Read(weir::ByteBuffer* message);

  // Any thread.
  void Cancel() { context_.TryCancel(); }

  // Waits for the end, and says how it went. After EndWrites, and after Read has given false.
  weir::Status Finish();

  // Known once Read has returned.
  const std::multimap<grpc::string_ref, grpc::string_ref>& initial_metadata() const {
    return context_.GetServerInitialMetadata();
  }
  // Known after Finish.
  const std::multimap<grpc::string_ref, grpc::string_ref>& trailing_metadata() const {
    return context_.GetServerTrailingMetadata();
  }

 private:
  void OnReadInitialMetadataDone(bool) override {}
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  const std::string method_;
  grpc::ClientContext context_;
  grpc::GenericStub stub_;
  grpc::ByteBuffer reading_;
  grpc::ByteBuffer writing_;
  bool has_read_ = false;
  bool has_written_ = false;
  std::binary_semaphore read_done_{0};
  std::binary_semaphore write_done_{0};
  std::promise<grpc::Status> done_;
};

#endif  // WEIR_EXAMPLES_PROXY_UPSTREAM_CALL_H_
