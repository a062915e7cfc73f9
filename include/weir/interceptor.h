// Interceptors: code around every call of a server.
//
//   class Audit final : public weir::Interceptor {
//     weir::Task<weir::Outcome> Intercept(weir::InterceptedCall& call,
//                                         weir::Continuation next) override {
//       if (!Allowed(call)) {
//         co_return call.Refuse(weir::Status(weir::StatusCode::PERMISSION_DENIED, "not yours"));
//       }
//       weir::Outcome outcome = co_await next(call);
//       Record(call.method(), outcome.status());
//       co_return outcome;
//     }
//   };
//
// An Outcome comes only from `next` or from `Refuse`, so forgetting both does not compile. They run
// in the order of registration, on the worker's thread whatever the style of the handler, from the
// arrival of the call's headers (before its messages) to the handler's status (before the
// trailers). They must not block. What one throws becomes UNKNOWN for those around it. A server
// without interceptors pays nothing.
//
// "Every call" is every call that has a handler: what the server refuses by the headers alone (an
// unknown method, a malformed path or timeout, an unknown encoding) never becomes one.
#ifndef WEIR_INTERCEPTOR_H_
#define WEIR_INTERCEPTOR_H_

#include <google/protobuf/message_lite.h>

#include <chrono>
#include <cstdint>
#include <string_view>

#include "weir/server_context.h"
#include "weir/status.h"
#include "weir/task.h"

namespace weir {

namespace server {
class InterceptorChain;
}  // namespace server

// How a call ended, as far as the server decides it.
class Outcome {
 public:
  const Status& status() const { return status_; }

 private:
  friend class InterceptedCall;
  friend class server::InterceptorChain;
  explicit Outcome(Status status) : status_(std::move(status)) {}

  Status status_;
};

// Sees every protobuf message of a call: after it was parsed, before it is serialised. (Messages
// that stay bytes, those of generic services among them, are not shown.) Called on the thread that
// reads or writes: the worker's, a pool thread for blocking handlers, or another that such a
// handler has started; a handler that reads and writes on two threads calls from both at once. Must
// live until the interceptor that registered it returns.
class MessageObserver {
 public:
  virtual void OnMessageReceived(const google::protobuf::MessageLite& message) = 0;
  virtual void OnMessageSent(const google::protobuf::MessageLite& message) = 0;

 protected:
  ~MessageObserver() = default;
};

// A call on its way to its handler and back. Valid while Intercept runs.
class InterceptedCall {
 public:
  InterceptedCall(const InterceptedCall&) = delete;
  InterceptedCall& operator=(const InterceptedCall&) = delete;

  // "/helloworld.Greeter/SayHello"
  std::string_view method() const { return context().method(); }
  // The handler's context: metadata both ways, peer, deadline, cancellation.
  ServerContext& context() const;
  // Adds to what the handler (and later interceptors) see as the client's metadata.
  void AddClientMetadata(std::string_view key, std::string_view value);
  // Makes `observer` see the call's messages from now on. Not owned.
  void ObserveMessages(MessageObserver* observer);

  struct Statistics {
    uint64_t messages_received = 0;
    uint64_t messages_sent = 0;
    uint64_t bytes_received = 0;  // of messages, as on the wire, without their 5-byte prefixes
    uint64_t bytes_sent = 0;
    std::chrono::nanoseconds elapsed{0};  // since the call's headers arrived
  };
  // Complete once `next` has given its outcome.
  Statistics statistics() const;

  // The answer is `status`: instead of calling `next` (the handler never runs), or after it
  // (replaces the handler's status, as long as the trailers were not sent).
  Outcome Refuse(Status status) { return Outcome(std::move(status)); }

 private:
  friend class server::InterceptorChain;
  explicit InterceptedCall(server::Call* call) : call_(call) {}

  server::Call* call_;
};

// The rest of the chain. `co_await next(call)` runs it; at most once.
class Continuation {
 public:
  Task<Outcome> operator()(InterceptedCall& call) const;

 private:
  friend class server::InterceptorChain;
  Continuation(const server::InterceptorChain* chain, size_t position)
      : chain_(chain), position_(position) {}

  const server::InterceptorChain* chain_;
  size_t position_;
};

// Called from all worker threads at once.
class Interceptor {
 public:
  virtual ~Interceptor() = default;
  virtual Task<Outcome> Intercept(InterceptedCall& call, Continuation next) = 0;
};

}  // namespace weir

#endif  // WEIR_INTERCEPTOR_H_
