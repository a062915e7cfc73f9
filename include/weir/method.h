// Services without a .proto, or with methods whose messages stay bytes.
//
//   class Cache final : public weir::Service {
//    public:
//     Cache();
//     weir::Status Get(weir::ServerContext* context, const weir::ByteBuffer* key,
//                      weir::ByteBuffer* value);
//     weir::Task<weir::Status> Watch(weir::ServerContext& context, const WatchRequest& request,
//                                    weir::Writer<weir::ByteBuffer>& values);
//   };
//
//   constexpr weir::MethodDescriptor kCacheMethods[] = {
//       weir::MakeMethod<&Cache::Get>("Get"),
//       weir::MakeMethod<&Cache::Watch>("Watch"),
//   };
//   constexpr weir::ServiceDescriptor kCache = {.full_name = "cache.Cache",
//                                               .methods = kCacheMethods};
//   Cache::Cache() : Service(&kCache) {}
//
// It is registered like any other service. Generated classes are made of the same descriptors.
#ifndef WEIR_METHOD_H_
#define WEIR_METHOD_H_

#include <string_view>

#include "weir/internal/message_codec.h"
#include "weir/internal/method_thunks.h"
#include "weir/server_context.h"
#include "weir/service.h"
#include "weir/status.h"
#include "weir/stream.h"
#include "weir/task.h"

namespace weir {
namespace internal {

// What the type of a handler says about its method: Q is the request's type, P the response's.
template <typename Q, typename P, MethodShape kShapeOfCalls>
struct MethodOf {
  using Request = Q;
  using Response = P;
  static constexpr MethodShape kShape = kShapeOfCalls;
};

template <typename Handler>
struct MethodTraits;

template <typename S, typename Q, typename P>
struct MethodTraits<Status (S::*)(ServerContext*, const Q*, P*)>
    : MethodOf<Q, P, MethodShape::kUnary> {
  template <auto kMethod>
  static constexpr BlockingHandler kBlocking = &BlockingUnary<S, Q, P, kMethod>;
};

template <typename S, typename Q, typename P>
struct MethodTraits<Status (S::*)(ServerContext*, ServerReader<Q>*, P*)>
    : MethodOf<Q, P, MethodShape::kClientStreaming> {
  template <auto kMethod>
  static constexpr BlockingHandler kBlocking = &BlockingClientStreaming<S, Q, P, kMethod>;
};

template <typename S, typename Q, typename P>
struct MethodTraits<Status (S::*)(ServerContext*, const Q*, ServerWriter<P>*)>
    : MethodOf<Q, P, MethodShape::kServerStreaming> {
  template <auto kMethod>
  static constexpr BlockingHandler kBlocking = &BlockingServerStreaming<S, Q, P, kMethod>;
};

template <typename S, typename Q, typename P>
struct MethodTraits<Status (S::*)(ServerContext*, ServerReaderWriter<P, Q>*)>
    : MethodOf<Q, P, MethodShape::kBidirectional> {
  template <auto kMethod>
  static constexpr BlockingHandler kBlocking = &BlockingBidirectional<S, Q, P, kMethod>;
};

template <typename S, typename Q, typename P>
struct MethodTraits<Task<Status> (S::*)(ServerContext&, const Q&, P&)>
    : MethodOf<Q, P, MethodShape::kUnary> {
  template <auto kMethod>
  static constexpr CoroutineHandler kCoroutine = &CoroutineUnary<S, Q, P, kMethod>;
};

template <typename S, typename Q, typename P>
struct MethodTraits<Task<Status> (S::*)(ServerContext&, Reader<Q>&, P&)>
    : MethodOf<Q, P, MethodShape::kClientStreaming> {
  template <auto kMethod>
  static constexpr CoroutineHandler kCoroutine = &CoroutineClientStreaming<S, Q, P, kMethod>;
};

template <typename S, typename Q, typename P>
struct MethodTraits<Task<Status> (S::*)(ServerContext&, const Q&, Writer<P>&)>
    : MethodOf<Q, P, MethodShape::kServerStreaming> {
  template <auto kMethod>
  static constexpr CoroutineHandler kCoroutine = &CoroutineServerStreaming<S, Q, P, kMethod>;
};

template <typename S, typename Q, typename P>
struct MethodTraits<Task<Status> (S::*)(ServerContext&, ReaderWriter<Q, P>&)>
    : MethodOf<Q, P, MethodShape::kBidirectional> {
  template <auto kMethod>
  static constexpr CoroutineHandler kCoroutine = &CoroutineBidirectional<S, Q, P, kMethod>;
};

template <auto kMethod>
concept IsBlocking = requires {
  MethodTraits<decltype(kMethod)>::template kBlocking<kMethod>;
};

}  // namespace internal

// The method of a service class that `kMethod`, a member function of it, handles. Its type says the
// shape of the calls, the types of the messages and the style of the handler; they are those of
// generated code. `name` must live as long as the program.
template <auto kMethod>
constexpr MethodDescriptor MakeMethod(std::string_view name) {
  using Traits = internal::MethodTraits<decltype(kMethod)>;
  MethodDescriptor descriptor = {
      .name = name,
      .shape = Traits::kShape,
      .request = &internal::kMessageCodec<typename Traits::Request>,
      .response = &internal::kMessageCodec<typename Traits::Response>,
      .blocking = nullptr,
      .coroutine = nullptr,
  };
  if constexpr (internal::IsBlocking<kMethod>) {
    descriptor.blocking = Traits::template kBlocking<kMethod>;
  } else {
    descriptor.coroutine = Traits::template kCoroutine<kMethod>;
  }
  return descriptor;
}

}  // namespace weir

#endif  // WEIR_METHOD_H_
