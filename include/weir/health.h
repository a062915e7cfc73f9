// Tells load balancers, orchestrators and clients whether services are able to serve: the service
// grpc.health.v1.Health (gRPC "Health Checking", gRFC A17, A90).
//
//   weir::HealthService health;
//   builder.RegisterService(&health);
//   ...
//   health.SetServingStatus("helloworld.Greeter", true);
//
// Needs `@weir//server/services:health`, which brings grpc/health/v1/health.pb.h along. A program
// that links another copy of those messages cannot start.
#ifndef WEIR_HEALTH_H_
#define WEIR_HEALTH_H_

#include <memory>
#include <string_view>

#include "weir/server_context.h"
#include "weir/service.h"
#include "weir/status.h"
#include "weir/stream.h"
#include "weir/task.h"

namespace grpc::health::v1 {
class HealthCheckRequest;
class HealthCheckResponse;
class HealthListRequest;
class HealthListResponse;
}  // namespace grpc::health::v1

namespace weir {

// The functions that set something are thread-safe, and names are those of gRPC C++'s
// HealthCheckServiceInterface. They throw std::bad_alloc when there is no memory to remember a name
// or to tell the clients that watch it; some may have been told then. Must outlive the server.
//
// A client that watches a service is told of each change, or only of the newest if there were
// several in short time. When its connection drains (Server::Shutdown, max_connection_age), its
// call ends with UNAVAILABLE, so that it asks elsewhere and delays nothing.
class HealthService final : public Service {
 public:
  // Knows of one name, "", the server as a whole, which is serving.
  HealthService();
  ~HealthService() override;

  // Of a service by the name that clients ask for: by convention "package.Service", and "" for the
  // server as a whole. Nothing checks that there is such a service.
  void SetServingStatus(std::string_view service_name, bool is_serving);
  // Of every name that was set so far, "" included.
  void SetServingStatus(bool is_serving);
  void SetServingStatus(const char* service_name) = delete;  // would be taken for `true`

  // To be called some time before Server::Shutdown, so that clients stop coming: every name is "not
  // serving" from now on, whatever is set later.
  void Shutdown();

 private:
  class Registry;

  static const ServiceDescriptor& Describe();

  Task<Status> Check(ServerContext& context, const ::grpc::health::v1::HealthCheckRequest& request,
                     ::grpc::health::v1::HealthCheckResponse& response);
  Task<Status> List(ServerContext& context, const ::grpc::health::v1::HealthListRequest& request,
                    ::grpc::health::v1::HealthListResponse& response);
  Task<Status> Watch(ServerContext& context, const ::grpc::health::v1::HealthCheckRequest& request,
                     Writer<::grpc::health::v1::HealthCheckResponse>& writer);

  std::unique_ptr<Registry> registry_;
};

}  // namespace weir

#endif  // WEIR_HEALTH_H_
