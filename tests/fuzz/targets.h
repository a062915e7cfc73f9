// The fuzz targets. Each takes any input, and ends the program when its property does not hold.
#ifndef WEIR_TESTS_FUZZ_TARGETS_H_
#define WEIR_TESTS_FUZZ_TARGETS_H_

#include "transport/base/bytes.h"

namespace weir::fuzz {

void FuzzFrameReader(ByteView input);
void FuzzConnection(ByteView input);
void FuzzHpack(ByteView input);
void FuzzMessageReader(ByteView input);
void FuzzMetadata(ByteView input);
void FuzzOutput(ByteView input);

}  // namespace weir::fuzz

#endif  // WEIR_TESTS_FUZZ_TARGETS_H_
