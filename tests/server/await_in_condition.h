// A coroutine of the form that g++ before 12.3 breaks (GCC bug 106188).
#ifndef WEIR_TESTS_SERVER_AWAIT_IN_CONDITION_H_
#define WEIR_TESTS_SERVER_AWAIT_IN_CONDITION_H_

#include "weir/task.h"

namespace weir {

// Gives 42: awaits `inner` in the condition of an `if`, and declares nothing.
Task<int> AwaitInCondition(Task<bool> inner);

}  // namespace weir

#endif  // WEIR_TESTS_SERVER_AWAIT_IN_CONDITION_H_
