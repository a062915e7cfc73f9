#include "tests/sim/services.h"

#include <algorithm>
#include <coroutine>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "tests/sim/wire.h"
#include "transport/net/timer.h"
#include "weir/stream.h"

namespace weir::sim {
namespace {

int alive_messages = 0;

// A wait that cancellation does not end: what a handler does that looks at nothing else.
class DeafWait final : public net::Timer {
 public:
  DeafWait(net::Loop& loop, Duration duration) : loop_(loop), duration_(duration) {}

  bool await_ready() const { return duration_ == Duration::zero(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    loop_.Arm(*this, AddSaturated(loop_.Now(), duration_));
  }
  void await_resume() const {}

 private:
  void OnTimer(TimePoint) override { waiter_.resume(); }

  net::Loop& loop_;
  const Duration duration_;
  std::coroutine_handle<> waiter_;
};

class SimService : public Service {
 public:
  SimService(const ServiceDescriptor* descriptor, HandlerObserver& observer)
      : Service(descriptor), observer_(observer) {}

  HandlerObserver& observer() { return observer_; }

 private:
  HandlerObserver& observer_;
};

uint64_t IdInMetadata(ServerContext& context) {
  const auto found = context.client_metadata().find("x-sim-call");
  if (found == context.client_metadata().end()) return UINT64_MAX;
  return std::strtoull(std::string(found->second).c_str(), nullptr, 10);
}

// From the start of a handler to its end, however it ends.
class Run {
 public:
  Run(SimService& service, ServerContext& context, const Message* request)
      : observer_(service.observer()), context_(context) {
    // No other content begins with the number of a call (see MessageText).
    if (request != nullptr && request->text.size() >= 4) {
      call_ = observer_.FindCall(LoadNumber({request->text.data(), 4}));
    }
    if (call_ == nullptr) call_ = observer_.FindCall(IdInMetadata(context));
    if (call_ == nullptr) {
      observer_.OnHandlerComplaint("a handler runs for a call that no client made");
      return;
    }
    observer_.OnHandlerStarts(*call_);
    if (request != nullptr) Judge(*request);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() {
    if (call_ != nullptr) observer_.OnHandlerEnds(*call_);
  }

  const CallPlan& plan() const { return call_->plan; }
  CallRecord& call() { return *call_; }
  HandlerObserver& observer() { return observer_; }
  bool is_known() const { return call_ != nullptr; }

  // A request has been read: is it the one that comes next?
  void Judge(const Message& request) {
    const size_t index = call_->reads++;
    const CallPlan& plan = call_->plan;
    if (call_->is_garbled) return;
    if (index < plan.request_sizes.size()) {
      const size_t size = plan.request_sizes[index];
      const bool is_right = request.text == MessageText(plan, MessageKind::kRequest, index, size,
                                                        HoldsId(plan, index, size));
      if (is_right) return;
    }
    observer_.OnHandlerComplaint("the handler of call " + std::to_string(plan.id) +
                                 " reads a request that was not sent: number " +
                                 std::to_string(index));
  }

  // What every handler does before it answers.
  void Prepare() {
    if (plan().has_reply_metadata) {
      context_.AddInitialMetadata("x-sim-initial", std::to_string(plan().id));
      context_.AddTrailingMetadata("x-sim-trailing-bin", std::string(3, '\xfe'));
    }
    if (plan().has_large_reply_metadata) {
      // Octets that Huffman coding would not shorten.
      context_.AddInitialMetadata("x-sim-large", std::string(17'000, '~'));
    }
    if (plan().cancels_itself) {
      call_->has_asked_to_cancel = true;
      context_.TryCancel();
    }
  }

  bool has_next_reply() const { return call_->writes < plan().reply_sizes.size(); }
  std::string NextReply() {
    const size_t index = call_->writes++;
    return MessageText(plan(), MessageKind::kReply, index, plan().reply_sizes[index], false);
  }

  Status Result() {
    if (plan().throws) {
      call_->returned = static_cast<int>(StatusCode::UNKNOWN);
      throw std::runtime_error("the plan says so");
    }
    call_->returned = plan().status;
    if (plan().status == 0) return Status();
    return Status(static_cast<StatusCode>(plan().status),
                  "call " + std::to_string(plan().id) + " fails: 100 %", "details");
  }

 private:
  HandlerObserver& observer_;
  ServerContext& context_;
  CallRecord* call_ = nullptr;
};

Status Unknown() { return Status(StatusCode::INTERNAL, "unknown call"); }

Status BlockingUnary(Service& service, ServerContext* context, const void* request, void* response,
                     internal::BlockingStream*) {
  Run run(static_cast<SimService&>(service), *context, static_cast<const Message*>(request));
  if (!run.is_known()) return Unknown();
  run.Prepare();
  static_cast<Message*>(response)->text = run.NextReply();
  return run.Result();
}

Task<Status> Unary(Service& service, ServerContext& context, const void* request, void* response,
                   internal::CoroutineStream*) {
  Run run(static_cast<SimService&>(service), context, static_cast<const Message*>(request));
  if (!run.is_known()) co_return Unknown();
  run.Prepare();
  if (run.plan().sleep_first != Duration::zero()) {
    static_cast<void>(co_await context.SleepFor(run.plan().sleep_first));
  }
  co_await DeafWait(run.observer().loop(), run.plan().lingers);
  static_cast<Message*>(response)->text = run.NextReply();
  co_return run.Result();
}

// One reply; true while the stream takes more.
Task<bool> WriteNext(Run& run, ServerContext& context, internal::CoroutineStream* stream) {
  if (run.plan().sleep_between != Duration::zero() &&
      !co_await context.SleepFor(run.plan().sleep_between)) {
    co_return false;
  }
  const Message reply(run.NextReply());
  co_return co_await internal::WriteAwaiter(stream, &reply, {});
}

// Reads up to the plan's number of messages. False when the call is over.
Task<bool> ReadAll(Run& run, ServerContext& context, internal::CoroutineStream* stream) {
  Message request;
  while (run.call().reads < run.plan().reads_max) {
    if (run.plan().sleep_between != Duration::zero() &&
        !co_await context.SleepFor(run.plan().sleep_between)) {
      co_return false;
    }
    const ReadResult result = co_await internal::ReadAwaiter(stream, &request);
    if (!result) co_return result.is_end();
    run.Judge(request);
    if (run.plan().answers_each && run.has_next_reply() &&
        !co_await WriteNext(run, context, stream)) {
      co_return false;
    }
  }
  co_return true;
}

Task<bool> Begin(Run& run, ServerContext& context, internal::CoroutineStream* stream) {
  run.Prepare();
  if (run.plan().sends_headers_early) stream->SendInitialMetadata();
  if (run.plan().sleep_first == Duration::zero()) co_return true;
  co_return co_await context.SleepFor(run.plan().sleep_first);
}

Task<Status> Streaming(Service& service, ServerContext& context, const Message* request,
                       Message* response, internal::CoroutineStream* stream, bool reads) {
  Run run(static_cast<SimService&>(service), context, request);
  if (!run.is_known()) co_return Unknown();
  bool is_alive = co_await Begin(run, context, stream);
  if (is_alive && reads) is_alive = co_await ReadAll(run, context, stream);
  if (response != nullptr) {
    response->text = run.NextReply();
  } else {
    while (is_alive && run.has_next_reply()) is_alive = co_await WriteNext(run, context, stream);
  }
  // Also what is read or written after the end of a call has to end in peace.
  if (!is_alive && run.plan().id % 2 == 0) {
    Message rest;
    const ReadResult result = co_await internal::ReadAwaiter(stream, &rest);
    if (result && reads) run.Judge(rest);
  }
  co_await DeafWait(run.observer().loop(), run.plan().lingers);
  co_return run.Result();
}

Task<Status> Collect(Service& service, ServerContext& context, const void*, void* response,
                     internal::CoroutineStream* stream) {
  return Streaming(service, context, nullptr, static_cast<Message*>(response), stream, true);
}
Task<Status> Expand(Service& service, ServerContext& context, const void* request, void*,
                    internal::CoroutineStream* stream) {
  return Streaming(service, context, static_cast<const Message*>(request), nullptr, stream, false);
}
Task<Status> Chat(Service& service, ServerContext& context, const void*, void*,
                  internal::CoroutineStream* stream) {
  return Streaming(service, context, nullptr, nullptr, stream, true);
}

using enum MethodShape;

const MethodDescriptor kCoroutineMethods[] = {
    {"Unary", kUnary, &kMessageCodec, &kMessageCodec, nullptr, &Unary},
    {"Collect", kClientStreaming, &kMessageCodec, &kMessageCodec, nullptr, &Collect},
    {"Expand", kServerStreaming, &kMessageCodec, &kMessageCodec, nullptr, &Expand},
    {"Chat", kBidirectional, &kMessageCodec, &kMessageCodec, nullptr, &Chat},
};
const MethodDescriptor kBlockingMethods[] = {
    {"Unary", kUnary, &kMessageCodec, &kMessageCodec, &BlockingUnary, nullptr},
};
const ServiceDescriptor kCoroutineService = {"sim.Coroutine", kCoroutineMethods};
const ServiceDescriptor kInlineService = {"sim.Inline", kBlockingMethods};
const ServiceDescriptor kPoolService = {"sim.Pool", kBlockingMethods};

class SimInterceptor final : public Interceptor {
 public:
  SimInterceptor(HandlerObserver& observer, bool refuses_some)
      : observer_(observer), refuses_some_(refuses_some) {}

  Task<Outcome> Intercept(InterceptedCall& call, Continuation next) override {
    CallRecord* const record = observer_.FindCall(IdInMetadata(call.context()));
    if (refuses_some_ && record != nullptr && IsInterceptorsCall(record->plan)) {
      record->is_intercepted = true;
      co_return call.Refuse(Status(static_cast<StatusCode>(kInterceptorStatus), "not this one"));
    }
    Outcome outcome = co_await next(call);
    co_return outcome;
  }

 private:
  HandlerObserver& observer_;
  const bool refuses_some_;
};

}  // namespace

Message::Message() { ++alive_messages; }
Message::Message(std::string octets) : text(std::move(octets)) { ++alive_messages; }
Message::~Message() { --alive_messages; }
int Message::alive() { return alive_messages; }

const internal::MessageCodec kMessageCodec = {
    .create = []() -> void* { return new Message(); },
    .destroy = [](void* message) { delete static_cast<Message*>(message); },
    .clear = [](void* message) { static_cast<Message*>(message)->text.clear(); },
    .parse =
        [](void* message, const uint8_t* bytes, size_t size) {
          std::string& text = static_cast<Message*>(message)->text;
          text.assign(reinterpret_cast<const char*>(bytes), size);
          return size < 4 || LoadNumber({text.data(), 4}) != kMalformedMessage;
        },
    .byte_size =
        [](const void* message) { return static_cast<const Message*>(message)->text.size(); },
    .serialize =
        [](const void* message, uint8_t* out) {
          const std::string& text = static_cast<const Message*>(message)->text;
          std::copy(text.begin(), text.end(), out);
        },
    .as_protobuf = nullptr,
};

std::vector<std::unique_ptr<Service>> MakeServices(HandlerObserver& observer) {
  std::vector<std::unique_ptr<Service>> services;
  services.push_back(std::make_unique<SimService>(&kCoroutineService, observer));
  services.push_back(std::make_unique<SimService>(&kInlineService, observer));
  services.push_back(std::make_unique<SimService>(&kPoolService, observer));
  return services;
}

std::unique_ptr<Interceptor> MakeInterceptor(HandlerObserver& observer, bool refuses_some) {
  return std::make_unique<SimInterceptor>(observer, refuses_some);
}

}  // namespace weir::sim
