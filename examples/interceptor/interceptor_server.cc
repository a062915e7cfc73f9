// A server with two interceptors: an access log of weir's own, and a check of tokens of this
// example.
//
//   bazel run //examples/interceptor:interceptor_server -- --token=open-sesame
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "examples/greeter/greeter.weir.h"
#include "examples/interceptor/bearer_token_check.h"
#include "examples/support/flags.h"
#include "weir/interceptors/access_log.h"
#include "weir/weir.h"

namespace {

// Knows nothing of logs and tokens.
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
  weir::StopSignal stop;

  int port = 50051;
  std::string token;
  examples::Flags flags("Serves helloworld.Greeter to clients that know a token.");
  flags.Add("port", &port, "port to listen on; 0 takes a free one", examples::kPortRange);
  flags.AddRequired("token", &token, "what clients must send as `authorization: Bearer TOKEN`");
  flags.ParseOrExit(argc, argv);

  Greeter greeter;
  weir::ServerBuilder builder;
  builder.AddListeningPort("0.0.0.0:" + std::to_string(port), weir::InsecureServerCredentials());
  builder.RegisterService(&greeter);
  // The first one added is the outermost: the log has a line for refused calls as well.
  builder.AddInterceptor(weir::MakeAccessLog());
  builder.AddInterceptor(std::make_unique<BearerTokenCheck>(token));
  weir::StatusOr<std::unique_ptr<weir::Server>> server = builder.BuildAndStart();
  if (!server.ok()) {
    std::fprintf(stderr, "interceptor_server: %s\n", server.status().error_message().c_str());
    return 1;
  }
  std::printf("listening on %s\n", (*server)->addresses().front().c_str());
  std::fflush(stdout);

  stop.Wait();
  (*server)->Shutdown(std::chrono::seconds(10));
  return 0;
}
