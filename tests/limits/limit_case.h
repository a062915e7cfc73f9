// The table of limits, as seen by who meets them: for each row of transport/http2/limit.cc, how far
// a peer may go, what it sees when it goes one further, and who must never notice.
#ifndef WEIR_TESTS_LIMITS_LIMIT_CASE_H_
#define WEIR_TESTS_LIMITS_LIMIT_CASE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/testing/segmenter.h"
#include "transport/base/time.h"
#include "transport/http2/limit.h"

namespace weir::limits {

// Counted from the most that a limit lets through without being met. Where an option says at which
// number something happens, the most is one less; of a time, it is the last nanosecond before it is
// over (the last tick, where the loop's timers judge).
enum class Step : uint8_t { kBelow, kAt, kAbove };

constexpr int OffsetOf(Step step) { return static_cast<int>(step) - 1; }

// So many of something.
constexpr uint32_t UpTo(uint32_t most, Step step) {
  return static_cast<uint32_t>(static_cast<int64_t>(most) + OffsetOf(step));
}
// So long, where `limit` is too long by a nanosecond.
constexpr Duration UpTo(Duration limit, Step step) { return limit + Duration(OffsetOf(step) - 1); }

// How often limits were met, by the names of their counters. Those that were not are left out.
using Counts = std::map<std::string, uint64_t>;

Counts CountsOf(const http2::LimitCounters& counters);

struct Outcome {
  // What the peer saw that it would not have seen without limits, in order; and then "served" if a
  // call that it made in the end was answered:
  //   RST_STREAM 7 REFUSED_STREAM | GOAWAY 0 ENHANCE_YOUR_CALM 'too_many_pings' | PING 7
  //   call 1 ends with 8 | reading stops | closed | served
  std::vector<std::string> seen;
  Counts counts;
};

// Lines of an OutputReader -> those that an Outcome tells.
std::vector<std::string> Notable(const std::vector<std::string>& heard);

struct LimitCase {
  http2::Limit limit;
  std::string variant = {};  // where one limit has several cases

  Outcome (*goes)(Step step, testing::Segmentation segmentation);
  std::vector<std::string> within = {"served"};  // what is seen below and at
  std::vector<std::string> beyond;               // and one above
  // Other limits that cannot but be met on the way.
  Counts (*also)(Step step) = nullptr;

  // Who does much of the same, and must not be disturbed (often hurt by limits elsewhere).
  Outcome (*innocent)(testing::Segmentation segmentation);
  Counts innocent_counts = {};  // what may be counted all the same

  // False where no bytes are fed, or where the order of reads is the point.
  bool is_split = true;
};

// "premature_resets" or "glitches_unknown_frames".
std::string NameOf(const LimitCase& limit_case);

// Of the engine alone.
std::vector<LimitCase> StreamCases();
std::vector<LimitCase> HeaderCases();
std::vector<LimitCase> ControlFrameCases();
std::vector<LimitCase> FlowCases();
std::vector<LimitCase> LifeCases();
// With a worker.
std::vector<LimitCase> WorkerCases();
std::vector<LimitCase> MemoryCases();
// With services; and with sockets and threads.
std::vector<LimitCase> CallCases();
std::vector<LimitCase> AcceptCases();

std::vector<LimitCase> AllCases();

}  // namespace weir::limits

#endif  // WEIR_TESTS_LIMITS_LIMIT_CASE_H_
