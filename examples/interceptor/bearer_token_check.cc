#include "examples/interceptor/bearer_token_check.h"

#include <iterator>
#include <string_view>

namespace {

// Takes as long for a wrong guess that begins well as for any other, so that the time of an answer
// tells nothing about the token.
bool EqualsInConstantTime(std::string_view guess, std::string_view secret) {
  if (guess.size() != secret.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < secret.size(); ++i) {
    difference |= static_cast<unsigned char>(guess[i]) ^ static_cast<unsigned char>(secret[i]);
  }
  return difference == 0;
}

}  // namespace

weir::Task<weir::Outcome> BearerTokenCheck::Intercept(weir::InterceptedCall& call,
                                                      weir::Continuation next) {
  if (!IsAuthorized(call.context())) {
    co_return call.Refuse(weir::Status(weir::StatusCode::UNAUTHENTICATED,
                                       "this server wants `authorization: Bearer TOKEN`"));
  }
  // The rest of the chain, and at its end the handler. An interceptor that wants to see how the
  // call went keeps the outcome and looks at it before it returns it.
  co_return co_await next(call);
}

bool BearerTokenCheck::IsAuthorized(weir::ServerContext& context) const {
  const auto [first, last] = context.client_metadata().equal_range("authorization");
  // Two values would let each side of a proxy believe another one.
  return first != last && std::next(first) == last &&
         EqualsInConstantTime(first->second, expected_);
}
