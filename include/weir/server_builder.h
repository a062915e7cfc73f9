// Puts a server together and starts it.
#ifndef WEIR_SERVER_BUILDER_H_
#define WEIR_SERVER_BUILDER_H_

#include <memory>
#include <string>
#include <string_view>

#include "weir/credentials.h"
#include "weir/generic_service.h"
#include "weir/interceptor.h"
#include "weir/message_compressor.h"
#include "weir/server.h"
#include "weir/server_options.h"
#include "weir/service.h"
#include "weir/status.h"

namespace weir {

class ServerBuilder;
namespace server {
void EnablePlainResponder(ServerBuilder& builder);
void IgnoreServiceTime(ServerBuilder& builder);
}  // namespace server

// Collects; nothing happens before BuildAndStart, which also reports every mistake made on the way.
// Used once, by one thread.
class ServerBuilder {
 public:
  ServerBuilder();
  ~ServerBuilder();
  ServerBuilder(const ServerBuilder&) = delete;
  ServerBuilder& operator=(const ServerBuilder&) = delete;

  // Replaces all options at once.
  ServerBuilder& SetOptions(ServerOptions options);

  // `address` is "host:port" ("0.0.0.0:50051", "[::]:50051", "localhost:0"), "unix:/path" or
  // "unix-abstract:name". Port 0 lets the system choose; the choice is written to `*selected_port`
  // (if given) by BuildAndStart. A name that resolves to several addresses listens on all of them.
  ServerBuilder& AddListeningPort(std::string address,
                                  std::shared_ptr<ServerCredentials> credentials,
                                  int* selected_port = nullptr);

  // Not owned; must outlive the server.
  ServerBuilder& RegisterService(Service* service, MethodOptions options = {});
  // The same, owned by the server.
  ServerBuilder& RegisterService(std::unique_ptr<Service> service, MethodOptions options = {});

  // Answers what no registered service has; see generic_service.h. Not owned; must outlive the
  // server. A server has one at most.
  ServerBuilder& RegisterGenericService(GenericService* service, MethodOptions options = {});
  ServerBuilder& RegisterGenericService(GenericCoroutineService* service,
                                        MethodOptions options = {});

  // `method` is "/package.Service/Method"; replaces single fields of the service's options.
  ServerBuilder& SetMethodOptions(std::string method, MethodOptions options);

  // Offers an algorithm under its name in `grpc-encoding` ("snappy"), for requests and responses:
  // lower-case letters, digits, `-`, `_` and `.`. The name of a built-in algorithm replaces that.
  ServerBuilder& AddCompressor(std::string name, MessageCompressorFactory make);

  // Interceptors run in the order in which they are added.
  ServerBuilder& AddInterceptor(std::unique_ptr<Interceptor> interceptor);

  // Resolves and binds every address, starts the threads and accepts connections. A failure is one
  // sentence ("cannot listen on 0.0.0.0:50051: address already in use") with code
  // INVALID_ARGUMENT for mistakes in what was asked, UNAVAILABLE for what the system refused.
  // Throws std::bad_alloc when memory runs out, and nothing else.
  StatusOr<std::unique_ptr<Server>> BuildAndStart();

 private:
  // For tests and measurements.
  friend void server::EnablePlainResponder(ServerBuilder& builder);
  friend void server::IgnoreServiceTime(ServerBuilder& builder);

  struct Plan;
  std::unique_ptr<Plan> plan_;
};

}  // namespace weir

#endif  // WEIR_SERVER_BUILDER_H_
