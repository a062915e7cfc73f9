// The greeter on gRPC C++'s asynchronous API: many calls outstanding on every completion queue, and
// their state reused.
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "bench/peers/grpc_cpp_start.h"
#include "bench/servers/work.h"
#include "examples/greeter/greeter.grpc.pb.h"

namespace weir::bench {
namespace {

using helloworld::HelloReply;
using helloworld::HelloRequest;

// Calls that one completion queue is ready to take at any moment.
constexpr int kOutstandingPerQueue = 1000;

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

}  // namespace

void ServeAsync(const Settings& settings) {
  helloworld::upstream::Greeter::AsyncService greeter;
  grpc::ServerBuilder builder;
  builder.RegisterService(&greeter);
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  for (int i = 0; i < settings.threads; ++i) queues.push_back(builder.AddCompletionQueue());
  std::unique_ptr<grpc::Server> server = StartOrExit(builder, settings);
  std::vector<std::thread> workers;
  for (auto& queue : queues) workers.emplace_back(ServeQueue, &greeter, queue.get());
  for (std::thread& worker : workers) worker.join();
}

}  // namespace weir::bench
