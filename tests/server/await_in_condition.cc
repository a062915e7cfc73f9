#include "tests/server/await_in_condition.h"

#include <utility>

namespace weir {

Task<int> AwaitInCondition(Task<bool> inner) {
  if (!co_await std::move(inner)) co_return 0;
  co_return 42;
}

}  // namespace weir
