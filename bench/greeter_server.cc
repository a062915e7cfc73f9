// The greeter as a benchmark wants it: in each style of handler, with as many threads as told.
//
// Its flags and the path it serves are used by other programs; do not change them.
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "examples/greeter/greeter.weir.h"
#include "examples/support/flags.h"
#include "weir/weir.h"

namespace {

using helloworld::HelloReply;
using helloworld::HelloRequest;

void Greet(const HelloRequest& request, HelloReply* reply) {
  // One allocation for a long name, none for a short one.
  std::string* message = reply->mutable_message();
  message->reserve(6 + request.name().size());
  message->append("Hello ");
  message->append(request.name());
}

class BlockingGreeter final : public helloworld::Greeter::Service {
  weir::Status SayHello(weir::ServerContext*, const HelloRequest* request,
                        HelloReply* reply) override {
    Greet(*request, reply);
    return weir::Status::OK;
  }
};

class CoroutineGreeter final : public helloworld::Greeter::CoroutineService {
  weir::Task<weir::Status> SayHello(weir::ServerContext&, const HelloRequest& request,
                                    HelloReply& reply) override {
    Greet(request, &reply);
    co_return weir::Status::OK;
  }
};

}  // namespace

int main(int argc, char** argv) {
  weir::StopSignal stop;  // Before any thread exists.

  int port = 50051;
  int threads = 1;
  std::string execution = "inline";
  examples::Flags flags("Serves helloworld.Greeter for benchmarks until SIGTERM or SIGINT.");
  flags.Add("port", &port, "port to listen on; 0 takes a free one", examples::kPortRange);
  flags.Add("threads", &threads, "worker threads; 0 takes one per CPU",
            {.lowest = 0, .highest = 1024});
  flags.AddChoice("execution", &execution, "where the handler runs",
                  {"inline", "blocking", "coroutine"});
  flags.ParseOrExit(argc, argv);

  BlockingGreeter blocking;
  CoroutineGreeter coroutine;
  weir::ServerOptions options;
  options.worker_threads = static_cast<size_t>(threads);
  weir::ServerBuilder builder;
  builder.SetOptions(std::move(options));
  builder.AddListeningPort("0.0.0.0:" + std::to_string(port), weir::InsecureServerCredentials());
  if (execution == "coroutine") {
    builder.RegisterService(&coroutine);
  } else {
    weir::MethodOptions method_options;
    method_options.execution =
        execution == "inline" ? weir::Execution::kInline : weir::Execution::kPool;
    builder.RegisterService(&blocking, method_options);
  }
  weir::StatusOr<std::unique_ptr<weir::Server>> server = builder.BuildAndStart();
  if (!server.ok()) {
    std::fprintf(stderr, "greeter_server: %s\n", server.status().error_message().c_str());
    return 1;
  }
  std::printf("listening on %s\n", (*server)->addresses().front().c_str());
  std::fflush(stdout);

  stop.Wait();
  (*server)->Shutdown(std::chrono::seconds(10));
  return 0;
}
