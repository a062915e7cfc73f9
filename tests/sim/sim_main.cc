// Runs simulations: many seeds, or one of them with all that happens in it.
//
//   sim [--seeds N] [--first S]     N seeds from S on (20,000 from 1), with a summary
//   sim --seed S [--trace]          one seed, twice, to show that it repeats itself
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "tests/sim/runner.h"

namespace {

void PrintUsage() {
  std::fputs(
      "usage: sim [--seeds N] [--first S]\n"
      "       sim --seed S [--trace]\n",
      stderr);
}

// False unless `text` is a number and nothing else.
bool Parse(const char* text, uint64_t* number) {
  char* end = nullptr;
  *number = std::strtoull(text, &end, 10);
  return end != text && *end == '\0';
}

}  // namespace

int main(int argc, char** argv) {
  weir::sim::RunOptions options;
  options.shows_progress = true;
  uint64_t seed = 0;
  bool has_seed = false;
  bool traces = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--trace") {
      traces = true;
      continue;
    }
    uint64_t* const number = flag == "--seeds"   ? &options.seeds
                             : flag == "--first" ? &options.first
                             : flag == "--seed"  ? &seed
                                                 : nullptr;
    if (number == nullptr || i + 1 == argc || !Parse(argv[++i], number)) {
      PrintUsage();
      return 2;
    }
    has_seed = has_seed || number == &seed;
  }
  return has_seed ? weir::sim::RunOne(seed, traces) : weir::sim::RunAndReport(options);
}
