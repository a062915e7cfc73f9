// Recycled memory for coroutine frames (weir/task.h): per thread, by size class, bounded.
#include "server/frame_memory.h"

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "transport/base/sanitizers.h"
#include "weir/task.h"

namespace weir::internal {
namespace {

// Frames of handlers are a few hundred bytes. Larger ones are rare and go to the heap. A class is
// as large as a block of the allocator of the C library, which has sizes of 8 behind a multiple of
// 16: a server may hold a hundred thousand frames.
constexpr std::size_t kClassStep = 16;
constexpr std::size_t kClassOffset = 8;
constexpr std::size_t kClasses = 128;
// Frames kept per class: what one busy connection with its 100 streams uses. A program has as many
// sizes of frames as it has coroutines; 13 MiB a thread, if it had one of every size.
constexpr std::size_t kKeptMax = kHasAddressSanitizer ? 0 : 100;

struct FreeFrameNode {
  FreeFrameNode* next;
};

class FrameCache {
 public:
  ~FrameCache() { Release(); }

  void Release() {
    for (SizeClass& size_class : classes_) {
      while (size_class.head != nullptr) {
        FreeFrameNode* node = size_class.head;
        size_class.head = node->next;
        ::operator delete(node);
      }
      size_class.count = 0;
    }
  }

  void* Allocate(std::size_t size) {
    const std::size_t index = ClassOf(size);
    if (index >= kClasses) return ::operator new(size);
    SizeClass& size_class = classes_[index];
    if (size_class.head == nullptr) return ::operator new(SizeOf(index));
    FreeFrameNode* node = size_class.head;
    size_class.head = node->next;
    --size_class.count;
    return node;
  }

  void Free(void* frame, std::size_t size) noexcept {
    const std::size_t index = ClassOf(size);
    if (index >= kClasses || classes_[index].count >= kKeptMax) {
      ::operator delete(frame);
      return;
    }
    SizeClass& size_class = classes_[index];
    size_class.head = ::new (frame) FreeFrameNode{size_class.head};
    ++size_class.count;
  }

 private:
  // No frame is smaller than a class's offset.
  static std::size_t ClassOf(std::size_t size) {
    return (size + kClassStep - 1 - kClassOffset) / kClassStep;
  }
  static std::size_t SizeOf(std::size_t index) { return index * kClassStep + kClassOffset; }

  struct SizeClass {
    FreeFrameNode* head = nullptr;
    std::size_t count = 0;
  };
  std::array<SizeClass, kClasses> classes_;
};

thread_local FrameCache frame_cache;

}  // namespace

void* AllocateFrame(std::size_t size) { return frame_cache.Allocate(size); }

void FreeFrame(void* frame, std::size_t size) noexcept { frame_cache.Free(frame, size); }

void AbortOnWrongFrame() noexcept {
  std::fputs(
      "weir: g++ broke the coroutine that is being started: it declares no variable and has "
      "co_await in a condition (GCC bug 106188, see docs/COROUTINES.md)\n",
      stderr);
  std::abort();
}

}  // namespace weir::internal

namespace weir::server {

void ReleaseIdleFrames() { internal::frame_cache.Release(); }

}  // namespace weir::server
