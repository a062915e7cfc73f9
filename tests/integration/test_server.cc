#include "tests/integration/test_server.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace integration {
namespace {

std::unique_ptr<weir::Server> StartOrDie(weir::ServerBuilder& builder) {
  builder.AddListeningPort("127.0.0.1:0", weir::InsecureServerCredentials());
  weir::StatusOr<std::unique_ptr<weir::Server>> server = builder.BuildAndStart();
  if (!server.ok()) {
    std::fprintf(stderr, "the server does not start: %s\n", server.status().ToString().c_str());
    std::abort();
  }
  return std::move(server).value();
}

}  // namespace

weir::ServerOptions TestServer::DefaultOptions() {
  weir::ServerOptions options;
  options.worker_threads = 2;
  return options;
}

TestServer::TestServer(weir::Service* service, weir::ServerOptions options) {
  weir::ServerBuilder builder;
  builder.SetOptions(std::move(options));
  builder.RegisterService(service);
  server_ = StartOrDie(builder);
}

TestServer::TestServer(const std::function<void(weir::ServerBuilder&)>& configure) {
  weir::ServerBuilder builder;
  builder.SetOptions(DefaultOptions());
  configure(builder);
  server_ = StartOrDie(builder);
}

std::shared_ptr<grpc::Channel> TestServer::NewChannel() const { return NewChannelTo(address()); }

std::shared_ptr<grpc::Channel> NewChannelTo(
    const std::string& target, const std::shared_ptr<grpc::ChannelCredentials>& credentials,
    grpc::ChannelArguments arguments) {
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(target, credentials, arguments);
}

grpc::Status CallUnary(EchoStub& stub, const std::string& text, std::string* answer) {
  BoundedContext context;
  EchoRequest request;
  request.set_text(text);
  EchoReply reply;
  grpc::Status status = stub.Unary(&context, request, &reply);
  if (answer != nullptr) *answer = reply.text();
  return status;
}

void PrintTo(Style style, std::ostream* out) {
  switch (style) {
    case Style::kBlocking:
      *out << "Blocking";
      break;
    case Style::kInline:
      *out << "Inline";
      break;
    case Style::kCoroutine:
      *out << "Coroutine";
      break;
  }
}

void EveryStyleTest::StartServer(weir::ServerOptions options, weir::MethodOptions method_options) {
  if (GetParam() == Style::kInline) method_options.execution = weir::Execution::kInline;
  server_ = std::make_unique<TestServer>([&](weir::ServerBuilder& builder) {
    builder.SetOptions(std::move(options));
    for (auto& interceptor : interceptors_) builder.AddInterceptor(std::move(interceptor));
    if (is_coroutine()) {
      builder.RegisterService(&coroutine_, method_options);
    } else {
      builder.RegisterService(&blocking_, method_options);
    }
  });
  stub_ = server_->NewStub();
}

}  // namespace integration
