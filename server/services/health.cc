#include "weir/health.h"

#include <coroutine>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "grpc/health/v1/health.pb.h"
#include "weir/method.h"

namespace weir {
namespace {

using ::grpc::health::v1::HealthCheckRequest;
using ::grpc::health::v1::HealthCheckResponse;
using ::grpc::health::v1::HealthListRequest;
using ::grpc::health::v1::HealthListResponse;
using ServingStatus = HealthCheckResponse::ServingStatus;

// The name of a service, and little else.
constexpr size_t kRequestBytesMax = 4096;
// gRFC A90 leaves the number to the server; it is that of grpc-go.
constexpr size_t kListedMax = 100;

ServingStatus ToServingStatus(bool is_serving) {
  return is_serving ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
}

// What a coroutine waits for. Belongs to its worker; whoever may ring when the call is over already
// holds a share.
class Alarm {
 public:
  Alarm() = default;
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  void Ring() {
    is_ringing_ = true;
    if (waiter_) std::exchange(waiter_, {}).resume();
  }

  // `co_await alarm.WaitForRing()` returns as soon as it has rung since the last time.
  class Awaiter {
   public:
    explicit Awaiter(Alarm& alarm) : alarm_(alarm) {}
    bool await_ready() const { return alarm_.is_ringing_; }
    void await_suspend(std::coroutine_handle<> waiter) { alarm_.waiter_ = waiter; }
    void await_resume() { alarm_.is_ringing_ = false; }

   private:
    Alarm& alarm_;
  };
  Awaiter WaitForRing() { return Awaiter(*this); }

 private:
  bool is_ringing_ = false;
  std::coroutine_handle<> waiter_;
};

}  // namespace

// What is known of each service, and who wants to know. Thread-safe.
class HealthService::Registry {
 public:
  class Watcher;

  std::optional<ServingStatus> Find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    return FindLocked(name);
  }

  // False when there are too many.
  bool List(HealthListResponse& response) const {
    const std::lock_guard lock(mutex_);
    if (statuses_.size() > kListedMax) return false;
    auto& listed = *response.mutable_statuses();
    for (const auto& [name, status] : statuses_) listed[name].set_status(status);
    return true;
  }

  void Set(std::string_view name, ServingStatus status) {
    const std::lock_guard lock(mutex_);
    if (is_shut_down_) status = HealthCheckResponse::NOT_SERVING;
    if (FindLocked(name) == status) return;
    WakeWatchersOf(name);
    statuses_.insert_or_assign(std::string(name), status);
  }

  void SetAll(ServingStatus status) {
    const std::lock_guard lock(mutex_);
    if (!is_shut_down_) SetAllLocked(status);
  }

  void ShutDown() {
    const std::lock_guard lock(mutex_);
    is_shut_down_ = true;
    SetAllLocked(HealthCheckResponse::NOT_SERVING);
  }

 private:
  std::optional<ServingStatus> FindLocked(std::string_view name) const {
    const auto found = statuses_.find(name);
    if (found == statuses_.end()) return std::nullopt;
    return found->second;
  }

  void SetAllLocked(ServingStatus status) {
    for (auto& [name, known] : statuses_) {
      if (known == status) continue;
      WakeWatchersOf(name);
      known = status;
    }
  }

  // Before the status changes, under the same lock: if there is no memory for it, nobody has missed
  // anything.
  void WakeWatchersOf(std::string_view name);

  mutable std::mutex mutex_;
  bool is_shut_down_ = false;
  std::map<std::string, ServingStatus, std::less<>> statuses_;
  // By the name that is watched, a view of the call's request. Peers choose the names, so this is a
  // tree, which nobody can make slow.
  std::multimap<std::string_view, Watcher*> watchers_;
};

