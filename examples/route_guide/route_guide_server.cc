// A server with all four shapes of a call, in the style of your choice.
//
//   bazel run //examples/route_guide:route_guide_server -- --style=coroutine
//
// One server may serve services of both styles at once; here a flag picks one, to show that clients
// cannot tell them apart.
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "examples/route_guide/blocking_route_guide.h"
#include "examples/route_guide/coroutine_route_guide.h"
#include "examples/support/flags.h"
#include "weir/health.h"
#include "weir/reflection.h"
#include "weir/weir.h"

namespace {

std::unique_ptr<weir::Service> MakeService(const std::string& style) {
  if (style == "blocking") return std::make_unique<route_guide::BlockingRouteGuide>();
  return std::make_unique<route_guide::CoroutineRouteGuide>();
}

}  // namespace

int main(int argc, char** argv) {
  weir::StopSignal stop;

  int port = 50051;
  std::string style = "coroutine";
  examples::Flags flags("Serves routeguide.RouteGuide until SIGTERM or SIGINT.");
  flags.Add("port", &port, "port to listen on; 0 takes a free one", examples::kPortRange);
  flags.AddChoice("style", &style, "how the handlers are written", {"blocking", "coroutine"});
  flags.ParseOrExit(argc, argv);

  const std::unique_ptr<weir::Service> service = MakeService(style);
  weir::ServerBuilder builder;
  builder.AddListeningPort("0.0.0.0:" + std::to_string(port), weir::InsecureServerCredentials());
  builder.RegisterService(service.get());
  // What orchestrators and tools ask for: `grpcurl -plaintext localhost:50051 describe`.
  weir::HealthService health;
  health.SetServingStatus("routeguide.RouteGuide", true);
  builder.RegisterService(&health);
  weir::EnableReflection(builder);
  weir::StatusOr<std::unique_ptr<weir::Server>> server = builder.BuildAndStart();
  if (!server.ok()) {
    std::fprintf(stderr, "route_guide_server: %s\n", server.status().error_message().c_str());
    return 1;
  }
  std::printf("listening on %s\n", (*server)->addresses().front().c_str());
  std::fflush(stdout);

  stop.Wait();
  health.Shutdown();
  (*server)->Shutdown(std::chrono::seconds(10));
  return 0;
}
