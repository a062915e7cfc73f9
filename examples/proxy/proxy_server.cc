// A proxy: forwards every call, of whatever method, to another server. It knows no .proto.
//
//   bazel run //examples/proxy:proxy_server -- --port=50052 --upstream=localhost:50051
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "examples/proxy/upstream_call.h"
#include "examples/support/flags.h"
#include "weir/weir.h"

namespace {

std::string_view View(const grpc::string_ref& text) { return {text.data(), text.size()}; }

class Proxy final : public weir::GenericService {
 public:
  explicit Proxy(std::shared_ptr<grpc::Channel> upstream) : upstream_(std::move(upstream)) {}

  weir::Status Call(weir::ServerContext* context, Stream* stream) override {
    UpstreamCall call(upstream_, *context);
    context->OnCancel([&call] { call.Cancel(); });

    // Requests go up on a thread of their own, responses come down on this one.
    std::jthread requests([&call, stream] {
      weir::ByteBuffer message;
      while (stream->Read(&message) && call.Write(message)) {
      }
      call.EndWrites();
    });
    weir::ByteBuffer message;
    bool has_headers = false;
    while (call.Read(&message)) {
      if (!std::exchange(has_headers, true)) ForwardInitialMetadata(call, context);
      if (!stream->Write(message)) call.Cancel();
    }
    // The other server may have answered before the client has said everything.
    stream->StopReading();
    requests.join();

    weir::Status status = call.Finish();
    for (const auto& [key, value] : call.trailing_metadata()) {
      context->AddTrailingMetadata(View(key), View(value));
    }
    return status;
  }

 private:
  static void ForwardInitialMetadata(const UpstreamCall& call, weir::ServerContext* context) {
    for (const auto& [key, value] : call.initial_metadata()) {
      context->AddInitialMetadata(View(key), View(value));
    }
  }

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
  weir::ServerBuilder builder;
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
