// How is the outcome of a run written, for people and for programs?
#ifndef WEIR_BENCH_LOAD_REPORT_H_
#define WEIR_BENCH_LOAD_REPORT_H_

#include <string>

#include "bench/load/options.h"
#include "bench/load/results.h"

namespace load {

// A short table.
std::string TableOf(const Options& options, const Results& results);

// One object on one line. Times are in seconds or, where the name says so, in microseconds.
std::string JsonOf(const Options& options, const Results& results);

}  // namespace load

#endif  // WEIR_BENCH_LOAD_REPORT_H_
