// Checks of our own invariants. A failed check is a bug in weir: it prints one line and aborts.
//
// Never used on what a peer sent, a user passed or the system returned: those are values
// (`Violation`, `weir::Status`, `net::IoError`).
#ifndef WEIR_TRANSPORT_BASE_CHECK_H_
#define WEIR_TRANSPORT_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

namespace weir::internal {

[[noreturn]] inline void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "weir: internal error: check failed at %s:%d: %s\n", file, line, condition);
  std::abort();
}

}  // namespace weir::internal

// On in every build: for conditions whose failure would corrupt memory or a stream.
#define WEIR_CHECK(condition)                        \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::weir::internal::CheckFailed(__FILE__, __LINE__, #condition))

// On unless NDEBUG: for conditions on hot paths. The condition still has to compile.
#ifdef NDEBUG
#define WEIR_DCHECK(condition) static_cast<void>(sizeof(static_cast<bool>(condition)))
#else
#define WEIR_DCHECK(condition) WEIR_CHECK(condition)
#endif

// For the end of a function whose switch returns for every enumerator.
#define WEIR_UNREACHABLE() ::weir::internal::CheckFailed(__FILE__, __LINE__, "unreachable")

#endif  // WEIR_TRANSPORT_BASE_CHECK_H_
