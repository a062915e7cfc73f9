#include "tests/server/text_service.h"

#include "weir/internal/method_thunks.h"

namespace weir::server {
namespace {

template <typename Handler, typename... Args>
Status CallBlocking(const Handler& handler, Args&&... args) {
  return handler ? handler(std::forward<Args>(args)...) : internal::UnimplementedMethod();
}

template <typename Handler, typename... Args>
Task<Status> CallCoroutine(const Handler& handler, Args&&... args) {
  return handler ? handler(std::forward<Args>(args)...) : internal::UnimplementedMethodTask();
}

const Text* In(const void* message) { return static_cast<const Text*>(message); }
Text* Out(void* message) { return static_cast<Text*>(message); }

}  // namespace

const MethodDescriptor BlockingTextService::kMethods[4] = {
    {"Unary", MethodShape::kUnary, &kTextCodec, &kTextCodec,
     [](Service& service, ServerContext* context, const void* request, void* response,
        internal::BlockingStream*) {
       return CallBlocking(static_cast<BlockingTextService&>(service).unary, context, In(request),
                           Out(response));
     },
     nullptr},
    {"Collect", MethodShape::kClientStreaming, &kTextCodec, &kTextCodec,
     [](Service& service, ServerContext* context, const void*, void* response,
        internal::BlockingStream* stream) {
       return CallBlocking(static_cast<BlockingTextService&>(service).collect, context,
                           TextStream(stream), Out(response));
     },
     nullptr},
    {"Expand", MethodShape::kServerStreaming, &kTextCodec, &kTextCodec,
     [](Service& service, ServerContext* context, const void* request, void*,
        internal::BlockingStream* stream) {
       return CallBlocking(static_cast<BlockingTextService&>(service).expand, context, In(request),
                           TextStream(stream));
     },
     nullptr},
    {"Chat", MethodShape::kBidirectional, &kTextCodec, &kTextCodec,
     [](Service& service, ServerContext* context, const void*, void*,
        internal::BlockingStream* stream) {
       return CallBlocking(static_cast<BlockingTextService&>(service).chat, context,
                           TextStream(stream));
     },
     nullptr},
};

const ServiceDescriptor BlockingTextService::kDescriptor = {"text.Blocking", kMethods};

const MethodDescriptor CoroutineTextService::kMethods[4] = {
    {"Unary", MethodShape::kUnary, &kTextCodec, &kTextCodec, nullptr,
     [](Service& service, ServerContext& context, const void* request, void* response,
        internal::CoroutineStream*) {
       return CallCoroutine(static_cast<CoroutineTextService&>(service).unary, context,
                            *In(request), *Out(response));
     }},
    {"Collect", MethodShape::kClientStreaming, &kTextCodec, &kTextCodec, nullptr,
     [](Service& service, ServerContext& context, const void*, void* response,
        internal::CoroutineStream* stream) {
       return CallCoroutine(static_cast<CoroutineTextService&>(service).collect, context,
                            CoTextStream(stream), *Out(response));
     }},
    {"Expand", MethodShape::kServerStreaming, &kTextCodec, &kTextCodec, nullptr,
     [](Service& service, ServerContext& context, const void* request, void*,
        internal::CoroutineStream* stream) {
       return CallCoroutine(static_cast<CoroutineTextService&>(service).expand, context,
                            *In(request), CoTextStream(stream));
     }},
    {"Chat", MethodShape::kBidirectional, &kTextCodec, &kTextCodec, nullptr,
     [](Service& service, ServerContext& context, const void*, void*,
        internal::CoroutineStream* stream) {
       return CallCoroutine(static_cast<CoroutineTextService&>(service).chat, context,
                            CoTextStream(stream));
     }},
};

const ServiceDescriptor CoroutineTextService::kDescriptor = {"text.Coroutine", kMethods};

}  // namespace weir::server
