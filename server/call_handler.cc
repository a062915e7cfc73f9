// Calls: running the handler, in each style, with and without interceptors.
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "server/blocking_bridge.h"
#include "server/call.h"
#include "server/connection_calls.h"
#include "server/request_input.h"
#include "server/worker_context.h"

namespace weir::server {
namespace {

Status PoolIsFull() {
  return Status(StatusCode::RESOURCE_EXHAUSTED,
                "the server has too many calls waiting for a handler thread");
}

}  // namespace

// Until the single request has been parsed or the call is over.
struct Call::RequestReadyAwaiter {
  Call& call;
  bool await_ready() const { return call.is_request_ready_ || call.is_stream_over_; }
  void await_suspend(std::coroutine_handle<> waiter) {
    call.interception_->request_waiter = waiter;
  }
  void await_resume() const {}
};

// Until the pool has run the handler.
struct Call::PoolAwaiter {
  Call& call;
  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    if (!call.SubmitToPool()) {
      call.interception_->pool_status = PoolIsFull();
      return false;
    }
    call.interception_->pool_waiter = waiter;  // the pool is told at the end of the turn
    return true;
  }
  Status await_resume() const { return std::move(call.interception_->pool_status); }
};

void Call::OnRequestReady() {
  is_request_ready_ = true;
  if (!is_handler_running_) {
    StartHandler();
  } else {
    WakeRequestWaiter();
  }
}

void Call::WakeRequestWaiter() {
  if (interception_ == nullptr || !interception_->request_waiter) return;
  std::exchange(interception_->request_waiter, nullptr).resume();
}

// Without interceptors. A handler may throw before it is a coroutine.
void Call::RunCoroutine() {
  if (HasSingleResponse()) response_ = worker().AcquireResponse(*method_);
  Task<Status> task;
  try {
    task = InvokeCoroutine();
  } catch (...) {
    Status status = StatusOfException(std::current_exception());
    ClearCallbacks();
    Finish(std::move(status));
    return;
  }
  StartTask(std::move(task));
}

void Call::StartTask(Task<Status> task) {
  task_ = std::move(task);
  task_.StartFor(*this);
}

// All that is thrown through interceptors is a lack of memory; what a handler throws without them
// is the user's.
Status Call::TakeTaskResult() {
  if (!worker().config().interceptors.is_empty()) return task_.TakeResult();
  Status status;
  try {
    status = task_.TakeResult();
  } catch (...) {
    status = StatusOfException(std::current_exception());
  }
  ClearCallbacks();
  return status;
}

// The bottom of every coroutine stack.
void Call::OnTaskEnd() noexcept {
  Status status;
  try {
    status = TakeTaskResult();
  } catch (const std::bad_alloc&) {
    connection_->driver().CloseForLackOfMemory();
  }
  task_ = {};
  Finish(std::move(status));
}

void Call::StartHandler() {
  is_handler_running_ = true;
  // What throws has started no handler, so none will finish the call.
  if (!RunOrClose([this] { LaunchHandler(); })) Finish(Status());
}

void Call::LaunchHandler() {
  const InterceptorChain& interceptors = worker().config().interceptors;
  if (!interceptors.is_empty()) {
    StartTask(interceptors.Run(*this));
    return;
  }
  switch (method_->style) {
    case HandlerStyle::kInline:
      response_ = worker().AcquireResponse(*method_);
      Finish(InvokeBlocking(nullptr));
      return;
    case HandlerStyle::kPool:
      if (!SubmitToPool()) Finish(PoolIsFull());
      return;
    case HandlerStyle::kCoroutine:
      RunCoroutine();
      return;
  }
}

Task<Status> Call::RunHandler() {
  if (std::exchange(interception_->was_handler_called, true)) {
    LogMisuse("was to be called twice: an interceptor may call its continuation once");
    co_return Status(StatusCode::INTERNAL, "an interceptor called the handler twice");
  }
  if (HasSingleRequest()) co_await RequestReadyAwaiter{*this};
  Status status;
  if (!is_stream_over_) {
    try {
      if (method_->style != HandlerStyle::kPool && HasSingleResponse()) {
        response_ = worker().AcquireResponse(*method_);
      }
      switch (method_->style) {
        case HandlerStyle::kInline:
          status = InvokeBlocking(nullptr);
          break;
        case HandlerStyle::kPool:
          status = co_await PoolAwaiter{*this};
          break;
        case HandlerStyle::kCoroutine:
          try {
            status = co_await InvokeCoroutine();
          } catch (...) {
            status = StatusOfException(std::current_exception());
          }
          ClearCallbacks();
          break;
      }
    } catch (const std::bad_alloc&) {
      connection_->driver().CloseForLackOfMemory();
    }
  }
  if (is_cancel_requested_.load(std::memory_order_relaxed)) {
    RunOrClose([this] { CancelByServer(); });
  }
  // What the client was told, or would have been: interceptors are to see that.
  if (is_stream_over_) co_return EndStatus();
  if (status.ok() && HasSingleResponse() && method_->style != HandlerStyle::kPool) {
    const internal::MessageCodec& codec = *method_->descriptor->response;
    NoteSent(codec, response_);
    NoteSentBytes(codec.byte_size(response_));
  }
  co_return status;
}

Task<Status> Call::InvokeCoroutine() {
  return method_->descriptor->coroutine(*method_->service, *this, request_, response_, this);
}

Status Call::InvokeBlocking(internal::BlockingStream* stream) {
  Status status;
  try {
    status = method_->descriptor->blocking(*method_->service, this, request_, response_, stream);
  } catch (...) {
    status = StatusOfException(std::current_exception());
  }
  ClearCallbacks();
  return status;
}

// gRPC "Status codes": UNKNOWN for what an application throws. The text may hold secrets, so it
// goes to the log and not to the client.
Status Call::StatusOfException(const std::exception_ptr& exception) const {
  LogException("", exception);
  return Status(StatusCode::UNKNOWN, "the handler failed with an exception");
}

void Call::LogException(std::string_view what, const std::exception_ptr& exception) const noexcept {
  try {
    std::string line(what);
    if (!line.empty()) line.push_back(' ');
    try {
      std::rethrow_exception(exception);
    } catch (const std::exception& known) {
      line.append("threw an exception: ").append(known.what());
    } catch (...) {
      line.append("threw something that is not a std::exception");
    }
    LogMisuse(line);
  } catch (const std::bad_alloc&) {
    LogMisuse("threw an exception");
  }
}

// ---- pool --------------------------------------------------------------------------------------

bool Call::SubmitToPool() {
  if (bridge_ == nullptr) bridge_ = std::make_unique<BlockingBridge>(*this);
  bridge_->Reset();
  if (HasSingleResponse()) response_ = worker().AcquireResponse(*method_);
  if (!HasSingleRequest()) {
    // What arrived while interceptors were at work.
    if (input_ != nullptr) {
      bridge_->AddInput(input_->kept());
      DropInput();
    }
    if (is_input_ended_) bridge_->EndInput();
  }
  is_on_pool_ = worker().RunOnPool(*bridge_);
  if (!is_on_pool_) CountHit(http2::Limit::kHandlerQueue);
  return is_on_pool_;
}

void Call::OnPoolHandlerDone(Status status) {
  is_on_pool_ = false;
  if (interception_ != nullptr) {
    interception_->pool_status = std::move(status);
    std::exchange(interception_->pool_waiter, nullptr).resume();
  } else {
    Finish(std::move(status));
  }
}

}  // namespace weir::server
