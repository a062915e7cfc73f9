// Do the fuzz targets' properties hold in every build, without libFuzzer?
//
// Each target runs over its corpus, over random inputs, and over mutations of the corpus; all from
// fixed seeds, so that a failure comes again. The input at fault is left in a file.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/targets.h"
#include "transport/base/bytes.h"

// Of the sanitizers' runtime, where there is one.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace weir::fuzz {
namespace {

struct Target {
  std::string_view name;  // of its folder in corpus/
  void (*run)(ByteView input);
  // How many inputs are made up. The targets differ in what one costs.
  int random_inputs;
  int mutations;
};

void PrintTo(const Target& target, std::ostream* out) { *out << target.name; }

constexpr std::array<Target, 6> kTargets = {{
    {"frame_reader", FuzzFrameReader, 20000, 40000},
    {"connection", FuzzConnection, 5000, 15000},
    {"hpack", FuzzHpack, 5000, 15000},
    {"message_reader", FuzzMessageReader, 1000, 1500},
    {"metadata", FuzzMetadata, 30000, 60000},
    {"output", FuzzOutput, 3000, 8000},
}};

using Input = std::vector<uint8_t>;

// ---- What was running when the program ended.

const Input* running_input = nullptr;

void SaveRunningInput() {
  if (running_input == nullptr) return;
  const char* const directory = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  const std::string path =
      (std::filesystem::path(directory != nullptr ? directory : ".") / "failing_input").string();
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return;
  std::fwrite(running_input->data(), 1, running_input->size(), file);
  std::fclose(file);
  std::fprintf(stderr, "the input of %zu octets is in %s\n", running_input->size(), path.c_str());
  running_input = nullptr;
}

// The program is single-threaded and about to end, so the handler may do what handlers may not.
void InstallSaver() {
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(SaveRunningInput);
  std::signal(SIGABRT, [](int) {
    SaveRunningInput();
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
  });
}

// In a block of exactly its size, so that a read behind it is found out.
void RunOne(const Target& target, const Input& input) {
  const auto octets = std::make_unique<uint8_t[]>(input.size());
  std::copy(input.begin(), input.end(), octets.get());
  running_input = &input;
  target.run({octets.get(), input.size()});
  running_input = nullptr;
}

// ---- Inputs.

std::vector<Input> CorpusOf(const Target& target) {
  std::vector<std::filesystem::path> paths;
  const std::filesystem::path folder =
      std::filesystem::path("tests/fuzz/corpus") / std::string(target.name);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Input> corpus;
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

class Mutator {
 public:
  explicit Mutator(uint32_t seed) : random_(seed) {}

  size_t Below(size_t count) { return random_() % count; }
  uint8_t Octet() { return static_cast<uint8_t>(random_() >> 8); }

  Input Random() {
    Input input(Below(300));
    for (uint8_t& octet : input) octet = Octet();
    return input;
  }

  Input Mutate(const std::vector<Input>& corpus) {
    Input input = corpus[Below(corpus.size())];
    for (size_t i = 1 + Below(4); i > 0; --i) MutateOnce(corpus[Below(corpus.size())], &input);
    return input;
  }

 private:
  void MutateOnce(const Input& other, Input* input) {
    const size_t place = Below(input->size() + 1);
    const auto at = input->begin() + static_cast<ptrdiff_t>(place);
    const size_t left = input->size() - place;
    switch (Below(6)) {
      case 0:  // another octet
        if (left != 0) *at = Octet();
        break;
      case 1:  // another bit
        if (left != 0) *at = static_cast<uint8_t>(*at ^ (1u << Below(8)));
        break;
      case 2:  // one octet more
        input->insert(at, Octet());
        break;
      case 3:  // some octets less
        input->erase(at, at + static_cast<ptrdiff_t>(std::min(left, Below(8))));
        break;
      case 4: {  // the end of another input
        const size_t from = Below(other.size() + 1);
        input->resize(place);
        input->insert(input->end(), other.begin() + static_cast<ptrdiff_t>(from), other.end());
        break;
      }
      case 5: {  // some octets twice
        const Input copy(at, at + static_cast<ptrdiff_t>(std::min(left, Below(32))));
        input->insert(input->begin() + static_cast<ptrdiff_t>(place), copy.begin(), copy.end());
        break;
      }
    }
  }

  std::mt19937 random_;
};

// ---- The tests.

class FuzzTarget : public ::testing::TestWithParam<Target> {
 protected:
  static void SetUpTestSuite() { InstallSaver(); }
};

TEST_P(FuzzTarget, HoldsOnItsCorpus) {
  const std::vector<Input> corpus = CorpusOf(GetParam());
  ASSERT_GE(corpus.size(), 10u) << "a corpus that is worth the name";
  for (const Input& input : corpus) RunOne(GetParam(), input);
  RunOne(GetParam(), {});
}

TEST_P(FuzzTarget, HoldsOnRandomInputs) {
  Mutator mutator(1);
  for (int i = 0; i < GetParam().random_inputs; ++i) RunOne(GetParam(), mutator.Random());
}

TEST_P(FuzzTarget, HoldsOnMutationsOfItsCorpus) {
  const std::vector<Input> corpus = CorpusOf(GetParam());
  Mutator mutator(2);
  for (int i = 0; i < GetParam().mutations; ++i) RunOne(GetParam(), mutator.Mutate(corpus));
}

INSTANTIATE_TEST_SUITE_P(All, FuzzTarget, ::testing::ValuesIn(kTargets),
                         [](const ::testing::TestParamInfo<Target>& of) {
                           return std::string(of.param.name);
                         });

}  // namespace
}  // namespace weir::fuzz
