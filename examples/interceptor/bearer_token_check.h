// An interceptor: no call without the right token.
#ifndef WEIR_EXAMPLES_INTERCEPTOR_BEARER_TOKEN_CHECK_H_
#define WEIR_EXAMPLES_INTERCEPTOR_BEARER_TOKEN_CHECK_H_

#include <string>

#include "weir/interceptor.h"

// Lets a call pass if its metadata has one `authorization: Bearer TOKEN` with the right token.
// Others end with UNAUTHENTICATED before any of their messages is read; their handlers never run.
class BearerTokenCheck final : public weir::Interceptor {
 public:
  explicit BearerTokenCheck(const std::string& token) : expected_("Bearer " + token) {}

  weir::Task<weir::Outcome> Intercept(weir::InterceptedCall& call,
                                      weir::Continuation next) override;

 private:
  bool IsAuthorized(weir::ServerContext& context) const;

  const std::string expected_;
};

#endif  // WEIR_EXAMPLES_INTERCEPTOR_BEARER_TOKEN_CHECK_H_
