// What a connection makes of a peer's octets, as one text, so that two runs can be compared.
#ifndef WEIR_TESTS_FUZZ_TRANSCRIPT_H_
#define WEIR_TESTS_FUZZ_TRANSCRIPT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/fuzz_check.h"
#include "transport/base/bytes.h"
#include "transport/http2/field_section.h"
#include "transport/http2/options.h"

namespace weir::fuzz {

struct Transcript {
  // One line an event, except that DATA which follows DATA of the same stream goes on in its line.
  std::string events;
  std::string output;
};

// A new connection receives `octets`, in pieces of the sizes that `sizes` lists, over and over;
// whole when there are none. The layer above is done with each stream at its last event.
Transcript TranscriptOf(const http2::ConnectionOptions& options, std::string_view octets,
                        ByteView sizes);

// Ends the program, and shows where they begin to differ, unless both are the same.
void CheckSame(const Transcript& expected, const Transcript& seen);

// Looks at every octet, so that a sanitizer sees one that is not there.
inline void ReadAll(ByteView octets) {
  uint8_t all = 0;
  for (const uint8_t octet : octets) all |= octet;
  asm volatile("" : : "r"(all));
}
void ReadAll(const http2::FieldSection& fields);

// "method scheme path authority; name: value; ..." and what is known about the whole.
std::string TextOf(const http2::FieldSection& fields);

}  // namespace weir::fuzz

#endif  // WEIR_TESTS_FUZZ_TRANSCRIPT_H_
