// What is the least that a server on weir takes, in a workspace of its own?
//
// Serves ping.v1.PingService on port 50051 until it is interrupted. With --self-check it takes any
// free port, stops at once and says with its exit code whether both went well.

#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "ping.weir.h"
#include "weir/health.h"
#include "weir/reflection.h"
#include "weir/weir.h"

namespace {

using std::chrono_literals::operator""s;

class PingService final : public ping::v1::PingService::Service {
 public:
  weir::Status Ping(weir::ServerContext* /*context*/, const ping::v1::PingRequest* request,
                    ping::v1::PingResponse* response) override {
    response->set_payload(request->payload());
    return weir::Status();
  }
};

int Serve(bool self_check) {
  PingService service;
  weir::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(self_check ? "127.0.0.1:0" : "0.0.0.0:50051",
                           weir::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  // For orchestrators and tools; a program may do without.
  weir::HealthService health;
  builder.RegisterService(&health);
  weir::EnableReflection(builder);
  weir::StatusOr<std::unique_ptr<weir::Server>> server = builder.BuildAndStart();
  if (!server.ok()) {
    std::fprintf(stderr, "%s\n", std::string(server.status().error_message()).c_str());
    return 1;
  }
  std::printf("listening on port %d\n", port);
  if (!self_check) {
    (*server)->Wait();
    return 0;
  }
  const weir::ShutdownReport report = (*server)->Shutdown(5s);
  return port != 0 && report.was_graceful ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return Serve(argc > 1 && std::strcmp(argv[1], "--self-check") == 0);
}
