// A proxy: forwards every call, of whatever method, to another server. It knows no .proto.
//
//   bazel run //examples/proxy:proxy_server -- --port=50052 --upstream=localhost:50051
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "examples/proxy/upstream_call.h"
#include "examples/support/flags.h"
#include "weir/weir.h"

namespace {

std::string_view View(const grpc::string_ref& text) { return {text.data(), text.size()}; }

// Sends requests up, on a thread of its own, for as long as it lives.
class RequestPump {
 public:
  RequestPump(UpstreamCall& call, weir::GenericService::Stream* stream)
      : stream_(stream), thread_([this, &call] { Run(call); }) {}
  // The other server may have answered before the client has said everything.
  ~RequestPump() {
    is_stopping_ = true;
    stream_->StopReading();
    thread_.join();
  }

 private:
  void Run(UpstreamCall& call) {
    weir::ByteBuffer message;
    weir::ReadResult read = stream_->Read(&message);
    while (read && call.Write(message)) read = stream_->Read(&message);
    if (read.is_end()) {
      call.EndWrites();
    } else if (read.is_failed() && !is_stopping_) {
      // What is not whole must not look as if it were.
      call.Cancel();
    }
  }

  weir::GenericService::Stream* const stream_;
  std::atomic<bool> is_stopping_ = false;
  std::thread thread_;
};

// Two threads for each call: this one, and that of its pump.
class Proxy final : public weir::GenericService {
 public:
  explicit Proxy(std::shared_ptr<grpc::Channel> upstream) : upstream_(std::move(upstream)) {}

  weir::Status Call(weir::ServerContext* context, Stream* stream) override {
    // Shared, because the callback may run while this function returns.
    const auto call = std::make_shared<UpstreamCall>(upstream_, *context);
    context->OnCancel([call] { call->Cancel(); });
    {
      const RequestPump requests(*call, stream);
      if (const UpstreamCall::Metadata* metadata = call->WaitForInitialMetadata()) {
        for (const auto& [key, value] : *metadata) {
          context->AddInitialMetadata(View(key), View(value));
        }
        stream->SendInitialMetadata();
      }
      weir::ByteBuffer message;
      while (call->Read(&message)) {
        if (!stream->Write(message)) call->Cancel();
      }
    }
    weir::Status status = call->Finish();
    for (const auto& [key, value] : call->trailing_metadata()) {
      // The details are a part of the status, and sent with it.
      if (View(key) != "grpc-status-details-bin") {
        context->AddTrailingMetadata(View(key), View(value));
      }
    }
    return status;
  }

 private:
  const std::shared_ptr<grpc::Channel> upstream_;
};

}  // namespace

int main(int argc, char** argv) {
  weir::StopSignal stop;

  int port = 50052;
  std::string upstream;
  examples::Flags flags("Forwards every gRPC call to another server.");
  flags.Add("port", &port, "port to listen on; 0 takes a free one", examples::kPortRange);
  flags.AddRequired("upstream", &upstream, "HOST:PORT of the other server, without TLS");
  flags.ParseOrExit(argc, argv);

  Proxy proxy(grpc::CreateChannel(upstream, grpc::InsecureChannelCredentials()));
  weir::ServerOptions options;
  // A stream keeps its thread for as long as it is open: the more of them at a time, the more
  // threads. Those that there are no threads for wait, and after handler_queue_max are refused.
  options.handler_threads = 256;
  weir::ServerBuilder builder;
  builder.SetOptions(std::move(options));
  builder.AddListeningPort("0.0.0.0:" + std::to_string(port), weir::InsecureServerCredentials());
  builder.RegisterGenericService(&proxy);
  weir::StatusOr<std::unique_ptr<weir::Server>> server = builder.BuildAndStart();
  if (!server.ok()) {
    std::fprintf(stderr, "proxy_server: %s\n", server.status().error_message().c_str());
    return 1;
  }
  std::printf("listening on %s\n", (*server)->addresses().front().c_str());
  std::fflush(stdout);

  stop.Wait();
  (*server)->Shutdown(std::chrono::seconds(10));
  return 0;
}
