// What happened in a simulation, in order: the last lines for a person, a hash of all of it for the
// proof that a seed repeats itself.
#ifndef WEIR_TESTS_SIM_TRACE_H_
#define WEIR_TESTS_SIM_TRACE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/sim/wire.h"
#include "transport/base/time.h"

namespace weir::sim {

// Lines are kept as numbers and only put into words when somebody reads them: a seed that keeps all
// rules formats nothing.
class Trace {
 public:
  // When true, every line goes to standard output as it happens.
  explicit Trace(bool prints) : prints_(prints) {}

  // The simulation's clock, before each step.
  void BeginStep(TimePoint now) {
    now_ = now;
    ++step_;
  }
  uint64_t step() const { return step_; }
  TimePoint now() const { return now_; }

  // `text` is a literal. `link` is -1 for what concerns no connection.
  void Note(const char* text, int link, uint64_t a = 0, uint64_t b = 0) {
    Add({.text = text, .link = link, .step = step_, .time = now_, .a = a, .b = b, .frame = {}});
  }
  // `text` says who sends and who sees it.
  void NoteFrame(const char* text, int link, const FrameHeader& frame) {
    Add({.text = text, .link = link, .step = step_, .time = now_, .a = 0, .b = 0, .frame = frame});
  }

  uint64_t hash() const { return hash_; }
  // The last lines, each with its line feed.
  std::string Tail() const;

 private:
  static constexpr size_t kKept = 60;

  struct Line {
    const char* text;
    int link;
    uint64_t step;
    TimePoint time;
    uint64_t a;
    uint64_t b;
    FrameHeader frame;  // of kNoFrame unless the line is about one
  };

  void Add(const Line& line);
  static std::string Format(const Line& line);

  const bool prints_;
  TimePoint now_;
  uint64_t step_ = 0;
  uint64_t count_ = 0;
  uint64_t hash_ = 0xcbf29ce484222325;
  std::array<Line, kKept> lines_ = {};
};

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_TRACE_H_
