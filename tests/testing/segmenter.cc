#include "tests/testing/segmenter.h"

#include <algorithm>
#include <cstdlib>

namespace weir::testing {

std::string NameOf(const Segmentation& segmentation) {
  switch (segmentation.kind) {
    case Segmentation::Kind::kWhole:
      return "Whole";
    case Segmentation::Kind::kOctets:
      return "Octets";
    case Segmentation::Kind::kRandom:
      return "Seed" + std::to_string(segmentation.seed);
  }
  return "";
}

std::vector<Segmentation> AllSegmentations() {
  std::vector<Segmentation> all = {{Segmentation::Kind::kWhole, 0},
                                   {Segmentation::Kind::kOctets, 0}};
  for (uint32_t seed = 1; seed <= 4; ++seed) all.push_back({Segmentation::Kind::kRandom, seed});
  if (const char* const seed = std::getenv("WEIR_TEST_SEED")) {
    all.push_back(
        {Segmentation::Kind::kRandom, static_cast<uint32_t>(std::strtoul(seed, nullptr, 10))});
  }
  return all;
}

// Random pieces are short most of the time, since frame headers are; some are empty, some long.
size_t Segmenter::NextSize(size_t left) {
  switch (segmentation_.kind) {
    case Segmentation::Kind::kWhole:
      return left;
    case Segmentation::Kind::kOctets:
      return std::min<size_t>(left, 1);
    case Segmentation::Kind::kRandom:
      break;
  }
  const uint32_t longest = random_() % 4 == 0 ? 4096 : 16;
  return std::min<size_t>(left, random_() % (longest + 1));
}

}  // namespace weir::testing
