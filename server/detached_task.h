// A coroutine that belongs to nobody: it starts when it is called and frees itself at its end.
#ifndef WEIR_SERVER_DETACHED_TASK_H_
#define WEIR_SERVER_DETACHED_TASK_H_

#include <coroutine>
#include <cstddef>
#include <exception>

#include "weir/task.h"

namespace weir::server {

// The bottom of each handler's coroutine stack. Its body catches everything that user code throws.
struct DetachedTask {
  struct promise_type {
    static void* operator new(std::size_t size) { return internal::AllocateFrame(size); }
    static void operator delete(void* frame, std::size_t size) noexcept {
      internal::FreeFrame(frame, size);
    }
    DetachedTask get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

}  // namespace weir::server

#endif  // WEIR_SERVER_DETACHED_TASK_H_
