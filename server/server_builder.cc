#include "weir/server_builder.h"

#include <unordered_map>
#include <utility>
#include <vector>

#include "server/credentials.h"
#include "server/measured_time.h"
#include "server/plain_responder.h"
#include "server/server_core.h"
#include "transport/net/address.h"
#include "transport/net/listener.h"

namespace weir {

struct ServerBuilder::Plan {
  struct Port {
    std::string address;
    std::shared_ptr<ServerCredentials> credentials;
    int* selected_port;
  };
  struct Registration {
    Service* service;
    MethodOptions options;
  };

  ServerOptions options;
  std::vector<Port> ports;
  std::vector<Registration> services;
  std::vector<std::unique_ptr<Service>> owned_services;
  std::vector<Registration> generic_services;
  std::unordered_map<std::string, MethodOptions> methods;
  struct NamedCompressor {
    std::string name;
    MessageCompressorFactory make;
  };
  std::vector<NamedCompressor> compressors;
  std::vector<std::unique_ptr<Interceptor>> interceptors;
  bool has_plain_responder = false;
  bool ignores_service_time = false;
};

namespace {

Status InvalidArgument(std::string message) {
  return Status(StatusCode::INVALID_ARGUMENT, std::move(message));
}

// RFC 9113 §6.5.2 and §6.9.1.
constexpr uint32_t kWindowMax = 0x7fffffff;
// Less would be used up by the prefix of a message, and cost a frame for each.
constexpr uint32_t kStreamWindowMin = 1024;
constexpr uint32_t kConnectionWindowMin = 65'535;

Status CheckOptions(const ServerOptions& options) {
  if (options.max_concurrent_streams == 0) {
    return InvalidArgument("max_concurrent_streams is 0: no call could ever start");
  }
  if (options.stream_window_bytes < kStreamWindowMin || options.stream_window_bytes > kWindowMax) {
    return InvalidArgument("stream_window_bytes must be 1024 to 2147483647");
  }
  if (options.connection_window_bytes < kConnectionWindowMin ||
      options.connection_window_bytes > kWindowMax) {
    return InvalidArgument("connection_window_bytes must be 65535 to 2147483647");
  }
  if (options.max_metadata_bytes == 0 || options.max_metadata_entries == 0) {
    return InvalidArgument("max_metadata_bytes or max_metadata_entries is 0: every call has some");
  }
  if (options.handler_queue_max == 0) {
    return InvalidArgument("handler_queue_max is 0: no blocking handler could ever run");
  }
  if (options.write_buffer_bytes == 0) {
    return InvalidArgument("write_buffer_bytes is 0: no Write could ever finish");
  }
  if (options.max_connections == 0) {
    return InvalidArgument("max_connections is 0: no client could ever connect");
  }
  using Options = ServerOptions;
  constexpr std::pair<std::chrono::nanoseconds Options::*, const char*> kTimes[] = {
      {&Options::handshake_timeout, "handshake_timeout"},
      {&Options::write_stall_timeout, "write_stall_timeout"},
      {&Options::stream_stall_timeout, "stream_stall_timeout"},
      {&Options::keepalive_time, "keepalive_time"},
      {&Options::keepalive_timeout, "keepalive_timeout"},
      {&Options::max_connection_idle, "max_connection_idle"},
      {&Options::max_connection_age, "max_connection_age"},
  };
  for (const auto& [member, name] : kTimes) {
    if (options.*member <= std::chrono::nanoseconds::zero()) {
      return InvalidArgument(std::string(name) + " must be positive");
    }
  }
  constexpr std::pair<Allowance Options::*, const char*> kAllowances[] = {
      {&Options::glitches, "glitches"},
      {&Options::premature_resets, "premature_resets"},
      {&Options::refused_calls, "refused_calls"},
  };
  for (const auto& [member, name] : kAllowances) {
    if ((options.*member).burst == 0 || (options.*member).per_second == 0) {
      return InvalidArgument(std::string(name) + ": burst and per_second must be at least 1");
    }
  }
  return Status::OK;
}

}  // namespace

ServerBuilder::ServerBuilder() : plan_(std::make_unique<Plan>()) {}
ServerBuilder::~ServerBuilder() = default;

void server::EnablePlainResponder(ServerBuilder& builder) {
  builder.plan_->has_plain_responder = true;
}

void server::IgnoreServiceTime(ServerBuilder& builder) {
  builder.plan_->ignores_service_time = true;
}

ServerBuilder& ServerBuilder::SetOptions(ServerOptions options) {
  plan_->options = std::move(options);
  return *this;
}

ServerBuilder& ServerBuilder::AddListeningPort(std::string address,
                                               std::shared_ptr<ServerCredentials> credentials,
                                               int* selected_port) {
  plan_->ports.push_back({std::move(address), std::move(credentials), selected_port});
  return *this;
}

ServerBuilder& ServerBuilder::RegisterService(Service* service, MethodOptions options) {
  plan_->services.push_back({service, options});
  return *this;
}

ServerBuilder& ServerBuilder::RegisterService(std::unique_ptr<Service> service,
                                              MethodOptions options) {
  plan_->owned_services.push_back(std::move(service));
  return RegisterService(plan_->owned_services.back().get(), options);
}

ServerBuilder& ServerBuilder::RegisterGenericService(GenericService* service,
                                                     MethodOptions options) {
  plan_->generic_services.push_back({service, options});
  return *this;
}

ServerBuilder& ServerBuilder::RegisterGenericService(GenericCoroutineService* service,
                                                     MethodOptions options) {
  plan_->generic_services.push_back({service, options});
  return *this;
}

ServerBuilder& ServerBuilder::AddCompressor(std::string name, MessageCompressorFactory make) {
  plan_->compressors.push_back({std::move(name), std::move(make)});
  return *this;
}

ServerBuilder& ServerBuilder::SetMethodOptions(std::string method, MethodOptions options) {
  plan_->methods[std::move(method)] = options;
  return *this;
}

ServerBuilder& ServerBuilder::AddInterceptor(std::unique_ptr<Interceptor> interceptor) {
  plan_->interceptors.push_back(std::move(interceptor));
  return *this;
}

StatusOr<std::unique_ptr<Server>> ServerBuilder::BuildAndStart() {
  if (plan_ == nullptr) return InvalidArgument("BuildAndStart was called twice on one builder");
  const std::unique_ptr<Plan> plan = std::move(plan_);
  if (Status status = CheckOptions(plan->options); !status.ok()) return status;

  const MethodOptions defaults = {
      .execution = Execution::kPool,
      .max_receive_message_bytes = plan->options.max_receive_message_bytes,
      .max_send_message_bytes = plan->options.max_send_message_bytes};
  server::Router router;
  for (const Plan::Registration& registration : plan->services) {
    if (registration.service == nullptr) return InvalidArgument("a registered service is null");
    if (auto error = router.AddService(*registration.service, defaults, registration.options,
                                       plan->methods)) {
      return InvalidArgument(*std::move(error));
    }
  }
  if (plan->generic_services.size() > 1) {
    return InvalidArgument("RegisterGenericService was called twice: a server has one at most");
  }
  for (const Plan::Registration& registration : plan->generic_services) {
    if (registration.service == nullptr) return InvalidArgument("a registered service is null");
    router.SetGenericService(*registration.service, defaults, registration.options);
  }
  server::Compressors compressors;
  for (Plan::NamedCompressor& added : plan->compressors) {
    if (auto error = compressors.Add(std::move(added.name), std::move(added.make))) {
      return InvalidArgument(*std::move(error));
    }
  }
  for (const auto& [method, options] : plan->methods) {
    if (router.Find(method) == nullptr) {
      return InvalidArgument(
          "SetMethodOptions names " + method +
          ", which no registered service has: write \"/package.Service/Method\"");
    }
  }
  for (const std::unique_ptr<Interceptor>& interceptor : plan->interceptors) {
    if (interceptor == nullptr) return InvalidArgument("an added interceptor is null");
  }
  if (plan->ports.empty()) {
    return InvalidArgument("no address to listen on: call AddListeningPort first");
  }

  std::vector<server::ListeningPort> ports;
  for (const Plan::Port& port : plan->ports) {
    server::ListeningPort listening;
    auto tls = server::MakeTlsContext(port.credentials.get());
    if (!tls.ok()) return tls.status();
    listening.tls = std::move(tls).value();
    auto address = net::ListenAddress::Parse(port.address);
    if (!address.ok()) return InvalidArgument(address.error());
    auto listeners = net::ListenOn(*address);
    if (!listeners.ok()) return Status(StatusCode::UNAVAILABLE, listeners.error());
    listening.listeners = std::move(listeners).value();
    if (port.selected_port != nullptr) *port.selected_port = listening.listeners.front()->port();
    ports.push_back(std::move(listening));
  }

  auto config = std::make_unique<server::ServerConfig>(
      std::move(plan->options), std::move(router),
      server::InterceptorChain(std::move(plan->interceptors)), std::move(compressors));
  config->owned_services = std::move(plan->owned_services);
  config->has_plain_responder = plan->has_plain_responder;
  config->ignores_service_time = plan->ignores_service_time;
  auto core = std::make_unique<server::ServerCore>(std::move(config));
  if (Status status = core->Start(std::move(ports)); !status.ok()) return status;
  return std::unique_ptr<Server>(new Server(std::move(core)));
}

}  // namespace weir
