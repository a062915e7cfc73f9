// What methods that nobody overrode answer (weir/internal/method_thunks.h).
#include "weir/internal/method_thunks.h"

namespace weir::internal {

Status UnimplementedMethod() {
  return Status(StatusCode::UNIMPLEMENTED, "the service does not implement this method");
}

Task<Status> UnimplementedMethodTask() { co_return UnimplementedMethod(); }

}  // namespace weir::internal
