// Cuts a stream of octets the way a network might: whole, octet by octet, anywhere at random, and
// with reads that bring nothing.
#ifndef WEIR_TESTS_TESTING_SEGMENTER_H_
#define WEIR_TESTS_TESTING_SEGMENTER_H_

#include <cstdint>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "transport/base/bytes.h"

namespace weir::testing {

struct Segmentation {
  enum class Kind : uint8_t { kWhole, kOctets, kRandom };
  Kind kind = Kind::kWhole;
  uint32_t seed = 0;  // of kRandom
};

// Names a test case; carries the seed, so that a failure can be run again.
std::string NameOf(const Segmentation& segmentation);
inline void PrintTo(const Segmentation& segmentation, std::ostream* out) {
  *out << NameOf(segmentation);
}

// Whole, octet by octet, and several random ones. WEIR_TEST_SEED=n adds the random one of seed n.
std::vector<Segmentation> AllSegmentations();

class Segmenter {
 public:
  explicit Segmenter(Segmentation segmentation)
      : segmentation_(segmentation), random_(segmentation.seed) {}

  // Calls `take(ByteView)` for each piece. A piece lives in a block of its own that is gone after
  // the call, so that whoever keeps a view of it is found out by a sanitizer.
  template <typename Take>
  void Split(std::string_view octets, Take take) {
    do {
      const size_t size = NextSize(octets.size());
      const auto piece = std::make_unique<uint8_t[]>(size);
      for (size_t i = 0; i < size; ++i) piece[i] = static_cast<uint8_t>(octets[i]);
      octets.remove_prefix(size);
      take(ByteView(piece.get(), size));
    } while (!octets.empty());
  }

 private:
  size_t NextSize(size_t left);

  Segmentation segmentation_;
  std::mt19937 random_;
};

}  // namespace weir::testing

#endif  // WEIR_TESTS_TESTING_SEGMENTER_H_
