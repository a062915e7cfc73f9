// Which method does a path name, and how is it to be run?
#ifndef WEIR_SERVER_ROUTER_H_
#define WEIR_SERVER_ROUTER_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "weir/server_options.h"
#include "weir/service.h"

namespace weir::server {

// How a handler is run.
enum class HandlerStyle : uint8_t { kInline, kPool, kCoroutine };

// A registered method with everything decided. Lives as long as the router.
struct Method {
  const MethodDescriptor* descriptor;
  Service* service;
  std::string path;  // "/helloworld.Greeter/SayHello"; empty for that of a generic service
  HandlerStyle style;
  size_t receive_bytes_max;  // at most 2^31-1, both
  size_t send_bytes_max;
  size_t index;  // 0, 1, ... over all methods of the server

  MethodShape shape() const { return descriptor->shape; }
};

// Filled while the server is built; immutable, and so thread-safe, afterwards.
class Router {
 public:
  // Adds all methods of `service`. `defaults` has every field set. The error is one sentence.
  std::optional<std::string> AddService(
      Service& service, const MethodOptions& defaults, const MethodOptions& of_service,
      const std::unordered_map<std::string, MethodOptions>& of_methods);

  // Makes the one method of `service`, a generic one, the answer to every other path.
  void SetGenericService(Service& service, const MethodOptions& defaults,
                         const MethodOptions& of_service);

  // Exact match, case-sensitive; nullptr when there is none.
  const Method* Find(std::string_view path) const;
  // What is there for the paths that Find does not know; nullptr when there is nothing.
  const Method* generic_method() const { return generic_method_; }
  bool HasService(std::string_view full_name) const { return services_.count(full_name) != 0; }
  // Full names, in order of registration, without the generic service.
  std::span<const std::string_view> service_names() const { return service_names_; }
  size_t method_count() const { return methods_.size(); }
  template <typename Visit>
  void ForEachMethod(Visit visit) const {
    for (const Method& method : methods_) visit(method);
  }

 private:
  const Method& AddMethod(Service& service, const MethodDescriptor& descriptor, std::string path,
                          const MethodOptions& options);

  std::deque<Method> methods_;
  const Method* generic_method_ = nullptr;
  std::unordered_map<std::string_view, const Method*> by_path_;
  std::unordered_set<std::string_view> services_;
  std::vector<std::string_view> service_names_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_ROUTER_H_
