// Does a greeter answer what it should? Asks it with gRPC C++'s client, once, before it is
// measured: h2load looks at HTTP status codes only, and would find a server fast that answers
// nonsense.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "examples/greeter/greeter.grpc.pb.h"
#include "examples/support/flags.h"

int main(int argc, char** argv) {
  std::string address;
  std::string name = "world";
  examples::Flags flags("Calls helloworld.Greeter/SayHello once and checks the answer.");
  flags.AddRequired("address", &address, "of the server, as HOST:PORT");
  flags.Add("name", &name, "whom the server shall greet");
  flags.ParseOrExit(argc, argv);

  auto stub = helloworld::upstream::Greeter::NewStub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  helloworld::HelloRequest request;
  request.set_name(name);
  helloworld::HelloReply reply;
  const grpc::Status status = stub->SayHello(&context, request, &reply);
  if (!status.ok()) {
    std::fprintf(stderr, "%s fails with code %d: %s\n", address.c_str(), status.error_code(),
                 status.error_message().c_str());
    return 1;
  }
  if (reply.message() != "Hello " + name) {
    std::fprintf(stderr, "%s answers \"%s\" instead of \"Hello %s\"\n", address.c_str(),
                 reply.message().c_str(), name.c_str());
    return 1;
  }
}
