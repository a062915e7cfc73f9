#include "server/interceptor_chain.h"

#include <exception>
#include <string>
#include <utility>

#include "server/call.h"

namespace weir {
namespace server {

Task<Outcome> InterceptorChain::RunFrom(size_t position, InterceptedCall& call) const {
  if (position < interceptors_.size()) {
    co_return co_await interceptors_[position]->Intercept(call, Continuation(this, position + 1));
  }
  co_return Outcome(co_await call.call_->RunHandler());
}

Task<Status> InterceptorChain::Run(Call& call) const {
  InterceptedCall intercepted(&call);
  std::string what;
  try {
    const Outcome outcome = co_await RunFrom(0, intercepted);
    co_return outcome.status();
  } catch (const std::exception& exception) {
    what = exception.what();
  } catch (...) {
    what = "something that is not a std::exception";
  }
  call.LogMisuse("was to be called, but an interceptor threw: " + what);
  co_return Status(StatusCode::UNKNOWN, "an interceptor failed with an exception");
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
