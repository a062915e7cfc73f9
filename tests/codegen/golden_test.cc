// Is the generated code, byte for byte, what a person has read and approved?
//
// testdata/golden/NAME.weir.{h,cc}.golden holds it for testdata/NAME.proto. After a change of the
// generator that means to change its output,
//
//   UPDATE_GOLDEN=1 bazel run //tests/codegen:golden_test
//
// writes the files anew, and the difference is to be read before it is committed. A new .proto
// needs a line in kProtos below.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/codegen/in_memory_protoc.h"

namespace weir::codegen {
namespace {

constexpr const char* kFolder = "tests/codegen/testdata/";

struct Proto {
  const char* name;
  const char* parameter = "";
};

constexpr Proto kProtos[] = {
    {"deprecated"}, {"imports"},    {"messages", "allow_no_services"},
    {"names"},      {"no_package"}, {"shapes"},
};

std::string GoldenPath(const std::string& generated_path) {
  return kFolder + ("golden/" + generated_path.substr(generated_path.rfind('/') + 1)) + ".golden";
}

std::string ReadWholeFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream.is_open()) << "there is no " << path;
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

// The root of the source tree if golden files are to be written, else nullptr.
const char* UpdateRoot() {
  return std::getenv("UPDATE_GOLDEN") == nullptr ? nullptr
                                                 : std::getenv("BUILD_WORKSPACE_DIRECTORY");
}

class GoldenTest : public testing::TestWithParam<Proto> {};

TEST_P(GoldenTest, GeneratesWhatWasApproved) {
  ProtoParser parser;
  const auto* file = parser.ParseFile(kFolder + std::string(GetParam().name) + ".proto");
  ASSERT_NE(file, nullptr);
  const Generated generated = RunGenerator(*file, GetParam().parameter);
  ASSERT_TRUE(generated.is_ok) << generated.error;
  ASSERT_EQ(generated.files.size(), 2u);
  for (const auto& [path, content] : generated.files) {
    if (const char* root = UpdateRoot()) {
      std::ofstream golden(root + ("/" + GoldenPath(path)), std::ios::binary);
      golden << content;
      ASSERT_TRUE(golden.flush().good()) << "cannot write " << GoldenPath(path);
    } else {
      EXPECT_EQ(content, ReadWholeFile(GoldenPath(path))) << path << ": see the head of this test";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, GoldenTest, testing::ValuesIn(kProtos),
                         [](const auto& proto) { return std::string(proto.param.name); });

}  // namespace
}  // namespace weir::codegen
