// The smallest whole server: one service, one method, blocking style.
//
//   bazel run //examples/greeter:greeter_server -- --port=50051
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "examples/greeter/greeter.weir.h"
#include "examples/support/flags.h"
#include "weir/weir.h"

namespace {

// Derive from the generated class and override its methods. Handlers of this style may block; they
// run on a pool of threads, several of them at once.
class Greeter final : public helloworld::Greeter::Service {
 public:
  weir::Status SayHello(weir::ServerContext* /*context*/, const helloworld::HelloRequest* request,
                        helloworld::HelloReply* reply) override {
    reply->set_message("Hello " + request->name());
    return weir::Status::OK;
  }
};

}  // namespace

int main(int argc, char** argv) {
  // Comes first, so that every thread started later leaves SIGTERM and SIGINT to `stop`.
  weir::StopSignal stop;

  int port = 50051;
  examples::Flags flags("Serves helloworld.Greeter until SIGTERM or SIGINT.");
  flags.Add("port", &port, "port to listen on; 0 takes a free one", examples::kPortRange);
  flags.ParseOrExit(argc, argv);

  Greeter greeter;
  weir::ServerBuilder builder;
  builder.AddListeningPort("0.0.0.0:" + std::to_string(port), weir::InsecureServerCredentials());
  builder.RegisterService(&greeter);
  weir::StatusOr<std::unique_ptr<weir::Server>> server = builder.BuildAndStart();
  if (!server.ok()) {
    std::fprintf(stderr, "greeter_server: %s\n", server.status().error_message().c_str());
    return 1;
  }
  std::printf("listening on %s\n", (*server)->addresses().front().c_str());
  std::fflush(stdout);

  // Calls in progress have ten seconds to finish; those that are left are cancelled.
  stop.Wait();
  (*server)->Shutdown(std::chrono::seconds(10));
  return 0;
}
