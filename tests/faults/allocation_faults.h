// What if there is no memory? Makes operator new fail, at a chosen allocation, on a chosen thread.
//
// Linking allocation_faults.cc replaces operator new and delete of the whole program. What C
// libraries take from malloc (OpenSSL, zlib) does not come through here.
#ifndef WEIR_TESTS_FAULTS_ALLOCATION_FAULTS_H_
#define WEIR_TESTS_FAULTS_ALLOCATION_FAULTS_H_

#include <cstdint>

namespace weir::faults {

// What fails on one thread. Every thread has its own plan, which is to fail nothing.
class AllocationPlan {
 public:
  // The calling thread's.
  static AllocationPlan& OfThread();

  // Counts from 1 again. The allocation `nth` fails, and `lasting` those after it too, until
  // Recover. Only allocations within a Watch count.
  void Fail(int64_t nth, bool lasting);
  // There is memory again; nothing fails any more.
  void Recover();

  bool has_failed() const { return has_failed_; }
  // For allocation_faults.cc.
  bool Allows();

 private:
  friend class AllocationWatch;

  int watches_ = 0;
  int64_t count_ = 0;
  int64_t nth_ = 0;
  bool is_lasting_ = false;
  bool has_failed_ = false;
};

// While it lives, the plan of the thread is in force. Keeps what is the test's own out of it.
class AllocationWatch {
 public:
  AllocationWatch() { ++AllocationPlan::OfThread().watches_; }
  ~AllocationWatch() { --AllocationPlan::OfThread().watches_; }
  AllocationWatch(const AllocationWatch&) = delete;
  AllocationWatch& operator=(const AllocationWatch&) = delete;
};

// Allocations that were made to fail, of all threads.
int64_t FailedAllocations();

// Blocks that were taken with operator new and not given back, of all threads. What is kept for
// later connections is given back for that.
int64_t LiveAllocations();

}  // namespace weir::faults

#endif  // WEIR_TESTS_FAULTS_ALLOCATION_FAULTS_H_
