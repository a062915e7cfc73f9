// Runs a call through the server's interceptors to its handler.
#ifndef WEIR_SERVER_INTERCEPTOR_CHAIN_H_
#define WEIR_SERVER_INTERCEPTOR_CHAIN_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "weir/interceptor.h"

namespace weir::server {

class Call;

// Immutable; shared by all workers.
class InterceptorChain {
 public:
  explicit InterceptorChain(std::vector<std::unique_ptr<Interceptor>> interceptors)
      : interceptors_(std::move(interceptors)) {}

  bool is_empty() const { return interceptors_.empty(); }

  // The call's final status. Never throws: what an interceptor throws becomes UNKNOWN.
  Task<Status> Run(Call& call) const;

 private:
  friend class weir::Continuation;

  Task<Outcome> RunFrom(size_t position, InterceptedCall& call) const;

  std::vector<std::unique_ptr<Interceptor>> interceptors_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_INTERCEPTOR_CHAIN_H_
