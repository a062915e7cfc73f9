// Functions between the library, which knows no message types, and the typed virtual methods of a
// generated service. Used by generated code only.
#ifndef WEIR_INTERNAL_METHOD_THUNKS_H_
#define WEIR_INTERNAL_METHOD_THUNKS_H_

#include <new>
#include <type_traits>

#include "weir/server_context.h"
#include "weir/service.h"
#include "weir/stream.h"

namespace weir::internal {

// What a method that nobody overrode answers.
Status UnimplementedMethod();
Task<Status> UnimplementedMethodTask();

// ---- blocking: `kMethod` is a pointer to a member function of generated class S ----------------

template <typename S, typename Q, typename P, auto kMethod>
Status BlockingUnary(Service& service, ServerContext* context, const void* request, void* response,
                     BlockingStream*) {
  return (static_cast<S&>(service).*kMethod)(context, static_cast<const Q*>(request),
                                             static_cast<P*>(response));
}

template <typename S, typename Q, typename P, auto kMethod>
Status BlockingClientStreaming(Service& service, ServerContext* context, const void*,
                               void* response, BlockingStream* stream) {
  ServerReader<Q> reader(stream);
  return (static_cast<S&>(service).*kMethod)(context, &reader, static_cast<P*>(response));
}

template <typename S, typename Q, typename P, auto kMethod>
Status BlockingServerStreaming(Service& service, ServerContext* context, const void* request, void*,
                               BlockingStream* stream) {
  ServerWriter<P> writer(stream);
  return (static_cast<S&>(service).*kMethod)(context, static_cast<const Q*>(request), &writer);
}

template <typename S, typename Q, typename P, auto kMethod>
Status BlockingBidirectional(Service& service, ServerContext* context, const void*, void*,
                             BlockingStream* stream) {
  ServerReaderWriter<P, Q> reader_writer(stream);
  return (static_cast<S&>(service).*kMethod)(context, &reader_writer);
}

// ---- coroutine ---------------------------------------------------------------------------------

// The typed view lives in the stream, because the coroutine keeps a reference to it.
template <typename View>
View& MakeView(CoroutineStream* stream) {
  static_assert(sizeof(View) == sizeof(void*) && std::is_trivially_destructible_v<View>);
  return *::new (stream->view_storage()) View(stream);
}

template <typename S, typename Q, typename P, auto kMethod>
Task<Status> CoroutineUnary(Service& service, ServerContext& context, const void* request,
                            void* response, CoroutineStream*) {
  return (static_cast<S&>(service).*kMethod)(context, *static_cast<const Q*>(request),
                                             *static_cast<P*>(response));
}

template <typename S, typename Q, typename P, auto kMethod>
Task<Status> CoroutineClientStreaming(Service& service, ServerContext& context, const void*,
                                      void* response, CoroutineStream* stream) {
  return (static_cast<S&>(service).*kMethod)(context, MakeView<Reader<Q>>(stream),
                                             *static_cast<P*>(response));
}

template <typename S, typename Q, typename P, auto kMethod>
Task<Status> CoroutineServerStreaming(Service& service, ServerContext& context, const void* request,
                                      void*, CoroutineStream* stream) {
  return (static_cast<S&>(service).*kMethod)(context, *static_cast<const Q*>(request),
                                             MakeView<Writer<P>>(stream));
}

template <typename S, typename Q, typename P, auto kMethod>
Task<Status> CoroutineBidirectional(Service& service, ServerContext& context, const void*, void*,
                                    CoroutineStream* stream) {
  return (static_cast<S&>(service).*kMethod)(context, MakeView<ReaderWriter<Q, P>>(stream));
}

}  // namespace weir::internal

#endif  // WEIR_INTERNAL_METHOD_THUNKS_H_
