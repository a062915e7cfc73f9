// What a generated service class is made of: a static description of its methods, and a base class.
// Users meet `weir::Service` only as the type that ServerBuilder::RegisterService takes.
#ifndef WEIR_SERVICE_H_
#define WEIR_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "weir/internal/message_codec.h"
#include "weir/status.h"
#include "weir/task.h"

namespace weir {

class ServerContext;
class Service;

namespace internal {

class BlockingStream;
class CoroutineStream;

// Calls the handler on a pool thread (or on the worker, for an inline unary method). `request` is
// null when the client streams, `response` when the server does, `stream` when neither does.
using BlockingHandler = Status (*)(Service& service, ServerContext* context, const void* request,
                                   void* response, BlockingStream* stream);

// Makes the handler's coroutine; runs none of it. Same nulls. All arguments outlive the task.
using CoroutineHandler = Task<Status> (*)(Service& service, ServerContext& context,
                                          const void* request, void* response,
                                          CoroutineStream* stream);

}  // namespace internal

enum class MethodShape : uint8_t {
  kUnary,
  kClientStreaming,
  kServerStreaming,
  kBidirectional,
};

constexpr bool ClientStreams(MethodShape shape) {
  return shape == MethodShape::kClientStreaming || shape == MethodShape::kBidirectional;
}

constexpr bool ServerStreams(MethodShape shape) {
  return shape == MethodShape::kServerStreaming || shape == MethodShape::kBidirectional;
}

// One method. Exactly one of the two handlers is set.
struct MethodDescriptor {
  std::string_view name;  // "SayHello"
  MethodShape shape;
  const internal::MessageCodec* request;
  const internal::MessageCodec* response;
  internal::BlockingHandler blocking;
  internal::CoroutineHandler coroutine;
};

// Constant data in generated code; lives as long as the program.
struct ServiceDescriptor {
  std::string_view full_name;  // "helloworld.Greeter"
  std::span<const MethodDescriptor> methods;
  // For services whose requests are small and may have to be kept for long: the largest, in bytes,
  // if ServerOptions allows more. MethodOptions come before it. 0: no such limit.
  size_t max_receive_message_bytes = 0;
};

// Base of every generated `Service` and `CoroutineService`. The object must outlive the server it
// is registered with; its handlers are called from several threads at once.
class Service {
 public:
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  virtual ~Service() = default;

  const ServiceDescriptor& descriptor() const { return *descriptor_; }

 protected:
  explicit Service(const ServiceDescriptor* descriptor) : descriptor_(descriptor) {}

 private:
  const ServiceDescriptor* descriptor_;
};

}  // namespace weir

#endif  // WEIR_SERVICE_H_
