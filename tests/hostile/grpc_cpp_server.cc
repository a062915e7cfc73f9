// How does gRPC C++ take the same attacks? The peer that the bench is run against for comparison.
//
// grpc.testing.TestService on the synchronous API with the flags of weir's interop_server. Every
// default is as it comes out of the box but one: the number of threads has a limit, because without
// one a flood of requests takes all that the machine can have.
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>

#include "examples/support/flags.h"
#include "interop/protos/test.grpc.pb.h"

namespace {

using grpc::testing::Empty;
using grpc::testing::ResponseParameters;
using grpc::testing::SimpleRequest;
using grpc::testing::SimpleResponse;
using grpc::testing::StreamingInputCallRequest;
using grpc::testing::StreamingInputCallResponse;
using grpc::testing::StreamingOutputCallRequest;
using grpc::testing::StreamingOutputCallResponse;

constexpr int kMaxThreads = 1000;
constexpr int kMaxPayloadBytes = 64 * 1024 * 1024;

void EchoMetadata(grpc::ServerContext* context) {
  const auto& metadata = context->client_metadata();
  constexpr char kInitialKey[] = "x-grpc-test-echo-initial";
  const auto [begin, end] = metadata.equal_range(kInitialKey);
  for (auto each = begin; each != end; ++each) {
    context->AddInitialMetadata(kInitialKey, std::string(each->second.data(), each->second.size()));
  }
}

// False when the call is over before the time is.
bool Sleep(const grpc::ServerContext& context, std::chrono::microseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    if (context.IsCancelled()) return false;
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(
        std::chrono::milliseconds(5), end - std::chrono::steady_clock::now()));
  }
  return true;
}

template <typename Stream>
grpc::Status Respond(const grpc::ServerContext& context, const StreamingOutputCallRequest& request,
                     Stream* stream) {
  for (const ResponseParameters& wanted : request.response_parameters()) {
    if (wanted.size() < 0 || wanted.size() > kMaxPayloadBytes) {
      return {grpc::StatusCode::INVALID_ARGUMENT, "no such size of a payload"};
    }
    if (!Sleep(context, std::chrono::microseconds(wanted.interval_us()))) {
      return grpc::Status::CANCELLED;
    }
    StreamingOutputCallResponse response;
    response.mutable_payload()->mutable_body()->assign(static_cast<size_t>(wanted.size()), '\0');
    if (!stream->Write(response)) return grpc::Status::CANCELLED;
  }
  return grpc::Status::OK;
}

class TestService final : public grpc::testing::upstream::TestService::Service {
  grpc::Status EmptyCall(grpc::ServerContext* context, const Empty*, Empty*) override {
    EchoMetadata(context);
    return grpc::Status::OK;
  }

  grpc::Status UnaryCall(grpc::ServerContext* context, const SimpleRequest* request,
                         SimpleResponse* response) override {
    EchoMetadata(context);
    if (request->response_status().code() != 0) {
      return {static_cast<grpc::StatusCode>(request->response_status().code()),
              request->response_status().message()};
    }
    if (request->response_size() < 0 || request->response_size() > kMaxPayloadBytes) {
      return {grpc::StatusCode::INVALID_ARGUMENT, "no such size of a payload"};
    }
    response->mutable_payload()->mutable_body()->assign(
        static_cast<size_t>(request->response_size()), '\0');
    return grpc::Status::OK;
  }

  grpc::Status StreamingOutputCall(
      grpc::ServerContext* context, const StreamingOutputCallRequest* request,
      grpc::ServerWriter<StreamingOutputCallResponse>* writer) override {
    return Respond(*context, *request, writer);
  }

  grpc::Status StreamingInputCall(grpc::ServerContext*,
                                  grpc::ServerReader<StreamingInputCallRequest>* reader,
                                  StreamingInputCallResponse* response) override {
    int total = 0;
    StreamingInputCallRequest request;
    while (reader->Read(&request)) total += static_cast<int>(request.payload().body().size());
    response->set_aggregated_payload_size(total);
    return grpc::Status::OK;
  }

  grpc::Status FullDuplexCall(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<StreamingOutputCallResponse, StreamingOutputCallRequest>* stream)
      override {
    EchoMetadata(context);
    StreamingOutputCallRequest request;
    while (stream->Read(&request)) {
      const grpc::Status status = Respond(*context, request, stream);
      if (!status.ok()) return status;
    }
    return grpc::Status::OK;
  }
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) {
  int port = 0;
  bool use_tls = false;
  std::string tls_cert_file;
  std::string tls_key_file;
  int keepalive_time_ms = 0;
  int keepalive_timeout_ms = 0;
  examples::Flags flags("Serves grpc.testing.TestService with gRPC C++.");
  flags.Add("port", &port, "port to listen on; 0 takes a free one", examples::kPortRange);
  flags.Add("use_tls", &use_tls, "whether clients must use TLS");
  flags.Add("tls_cert_file", &tls_cert_file, "PEM file with the certificate chain");
  flags.Add("tls_key_file", &tls_key_file, "PEM file with the private key");
  flags.Add("keepalive_time_ms", &keepalive_time_ms, "GRPC_ARG_KEEPALIVE_TIME_MS; 0 leaves it");
  flags.Add("keepalive_timeout_ms", &keepalive_timeout_ms,
            "GRPC_ARG_KEEPALIVE_TIMEOUT_MS; 0 leaves it");
  flags.ParseOrExit(argc, argv);

  // What interop_server has beside the test service.
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();

  // Blocked before any thread exists, so that sigwait() below is who gets it.
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);

  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  if (use_tls) {
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back({ReadFile(tls_key_file), ReadFile(tls_cert_file)});
    credentials = grpc::SslServerCredentials(options);
  }
  TestService service;
  grpc::ServerBuilder builder;
  int listening_port = 0;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port), credentials, &listening_port);
  builder.RegisterService(&service);
  grpc::ResourceQuota quota("threads");
  quota.SetMaxThreads(kMaxThreads);
  builder.SetResourceQuota(quota);
  if (keepalive_time_ms != 0) {
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, keepalive_time_ms);
  }
  if (keepalive_timeout_ms != 0) {
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, keepalive_timeout_ms);
  }
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || listening_port == 0) {
    std::fprintf(stderr, "cannot listen on 127.0.0.1:%d\n", port);
    return 1;
  }
  std::printf("listening on 127.0.0.1:%d\n", listening_port);
  std::fflush(stdout);

  int number = 0;
  sigwait(&stop, &number);
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(10));
  return 0;
}
