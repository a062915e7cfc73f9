// What has the run shown so far?
//
// Connections and the generator count here; the report reads it. What counts as part of the
// measurement is for the generator to say, failures always count.
#ifndef WEIR_BENCH_LOAD_RESULTS_H_
#define WEIR_BENCH_LOAD_RESULTS_H_

#include <array>
#include <cstdint>
#include <string>

#include "bench/load/failure.h"
#include "bench/load/histogram.h"

namespace load {

struct Results {
  // Whether messages count now.
  bool is_recording = false;

  uint64_t calls = 0;  // answered correctly, in the time that is measured
  uint64_t failed = 0;
  std::array<uint64_t, kFailureKinds> failures{};  // by kind
  std::string first_failure;

  // In the direction that counts (Exchange::payload_bytes).
  uint64_t messages = 0;
  uint64_t payload_bytes = 0;

  uint64_t connections_opened = 0;    // that came as far as the server's SETTINGS, in all
  uint64_t connections_recorded = 0;  // of these, in the time that is measured
  uint64_t streams_cancelled = 0;     // by us, because the time was over; neither good nor bad

  Histogram latency;  // of `calls`
  Histogram late;     // how late the generator came to a call of an open loop

  // Of the whole run, for progress and for noticing that nothing moves.
  uint64_t all_calls = 0;
  uint64_t all_messages = 0;

  double seconds = 0;             // that were measured
  double client_cpu_seconds = 0;  // of this process, in that time

  void AddMessages(uint64_t count, uint64_t bytes_each) {
    all_messages += count;
    if (!is_recording) return;
    messages += count;
    payload_bytes += count * bytes_each;
  }

  void AddConnection() {
    ++connections_opened;
    if (is_recording) ++connections_recorded;
  }

  void AddFailure(const Failure& failure) {
    ++failed;
    ++failures[static_cast<size_t>(failure.kind)];
    if (first_failure.empty()) first_failure = failure.sentence;
  }
};

}  // namespace load

#endif  // WEIR_BENCH_LOAD_RESULTS_H_