// One call of Watch.
class HealthService::Registry::Watcher {
 public:
  // All must outlive the watcher, which lives on the worker of the call.
  Watcher(Registry& registry, ServerContext& context, std::string_view name)
      : registry_(registry), context_(context), alarm_(std::make_shared<Alarm>()) {
    context.OnCancel([alarm = alarm_] { alarm->Ring(); });
    context.OnDrain([alarm = alarm_] { alarm->Ring(); });
    const std::lock_guard lock(registry_.mutex_);
    place_ = registry_.watchers_.emplace(name, this);
  }
  ~Watcher() {
    const std::lock_guard lock(registry_.mutex_);
    registry_.watchers_.erase(place_);
  }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // The status now. What changes from here on rings the alarm.
  ServingStatus Look() {
    const std::lock_guard lock(registry_.mutex_);
    is_woken_ = false;
    return registry_.FindLocked(place_->first).value_or(HealthCheckResponse::SERVICE_UNKNOWN);
  }
  // Rings when there may be news, or when the call is to end.
  Alarm& alarm() { return *alarm_; }

  // The registry is locked. Once is enough, however often the status changes before the next look.
  void Wake() {
    if (is_woken_) return;
    context_.RunOnWorker([alarm = alarm_] { alarm->Ring(); });
    is_woken_ = true;
  }

 private:
  Registry& registry_;
  ServerContext& context_;
  const std::shared_ptr<Alarm> alarm_;
  std::multimap<std::string_view, Watcher*>::iterator place_;
  bool is_woken_ = false;  // guarded by the registry's mutex
};

void HealthService::Registry::WakeWatchersOf(std::string_view name) {
  const auto [first, last] = watchers_.equal_range(name);
  for (auto each = first; each != last; ++each) each->second->Wake();
}

const ServiceDescriptor& HealthService::Describe() {
  static constexpr MethodDescriptor kMethods[] = {
      MakeMethod<&HealthService::Check>("Check"),
      MakeMethod<&HealthService::List>("List"),
      MakeMethod<&HealthService::Watch>("Watch"),
  };
  static constexpr ServiceDescriptor kDescriptor = {.full_name = "grpc.health.v1.Health",
                                                    .methods = kMethods,
                                                    .max_receive_message_bytes = kRequestBytesMax};
  return kDescriptor;
}

HealthService::HealthService() : Service(&Describe()), registry_(std::make_unique<Registry>()) {
  SetServingStatus("", true);
}

HealthService::~HealthService() = default;

void HealthService::SetServingStatus(std::string_view service_name, bool is_serving) {
  registry_->Set(service_name, ToServingStatus(is_serving));
}

void HealthService::SetServingStatus(bool is_serving) {
  registry_->SetAll(ToServingStatus(is_serving));
}

void HealthService::Shutdown() { registry_->ShutDown(); }

Task<Status> HealthService::Check(ServerContext&, const HealthCheckRequest& request,
                                  HealthCheckResponse& response) {
  const std::optional<ServingStatus> status = registry_->Find(request.service());
  if (!status)
    co_return Status(StatusCode::NOT_FOUND, "nothing is known of a service of this name");
  response.set_status(*status);
  co_return Status::OK;
}

Task<Status> HealthService::List(ServerContext&, const HealthListRequest&,
                                 HealthListResponse& response) {
  if (!registry_->List(response)) {
    co_return Status(StatusCode::RESOURCE_EXHAUSTED,
                     "there are more than 100 services to list: check those of interest");
  }
  co_return Status::OK;
}

Task<Status> HealthService::Watch(ServerContext& context, const HealthCheckRequest& request,
                                  Writer<HealthCheckResponse>& writer) {
  Registry::Watcher watcher(*registry_, context, request.service());
  std::optional<ServingStatus> told;
  while (!context.IsCancelled() && !context.IsDraining()) {
    const ServingStatus status = watcher.Look();
    if (status != told) {
      HealthCheckResponse response;
      response.set_status(status);
      const bool is_sent = co_await writer.Write(response);
      if (!is_sent) co_return Status::CANCELLED;
      told = status;
    }
    co_await watcher.alarm().WaitForRing();
  }
  co_return Status(StatusCode::UNAVAILABLE, "the connection is being drained: watch again");
}

}  // namespace weir
