// What the calls of one worker share: configuration, recycled objects, the way to the handler pool.
#ifndef WEIR_SERVER_WORKER_CONTEXT_H_
#define WEIR_SERVER_WORKER_CONTEXT_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "server/compressors.h"
#include "server/handler_pool.h"
#include "server/interceptor_chain.h"
#include "server/log.h"
#include "server/router.h"
#include "transport/base/intrusive_list.h"
#include "transport/driver/connection_handler.h"
#include "transport/driver/worker.h"
#include "transport/grpc/compressor.h"
#include "transport/grpc/field_list.h"

namespace weir::server {

class BlockingBridge;
class Call;
class RequestInput;
struct CallListTag;
struct RequestInputListTag;
struct WakeListTag;

// Everything about a server that is decided before it starts. Immutable and shared by all threads.
struct ServerConfig {
  ServerConfig(ServerOptions server_options, Router methods, InterceptorChain chain,
               Compressors encodings = {})
      : options(std::move(server_options)),
        router(std::move(methods)),
        interceptors(std::move(chain)),
        compressors(std::move(encodings)),
        log(options.log_sink) {}

  ServerOptions options;
  Router router;
  InterceptorChain interceptors;
  Compressors compressors;
  Log log;
  std::vector<std::unique_ptr<Service>> owned_services;  // of those in `router`
  bool has_plain_responder = false;                      // see plain_responder.h
  bool ignores_service_time = false;                     // see measured_time.h
};

// Confined to its worker's thread.
class WorkerContext final : public driver::ConnectionHandlerFactory {
 public:
  // Both must outlive the context.
  WorkerContext(const ServerConfig& config, HandlerPool& pool);
  ~WorkerContext();

  // ConnectionHandlerFactory
  std::unique_ptr<driver::ConnectionHandler> MakeHandler(driver::ConnectionDriver& driver) override;
  void HandOverWork() override;

  const ServerConfig& config() const { return config_; }
  const grpc::CompressorRegistry& compressors() const { return compressors_; }

  // An empty list for building one field section; shared by all calls, so to be used at once.
  grpc::FieldList& ClearedFieldList() {
    field_list_.Clear();
    return field_list_;
  }

  // Queues a handler for the pool at the end of this turn. False when the pool's queue is full.
  bool RunOnPool(PoolTask& task);
  // Wakes whoever waits in `bridge`, which is not waiting for that already.
  void WakeAtTurnEnd(BlockingBridge& bridge);

  // A call belongs to whoever acquired it until it is recycled. What takes something back, here and
  // below, allocates nothing.
  Call* AcquireCall();
  void RecycleCall(Call* call);

  // Whatever it was used for before, it is empty.
  RequestInput& AcquireInput();
  void RecycleInput(RequestInput& input);

  // Gives back what is kept for later calls.
  void ReleaseIdleMemory();

  // Messages of a method, recycled so that an ordinary call allocates none. Those whose last
  // content was large are not kept.
  static bool IsWorthKeeping(size_t content_size) { return content_size <= kKeptMessageBytesMax; }
  void* AcquireRequest(const Method& method);
  void* AcquireResponse(const Method& method);
  void RecycleRequest(const Method& method, void* message, bool is_worth_keeping);
  void RecycleResponse(const Method& method, void* message, bool is_worth_keeping);

 private:
  static constexpr size_t kKeptMessageBytesMax = 16 * 1024;

  void ForgetInputs();
  void ForgetMessages();

  struct RecycledMessages {
    std::vector<void*> requests;
    std::vector<void*> responses;
  };

  const ServerConfig& config_;
  HandlerPool& pool_;
  PoolBatch pool_batch_;
  IntrusiveList<BlockingBridge, WakeListTag> to_wake_;
  grpc::CompressorRegistry compressors_;
  grpc::FieldList field_list_;
  // Owned; the youngest first, since it is warm.
  IntrusiveList<Call, CallListTag> free_calls_;
  IntrusiveList<RequestInput, RequestInputListTag> free_inputs_;
  size_t free_input_count_ = 0;
  std::vector<RecycledMessages> messages_;  // by Method::index
};

}  // namespace weir::server

#endif  // WEIR_SERVER_WORKER_CONTEXT_H_
