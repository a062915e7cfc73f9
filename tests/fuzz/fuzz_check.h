// The check of a fuzz target: says what was expected, and ends the program, which is how libFuzzer
// and the replaying test both learn of a failure.
#ifndef WEIR_TESTS_FUZZ_FUZZ_CHECK_H_
#define WEIR_TESTS_FUZZ_FUZZ_CHECK_H_

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace weir::fuzz {

[[noreturn]] [[gnu::format(printf, 3, 4)]] inline void CheckFailed(const char* file, int line,
                                                                   const char* format, ...) {
  std::fprintf(stderr, "%s:%d: a fuzz target's property does not hold: ", file, line);
  std::va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::fputc('\n', stderr);
  std::abort();
}

}  // namespace weir::fuzz

// FUZZ_CHECK(condition, "what should have been: %d", value): on in every build.
#define FUZZ_CHECK(condition, ...)                   \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::weir::fuzz::CheckFailed(__FILE__, __LINE__, __VA_ARGS__))

#endif  // WEIR_TESTS_FUZZ_FUZZ_CHECK_H_
