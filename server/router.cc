#include "server/router.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace weir::server {
namespace {

// Protocol Buffers count the bytes of a message in an int, whatever the options say.
constexpr size_t kMessageBytesMax = INT32_MAX;

size_t MessageLimit(const std::optional<size_t>& wanted) {
  return std::min(wanted.value_or(kMessageBytesMax), kMessageBytesMax);
}

// `specific` where it says something, `general` elsewhere.
MethodOptions Override(const MethodOptions& general, const MethodOptions& specific) {
  MethodOptions result = general;
  if (specific.execution) result.execution = specific.execution;
  if (specific.max_receive_message_bytes) {
    result.max_receive_message_bytes = specific.max_receive_message_bytes;
  }
  if (specific.max_send_message_bytes) {
    result.max_send_message_bytes = specific.max_send_message_bytes;
  }
  return result;
}

// `defaults`, unless a service wants less.
MethodOptions WithLimitOf(const ServiceDescriptor& service, MethodOptions defaults) {
  if (service.max_receive_message_bytes != 0) {
    defaults.max_receive_message_bytes = std::min(MessageLimit(defaults.max_receive_message_bytes),
                                                  service.max_receive_message_bytes);
  }
  return defaults;
}

HandlerStyle StyleOf(const MethodDescriptor& method, Execution execution) {
  if (method.coroutine != nullptr) return HandlerStyle::kCoroutine;
  // A streaming handler waits for its peer, so it may not run on the worker.
  return execution == Execution::kInline && method.shape == MethodShape::kUnary
             ? HandlerStyle::kInline
             : HandlerStyle::kPool;
}

// Of a descriptor that was written by hand; nullptr if there is none.
const char* FaultOf(const MethodDescriptor& method) {
  if (method.name.empty() || method.name.find('/') != std::string_view::npos) {
    return "has no name that a client could call: it must not be empty, nor contain '/'";
  }
  if ((method.blocking == nullptr) == (method.coroutine == nullptr)) {
    return "must have one handler, blocking or coroutine";
  }
  if (method.request == nullptr || method.response == nullptr) return "lacks a message type";
  return nullptr;
}

}  // namespace

std::optional<std::string> Router::AddService(
    Service& service, const MethodOptions& defaults, const MethodOptions& of_service,
    const std::unordered_map<std::string, MethodOptions>& of_methods) {
  const ServiceDescriptor& descriptor = service.descriptor();
  if (!services_.insert(descriptor.full_name).second) {
    return "service " + std::string(descriptor.full_name) +
           " is registered twice: register one implementation of each service";
  }
  const std::string_view name = descriptor.full_name;
  if (name.empty() || name.front() == '/' || name.back() == '/') {
    return "a service has the name \"" + std::string(name) +
           "\", by which nobody can call it: it must not be empty, nor begin or end with '/'. (A "
           "generic service is registered with RegisterGenericService.)";
  }
  service_names_.push_back(name);
  for (const MethodDescriptor& method : descriptor.methods) {
    std::string path = "/";
    path.append(descriptor.full_name).append("/").append(method.name);
    if (const char* const fault = FaultOf(method)) return "method " + path + " " + fault;
    if (by_path_.count(path) != 0) return "method " + path + " is there twice";
    MethodOptions options = Override(WithLimitOf(descriptor, defaults), of_service);
    if (const auto found = of_methods.find(path); found != of_methods.end()) {
      options = Override(options, found->second);
    }
    const Method& added = AddMethod(service, method, std::move(path), options);
    by_path_.emplace(added.path, &added);
  }
  return std::nullopt;
}

void Router::SetGenericService(Service& service, const MethodOptions& defaults,
                               const MethodOptions& of_service) {
  generic_method_ =
      &AddMethod(service, service.descriptor().methods.front(), "", Override(defaults, of_service));
}

const Method& Router::AddMethod(Service& service, const MethodDescriptor& descriptor,
                                std::string path, const MethodOptions& options) {
  return methods_.emplace_back(
      Method{.descriptor = &descriptor,
             .service = &service,
             .path = std::move(path),
             .style = StyleOf(descriptor, options.execution.value_or(Execution::kPool)),
             .receive_bytes_max = MessageLimit(options.max_receive_message_bytes),
             .send_bytes_max = MessageLimit(options.max_send_message_bytes),
             .index = methods_.size()});
}

const Method* Router::Find(std::string_view path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : found->second;
}

}  // namespace weir::server
