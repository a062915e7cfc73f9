// How expensive is the same greeter on gRPC C++? The peer that benchmarks compare with.
//
// All three server APIs of gRPC C++, each set up the way its documentation recommends for
// throughput: the asynchronous one keeps many calls outstanding on every completion queue and
// reuses their state; the synchronous one polls with as many threads as asked for; the callback one
// has only the library's own threads.
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "examples/greeter/greeter.grpc.pb.h"
#include "examples/support/flags.h"

namespace {

using helloworld::HelloReply;
using helloworld::HelloRequest;

// Calls that one completion queue is ready to take at any moment.
constexpr int kOutstandingPerQueue = 1000;

void Greet(const HelloRequest& request, HelloReply* reply) {
  std::string* message = reply->mutable_message();
  message->reserve(6 + request.name().size());
  message->append("Hello ");
  message->append(request.name());
}

class SyncGreeter final : public helloworld::upstream::Greeter::Service {
  grpc::Status SayHello(grpc::ServerContext*, const HelloRequest* request,
                        HelloReply* reply) override {
    Greet(*request, reply);
    return grpc::Status::OK;
  }
};

class CallbackGreeter final : public helloworld::upstream::Greeter::CallbackService {
  grpc::ServerUnaryReactor* SayHello(grpc::CallbackServerContext* context,
                                     const HelloRequest* request, HelloReply* reply) override {
    Greet(*request, reply);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

// One call of the asynchronous API: waits to be started, answers, and begins anew.
class AsyncCall {
 public:
  AsyncCall(helloworld::upstream::Greeter::AsyncService* service,
            grpc::ServerCompletionQueue* queue)
      : service_(service), queue_(queue) {
    Begin();
  }

  // What was waited for has happened.
  void Proceed() {
    if (is_answered_) {
      Begin();
      return;
    }
    is_answered_ = true;
    HelloReply reply;
    Greet(state_->request, &reply);
    state_->responder.Finish(reply, grpc::Status::OK, this);
  }

 private:
  struct State {
    grpc::ServerContext context;
    HelloRequest request;
    grpc::ServerAsyncResponseWriter<HelloReply> responder{&context};
  };

  void Begin() {
    is_answered_ = false;
    state_.emplace();
    service_->RequestSayHello(&state_->context, &state_->request, &state_->responder, queue_,
                              queue_, this);
  }

  helloworld::upstream::Greeter::AsyncService* service_;
  grpc::ServerCompletionQueue* queue_;
  bool is_answered_ = false;
  std::optional<State> state_;
};

// Serves one completion queue for as long as the process lives.
void ServeQueue(helloworld::upstream::Greeter::AsyncService* service,
                grpc::ServerCompletionQueue* queue) {
  std::vector<std::unique_ptr<AsyncCall>> calls;
  for (int i = 0; i < kOutstandingPerQueue; ++i) {
    calls.push_back(std::make_unique<AsyncCall>(service, queue));
  }
  void* tag = nullptr;
  bool ok = false;
  while (queue->Next(&tag, &ok)) static_cast<AsyncCall*>(tag)->Proceed();
}

// Starts the server and reports where it listens; ends the program if that is not possible.
std::unique_ptr<grpc::Server> StartOrExit(grpc::ServerBuilder& builder, int port) {
  int listening_port = 0;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials(),
                           &listening_port);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || listening_port == 0) {
    std::fprintf(stderr, "cannot listen on 127.0.0.1:%d\n", port);
    std::exit(1);
  }
  std::printf("listening on 127.0.0.1:%d\n", listening_port);
  std::fflush(stdout);
  return server;
}

void ServeSync(int port, int threads) {
  SyncGreeter greeter;
  grpc::ServerBuilder builder;
  builder.RegisterService(&greeter);
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, threads);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  StartOrExit(builder, port)->Wait();
}

void ServeCallback(int port) {
  CallbackGreeter greeter;
  grpc::ServerBuilder builder;
  builder.RegisterService(&greeter);
  StartOrExit(builder, port)->Wait();
}

void ServeAsync(int port, int threads) {
  helloworld::upstream::Greeter::AsyncService greeter;
  grpc::ServerBuilder builder;
  builder.RegisterService(&greeter);
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  for (int i = 0; i < threads; ++i) queues.push_back(builder.AddCompletionQueue());
  std::unique_ptr<grpc::Server> server = StartOrExit(builder, port);
  std::vector<std::thread> workers;
  for (auto& queue : queues) workers.emplace_back(ServeQueue, &greeter, queue.get());
  for (std::thread& worker : workers) worker.join();
}

}  // namespace

int main(int argc, char** argv) {
  int port = 0;
  int threads = 1;
  std::string api = "async";
  examples::Flags flags("Serves helloworld.Greeter with gRPC C++.");
  flags.Add("port", &port, "port to listen on; 0 takes a free one", examples::kPortRange);
  flags.Add("threads", &threads, "completion queues, of the async and sync APIs",
            {.lowest = 1, .highest = 1024});
  flags.AddChoice("api", &api, "which API of gRPC C++", {"sync", "async", "callback"});
  flags.ParseOrExit(argc, argv);

  std::signal(SIGTERM, [](int) { _exit(0); });  // There is nothing to save.
  if (api == "sync") {
    ServeSync(port, threads);
  } else if (api == "callback") {
    ServeCallback(port);
  } else {
    ServeAsync(port, threads);
  }
}
