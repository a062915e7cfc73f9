// What does a well-behaved client notice of the attack?
//
// A client with a connection and a thread of its own keeps a fixed number of small unary calls in
// flight, a new one for each that ends, and measures each of them.
#ifndef WEIR_TESTS_HOSTILE_VICTIM_H_
#define WEIR_TESTS_HOSTILE_VICTIM_H_

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/hostile/transport.h"

namespace hostile {

struct VictimStats {
  double seconds = 0;
  uint64_t calls = 0;
  uint64_t errors = 0;  // calls that failed or got lost with their connection
  double p50_us = 0;
  double p99_us = 0;
  double max_us = 0;
  double calls_per_second() const { return seconds > 0 ? static_cast<double>(calls) / seconds : 0; }
};

class Victim {
 public:
  // Begins to call at once. Runs on `core`, or anywhere if that is -1.
  Victim(int port, bool uses_tls, int core);
  // Ends the connection; calls in flight do not count.
  ~Victim();
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;

  // What happened since the last Take, or since the beginning.
  VictimStats Take();

  // How long its thread has been kept waiting for its core so far.
  uint64_t waited_ns() const;

 private:
  void Run(int port, bool uses_tls, int core);
  void Record(const std::vector<uint64_t>& latencies_ns, uint64_t errors);

  std::atomic<bool> is_stopping_ = false;
  std::atomic<int> thread_id_ = 0;
  std::mutex mutex_;
  std::vector<uint64_t> latencies_ns_;
  uint64_t errors_ = 0;
  Clock::time_point since_ = Clock::now();
  std::thread thread_;
};

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_VICTIM_H_
