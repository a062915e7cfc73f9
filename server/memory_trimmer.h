// Gives memory back to the system some time after a burst.
//
// What connections and calls free stays with the allocator, page by page, and with the lists in
// which workers keep objects for the next call. For a while that is what makes the next call cheap;
// after that it is memory that others lack.
#ifndef WEIR_SERVER_MEMORY_TRIMMER_H_
#define WEIR_SERVER_MEMORY_TRIMMER_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "transport/base/time.h"

namespace weir::server {

// Thread-safe. Works on a thread of its own, because returning much memory takes milliseconds; it
// sleeps until asked.
class MemoryTrimmer {
 public:
  // From being asked to acting: connections that come and go ask all the time.
  static constexpr Duration kDelay = std::chrono::seconds(4);

  // `release` makes others let go of what they keep; called on the trimmer's thread.
  explicit MemoryTrimmer(std::function<void()> release);
  ~MemoryTrimmer();

  // Without a thread to be had, memory just stays.
  void Start();
  // Some memory has probably become free.
  void Ask();
  // No call of `release` is running or comes after this. Idempotent.
  void StopAndJoin();

 private:
  void Run();

  const std::function<void()> release_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_asked_ = false;
  bool is_stopped_ = false;
  std::thread thread_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_MEMORY_TRIMMER_H_
