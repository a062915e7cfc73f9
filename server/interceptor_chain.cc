#include "server/interceptor_chain.h"

#include <exception>
#include <utility>

#include "server/call.h"

namespace weir {
namespace server {

// What an interceptor throws becomes an outcome here, so that those around it see one.
Task<Outcome> InterceptorChain::RunFrom(size_t position, InterceptedCall& call) const {
  if (position == interceptors_.size()) co_return Outcome(co_await call.call_->RunHandler());
  std::exception_ptr exception;
  try {
    co_return co_await interceptors_[position]->Intercept(call, Continuation(this, position + 1));
  } catch (...) {
    exception = std::current_exception();
  }
  call.call_->LogException("is behind an interceptor that", exception);
  co_return Outcome(Status(StatusCode::UNKNOWN, "an interceptor failed with an exception"));
}

Task<Status> InterceptorChain::Run(Call& call) const {
  InterceptedCall intercepted(&call);
  const Outcome outcome = co_await RunFrom(0, intercepted);
  co_return outcome.status();
}

}  // namespace server

Task<Outcome> Continuation::operator()(InterceptedCall& call) const {
  return chain_->RunFrom(position_, call);
}

ServerContext& InterceptedCall::context() const { return call_->context(); }

void InterceptedCall::AddClientMetadata(std::string_view key, std::string_view value) {
  call_->AddClientMetadata(key, value);
}

void InterceptedCall::ObserveMessages(MessageObserver* observer) { call_->AddObserver(observer); }

InterceptedCall::Statistics InterceptedCall::statistics() const { return call_->statistics(); }

}  // namespace weir
