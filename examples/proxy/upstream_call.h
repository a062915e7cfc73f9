// One call to another server, of any method, as bytes.
#ifndef WEIR_EXAMPLES_PROXY_UPSTREAM_CALL_H_
#define WEIR_EXAMPLES_PROXY_UPSTREAM_CALL_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <future>
#include <map>
#include <memory>
#include <semaphore>
#include <string>

#include "weir/weir.h"

// What gRPC C++ lacks: a stream of bytes that waits. One thread may read while another writes.
class UpstreamCall final : private grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  using Metadata = std::multimap<grpc::string_ref, grpc::string_ref>;

  // Begins a call of the method that the client of `downstream` wants, with the metadata and the
  // deadline it gave.
  UpstreamCall(const std::shared_ptr<grpc::Channel>& channel, weir::ServerContext& downstream);
  // Cancels what has not ended, and waits for its end.
  ~UpstreamCall() override;

  // Waits for the other server's headers. Null if it ends the call without any.
  const Metadata* WaitForInitialMetadata();
  // False when no message follows.
  bool Read(weir::ByteBuffer* message);

  // False when the call is over.
  bool Write(const weir::ByteBuffer& message);
  // The client says nothing more. To be called once, after the last Write.
  void EndWrites();

  // Any thread.
  void Cancel() { context_.TryCancel(); }

  // Waits for the end, and says how it went. After EndWrites or Cancel, and after Read has given
  // false.
  weir::Status Finish();
  // Known after Finish.
  const Metadata& trailing_metadata() const { return context_.GetServerTrailingMetadata(); }

 private:
  // gRPC C++ keeps a call alive for who wants to read or write as long as it holds on to it.
  struct Hold {
    explicit Hold(UpstreamCall& held) : call(&held) { call->AddHold(); }
    ~Hold() { Release(); }
    void Release() {
      if (call != nullptr) call->RemoveHold();
      call = nullptr;
    }
    UpstreamCall* call;
  };

  void OnReadInitialMetadataDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  const std::string method_;
  grpc::ClientContext context_;
  grpc::GenericStub stub_;
  grpc::ByteBuffer reading_;
  grpc::ByteBuffer writing_;
  bool has_headers_ = false;
  bool has_read_ = false;
  bool has_written_ = false;
  std::binary_semaphore headers_done_{0};
  std::binary_semaphore read_done_{0};
  std::binary_semaphore write_done_{0};
  std::promise<grpc::Status> done_;
  std::future<grpc::Status> end_ = done_.get_future();
  std::unique_ptr<Hold> hold_;  // from StartCall to Finish
};

#endif  // WEIR_EXAMPLES_PROXY_UPSTREAM_CALL_H_
