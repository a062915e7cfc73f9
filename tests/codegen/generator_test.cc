// Which requests does the generator refuse, and with which words?
#include "codegen/generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/codegen/in_memory_protoc.h"

namespace weir::codegen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::StartsWith;

constexpr const char* kService =
    "syntax = \"proto3\"; package p; message M {} service S { rpc A(M) returns (M); }";

Generated Generate(const std::string& text, const std::string& parameter = "") {
  ProtoParser parser;
  const auto* file = parser.ParseText("dir/file.proto", text);
  return file == nullptr ? Generated{} : RunGenerator(*file, parameter);
}

TEST(Generator, WritesAHeaderAndASource) {
  const Generated generated = Generate(kService);
  EXPECT_TRUE(generated.is_ok) << generated.error;
  EXPECT_THAT(generated.files, ElementsAre(Key("dir/file.weir.cc"), Key("dir/file.weir.h")));
}

TEST(Generator, WritesTheSameBytesEveryTime) {
  EXPECT_EQ(Generate(kService).files, Generate(kService).files);
}

TEST(Generator, RefusesAFileWithoutServices) {
  const Generated generated = Generate("syntax = \"proto3\"; message M {}");
  EXPECT_FALSE(generated.is_ok);
  EXPECT_THAT(generated.error, StartsWith("this file defines no service, so"));
  EXPECT_THAT(generated.error, HasSubstr("allow_no_services"));
  EXPECT_THAT(generated.error, Not(HasSubstr("\n")));
  EXPECT_THAT(generated.files, IsEmpty());
}

TEST(Generator, WritesFilesThatDeclareNothingIfAskedTo) {
  const Generated generated =
      Generate("syntax = \"proto3\"; package p; message M {}", "allow_no_services");
  EXPECT_TRUE(generated.is_ok) << generated.error;
  ASSERT_THAT(generated.files, ElementsAre(Key("dir/file.weir.cc"), Key("dir/file.weir.h")));
  EXPECT_THAT(generated.files.at("dir/file.weir.h"), Not(HasSubstr("namespace")));
}

TEST(Generator, RefusesOptionsItDoesNotKnow) {
  for (const char* parameter : {"mock", "allow_no_services,mock", "mock=1"}) {
    const Generated generated = Generate(kService, parameter);
    EXPECT_FALSE(generated.is_ok);
    EXPECT_EQ(generated.error,
              "unknown option \"mock\"; protoc-gen-weir knows only allow_no_services");
    EXPECT_THAT(generated.files, IsEmpty());
  }
}

TEST(Generator, RefusesAValueWhereNoneBelongs) {
  const Generated generated = Generate(kService, "allow_no_services=false");
  EXPECT_FALSE(generated.is_ok);
  EXPECT_EQ(generated.error, "option allow_no_services takes no value, but was given \"false\"");
}

TEST(Generator, RefusesServicesThatProtocGeneratesItself) {
  const Generated generated =
      Generate("syntax = \"proto3\"; option cc_generic_services = true; message M {} service S {}");
  EXPECT_FALSE(generated.is_ok);
  EXPECT_THAT(generated.error, StartsWith("option cc_generic_services makes protoc generate"));
}

TEST(Generator, AcceptsOptionalFieldsOfProto3) {
  EXPECT_NE(Generator().GetSupportedFeatures() & Generator::FEATURE_PROTO3_OPTIONAL, 0u);
}

}  // namespace
}  // namespace weir::codegen
