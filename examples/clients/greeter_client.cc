// Calls helloworld.Greeter with gRPC C++, to show that upstream clients need not know about weir.
//
//   bazel run //examples/clients:greeter_client -- --target=localhost:50051 --name=world
#include <grpcpp/grpcpp.h>

#include <string>

#include "examples/clients/conversation.h"
#include "examples/greeter/greeter.grpc.pb.h"
#include "examples/support/flags.h"

int main(int argc, char** argv) {
  std::string target = "localhost:50051";
  std::string name = "world";
  examples::Flags flags("Asks a server to greet somebody.");
  flags.Add("target", &target, "address of the server");
  flags.Add("name", &name, "who is to be greeted");
  flags.ParseOrExit(argc, argv);

  const auto channel = grpc::CreateChannel(target, grpc::InsecureChannelCredentials());
  const auto stub = helloworld::upstream::Greeter::NewStub(channel);

  helloworld::HelloRequest request;
  request.set_name(name);
  conversation::ShowCall("SayHello");
  conversation::ShowSent(request);

  helloworld::HelloReply reply;
  conversation::Context context;
  const grpc::Status status = stub->SayHello(context.get(), request, &reply);
  if (status.ok()) conversation::ShowReceived(reply);
  conversation::ShowStatus(status);
  const bool is_right = conversation::Expect(status.ok() && reply.message() == "Hello " + name,
                                             "OK and \"Hello " + name + "\"");
  return is_right ? 0 : 1;
}
