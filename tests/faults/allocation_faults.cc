#include "tests/faults/allocation_faults.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "transport/base/long_lived.h"

namespace weir::faults {
namespace {

constinit std::atomic<int64_t> live_allocations = 0;
constinit std::atomic<int64_t> failed_allocations = 0;
constinit thread_local AllocationPlan plan_of_thread;

void* Allocate(std::size_t size, std::size_t alignment) {
  if (!plan_of_thread.Allows()) throw std::bad_alloc();
  // aligned_alloc wants a multiple of the alignment; malloc is asked for no more than is needed, so
  // that ASan sees every octet behind.
  void* const block = alignment == 1
                          ? std::malloc(size == 0 ? 1 : size)
                          : std::aligned_alloc(alignment, (size / alignment + 1) * alignment);
  if (block == nullptr) throw std::bad_alloc();
  live_allocations.fetch_add(1, std::memory_order_relaxed);
  return block;
}

void Free(void* block) noexcept {
  if (block == nullptr) return;
  live_allocations.fetch_sub(1, std::memory_order_relaxed);
  std::free(block);
}

}  // namespace

AllocationPlan& AllocationPlan::OfThread() { return plan_of_thread; }

void AllocationPlan::Fail(int64_t nth, bool lasting) {
  count_ = 0;
  nth_ = nth;
  is_lasting_ = lasting;
  has_failed_ = false;
}

void AllocationPlan::Recover() { nth_ = 0; }

bool AllocationPlan::Allows() {
  if (watches_ == 0 || nth_ == 0) return true;
  ++count_;
  if (count_ < nth_ || (count_ > nth_ && !is_lasting_)) return true;
  has_failed_ = true;
  failed_allocations.fetch_add(1, std::memory_order_relaxed);
  return false;
}

int64_t FailedAllocations() { return failed_allocations.load(std::memory_order_relaxed); }

int64_t LiveAllocations() {
  LongLivedMemory::OfProcess().ReleaseIdle();
  return live_allocations.load(std::memory_order_relaxed);
}

}  // namespace weir::faults

// ---- the replacements (C++ standard, [replacement.functions]). Those that do not throw call
// these.

using weir::faults::Allocate;
using weir::faults::Free;

void* operator new(std::size_t size) { return Allocate(size, 1); }
void* operator new[](std::size_t size) { return Allocate(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}

void operator delete(void* block) noexcept { Free(block); }
void operator delete[](void* block) noexcept { Free(block); }
void operator delete(void* block, std::size_t) noexcept { Free(block); }
void operator delete[](void* block, std::size_t) noexcept { Free(block); }
void operator delete(void* block, std::align_val_t) noexcept { Free(block); }
void operator delete[](void* block, std::align_val_t) noexcept { Free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { Free(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { Free(block); }
