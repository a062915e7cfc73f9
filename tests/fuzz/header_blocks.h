// Header blocks for the programs of fuzz targets: representations of HPACK (RFC 7541 §6), and a
// list of blocks that mean something, good or bad.
#ifndef WEIR_TESTS_FUZZ_HEADER_BLOCKS_H_
#define WEIR_TESTS_FUZZ_HEADER_BLOCKS_H_

#include <cstddef>
#include <string>

#include "tests/fuzz/byte_source.h"

namespace weir::fuzz {

// How many blocks there are to choose from.
size_t HeaderBlockCount();
// Block number `index` modulo their count.
std::string HeaderBlock(size_t index);

// One block as the program describes it: a block of the list, then representations, then octets
// that replace some of them.
std::string ReadHeaderBlock(ByteSource& program);

}  // namespace weir::fuzz

#endif  // WEIR_TESTS_FUZZ_HEADER_BLOCKS_H_
