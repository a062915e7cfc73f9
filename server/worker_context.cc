#include "server/worker_context.h"

#include <new>
#include <utility>

#include "server/blocking_bridge.h"
#include "server/call.h"
#include "server/connection_calls.h"
#include "server/frame_memory.h"
#include "server/request_input.h"
#include "transport/base/large_blocks.h"
#include "transport/base/long_lived.h"
#include "transport/net/free_memory.h"

namespace weir::server {
namespace {

// Messages kept per method and direction.
constexpr size_t kMessagesKeptMax = 256;
// Calls in the middle of a message at once, as a rule.
constexpr size_t kInputsKeptMax = 256;

void Recycle(const internal::MessageCodec& codec, std::vector<void*>& kept, void* message,
             bool is_worth_keeping) {
  if (kept.size() >= kMessagesKeptMax || !is_worth_keeping) {
    codec.destroy(message);
    return;
  }
  codec.clear(message);
  try {
    kept.push_back(message);
  } catch (const std::bad_alloc&) {
    codec.destroy(message);
  }
}

void* Acquire(const internal::MessageCodec& codec, std::vector<void*>& kept) {
  if (kept.empty()) return codec.create();
  void* message = kept.back();
  kept.pop_back();
  return message;
}

}  // namespace

WorkerContext::WorkerContext(const ServerConfig& config, HandlerPool& pool)
    : config_(config), pool_(pool), messages_(config.router.method_count()) {
  config.compressors.MakeFor(&compressors_);
}

WorkerContext::~WorkerContext() {
  free_calls_.ForEach([](Call& call) { delete &call; });
  ForgetInputs();
  ForgetMessages();
}

std::unique_ptr<driver::ConnectionHandler> WorkerContext::MakeHandler(
    driver::ConnectionDriver& driver) {
  return std::make_unique<ConnectionCalls>(*this, driver);
}

void WorkerContext::HandOverWork() {
  pool_.Submit(pool_batch_);
  while (!to_wake_.empty()) to_wake_.PopFront().Wake();
}

bool WorkerContext::RunOnPool(PoolTask& task) {
  if (!pool_.ReservePlace()) return false;
  pool_batch_.Add(task);
  return true;
}

void WorkerContext::WakeAtTurnEnd(BlockingBridge& bridge) { to_wake_.PushBack(bridge); }

Call* WorkerContext::AcquireCall() {
  return free_calls_.empty() ? new Call : &free_calls_.PopFront();
}

void WorkerContext::RecycleCall(Call* call) { free_calls_.PushFront(*call); }

RequestInput& WorkerContext::AcquireInput() {
  if (free_inputs_.empty()) return *new RequestInput;
  --free_input_count_;
  return free_inputs_.PopFront();
}

void WorkerContext::RecycleInput(RequestInput& input) {
  if (free_input_count_ == kInputsKeptMax) {
    delete &input;
    return;
  }
  input.ReleaseMemory();
  free_inputs_.PushFront(input);
  ++free_input_count_;
}

void WorkerContext::ReleaseIdleMemory() {
  IntrusiveList<Call, CallListTag> calls;
  calls.TakeAll(free_calls_);
  while (!calls.empty()) {
    Call* const call = &calls.PopFront();
    if (call->is_referred_to()) {
      free_calls_.PushBack(*call);
    } else {
      delete call;
    }
  }
  ForgetInputs();
  ForgetMessages();
  ReleaseIdleFrames();
  LargeBlocks::OfProcess().Release();
  LongLivedMemory::OfProcess().ReleaseIdle();
  net::ReturnFreeMemoryOfThread();
}

void WorkerContext::ForgetInputs() {
  free_inputs_.ForEach([](RequestInput& input) { delete &input; });
  free_input_count_ = 0;
}

void WorkerContext::ForgetMessages() {
  config_.router.ForEachMethod([this](const Method& method) {
    RecycledMessages recycled = std::exchange(messages_[method.index], {});
    for (void* message : recycled.requests) method.descriptor->request->destroy(message);
    for (void* message : recycled.responses) method.descriptor->response->destroy(message);
  });
}

void* WorkerContext::AcquireRequest(const Method& method) {
  return Acquire(*method.descriptor->request, messages_[method.index].requests);
}

void* WorkerContext::AcquireResponse(const Method& method) {
  return Acquire(*method.descriptor->response, messages_[method.index].responses);
}

void WorkerContext::RecycleRequest(const Method& method, void* message, bool is_worth_keeping) {
  Recycle(*method.descriptor->request, messages_[method.index].requests, message, is_worth_keeping);
}

void WorkerContext::RecycleResponse(const Method& method, void* message, bool is_worth_keeping) {
  Recycle(*method.descriptor->response, messages_[method.index].responses, message,
          is_worth_keeping);
}

}  // namespace weir::server
