// Does a server answer what it should? Asks it with gRPC C++'s client, before it is measured:
// h2load looks at HTTP status codes only, and would find a server fast that answers nonsense.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "bench/streams_check.h"
#include "examples/greeter/greeter.grpc.pb.h"
#include "examples/support/flags.h"

namespace {

// Of TLS when a file with the authority's certificate is given.
std::shared_ptr<grpc::ChannelCredentials> MakeCredentials(const std::string& ca_file) {
  if (ca_file.empty()) return grpc::InsecureChannelCredentials();
  std::stringstream text;
  text << std::ifstream(ca_file).rdbuf();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = text.str();
  return grpc::SslCredentials(options);
}

// Returns what is wrong, in one sentence; empty when nothing is.
std::string CheckGreeting(const std::shared_ptr<grpc::Channel>& channel, const std::string& name) {
  auto stub = helloworld::upstream::Greeter::NewStub(channel);
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  helloworld::HelloRequest request;
  request.set_name(name);
  helloworld::HelloReply reply;
  const grpc::Status status = stub->SayHello(&context, request, &reply);
  if (!status.ok()) {
    return "fails with code " + std::to_string(status.error_code()) + ": " + status.error_message();
  }
  if (reply.message() == "Hello " + name) return "";
  return "answers \"" + reply.message() + "\" instead of \"Hello " + name + "\"";
}

}  // namespace

int main(int argc, char** argv) {
  std::string address;
  std::string name = "world";
  std::string ca_file;
  bool streams = false;
  examples::Flags flags("Calls helloworld.Greeter/SayHello once and checks the answer.");
  flags.AddRequired("address", &address, "of the server, as HOST:PORT");
  flags.Add("name", &name, "whom the server shall greet");
  flags.Add("ca_file", &ca_file, "PEM file with the authority of its certificate; calls over TLS");
  flags.Add("streams", &streams, "check weir.bench.Streams, too");
  flags.ParseOrExit(argc, argv);

  const std::shared_ptr<grpc::Channel> channel =
      grpc::CreateChannel(address, MakeCredentials(ca_file));
  std::string failure = CheckGreeting(channel, name);
  if (failure.empty() && streams) failure = weir::bench::CheckStreams(channel);
  if (failure.empty()) return 0;
  std::fprintf(stderr, "%s: %s\n", address.c_str(), failure.c_str());
  return 1;
}
