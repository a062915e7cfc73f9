// Calls a server that wants a token: without one, with a wrong one, and with the right one.
//
//   bazel run //examples/clients:interceptor_client -- --token=open-sesame
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "examples/clients/conversation.h"
#include "examples/greeter/greeter.grpc.pb.h"
#include "examples/support/flags.h"

namespace {

using helloworld::upstream::Greeter;

// Calls with these values of `authorization`; whether the call ended as expected.
bool CallWith(Greeter::Stub* stub, const std::vector<std::string>& authorizations,
              grpc::StatusCode expected) {
  conversation::Context context;
  std::string title = "SayHello";
  for (const std::string& authorization : authorizations) {
    context.get()->AddMetadata("authorization", authorization);
    title += " + authorization: " + authorization;
  }
  helloworld::HelloRequest request;
  request.set_name("world");
  conversation::ShowCall(title);
  conversation::ShowSent(request);

  helloworld::HelloReply reply;
  const grpc::Status status = stub->SayHello(context.get(), request, &reply);
  if (status.ok()) conversation::ShowReceived(reply);
  conversation::ShowStatus(status);
  return conversation::Expect(status.error_code() == expected, conversation::CodeName(expected)) &&
         conversation::Expect(reply.message() == (status.ok() ? "Hello world" : ""),
                              "a greeting if and only if the call passes");
}

}  // namespace

int main(int argc, char** argv) {
  std::string target = "localhost:50051";
  std::string token;
  examples::Flags flags("Asks a server that wants a token to greet the world.");
  flags.Add("target", &target, "address of the server");
  flags.AddRequired("token", &token, "the token that the server was started with");
  flags.ParseOrExit(argc, argv);

  const auto channel = grpc::CreateChannel(target, grpc::InsecureChannelCredentials());
  const std::unique_ptr<Greeter::Stub> stub = Greeter::NewStub(channel);
  const std::string right = "Bearer " + token;
  const bool is_right =
      CallWith(stub.get(), {}, grpc::StatusCode::UNAUTHENTICATED) &&
      CallWith(stub.get(), {"Bearer not-" + token}, grpc::StatusCode::UNAUTHENTICATED) &&
      CallWith(stub.get(), {right, right}, grpc::StatusCode::UNAUTHENTICATED) &&
      CallWith(stub.get(), {right}, grpc::StatusCode::OK);
  return is_right ? 0 : 1;
}
