// Do comments of a .proto arrive whole, and can none of them damage the code around it?
#include "codegen/comments.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/codegen/in_memory_protoc.h"

namespace weir::codegen {
namespace {

TEST(AsComment, LeavesNothingOfNothing) {
  EXPECT_EQ(AsComment(""), "");
  EXPECT_EQ(AsComment("\n"), "");
  EXPECT_EQ(AsComment(" \t\n \r\n"), "");
}

TEST(AsComment, MarksEveryLine) {
  EXPECT_EQ(AsComment(" one\n two\n"), "// one\n// two\n");
  EXPECT_EQ(AsComment(" one\n two"), "// one\n// two\n");
}

TEST(AsComment, AddsASpaceOnlyWhereThereIsNone) {
  EXPECT_EQ(AsComment("one\n   two\n\tthree\n"), "// one\n//   two\n//\tthree\n");
}

TEST(AsComment, KeepsEmptyLinesOnlyBetweenOthers) {
  EXPECT_EQ(AsComment("\n\n one\n\n\n two\n\n"), "// one\n//\n//\n// two\n");
}

TEST(AsComment, DropsSpaceAndCarriageReturnsAtTheEndOfLines) {
  EXPECT_EQ(AsComment(" one \t\r\n two\r\n"), "// one\n// two\n");
}

TEST(AsComment, NeverEndsALineWithABackslash) {
  EXPECT_EQ(AsComment(" path\\\n"), "// path\\ //\n");
  EXPECT_EQ(AsComment(" path\\  \r\n next\n"), "// path\\ //\n// next\n");
  EXPECT_EQ(AsComment("\\"), "// \\ //\n");
}

TEST(AsComment, LeavesMarksOfBlockCommentsAlone) {
  EXPECT_EQ(AsComment(" /* and */\n"), "// /* and */\n");
}

class CommentOfTest : public testing::Test {
 protected:
  const google::protobuf::FileDescriptor& Parse(const std::string& text) {
    const auto* file = parser_.ParseText("file.proto", text + "\nmessage M {}\n");
    if (file == nullptr) std::abort();
    return *file;
  }

  ProtoParser parser_;
};

TEST_F(CommentOfTest, JoinsWhatStandsBeforeAndAfter) {
  const auto& file = Parse(
      "syntax = \"proto3\";\n\n"
      "// Alone.\n\n"
      "// Before.\n"
      "service S { // After.\n"
      "}\n");
  EXPECT_EQ(CommentOf(*file.service(0)), "// Alone.\n\n// Before.\n//\n// After.\n");
}

TEST_F(CommentOfTest, SaysThatAnElementIsDeprecated) {
  const auto& file = Parse(
      "syntax = \"proto3\";\n"
      "// About.\n"
      "service S {\n"
      "  option deprecated = true;\n"
      "  rpc A(M) returns (M) { option deprecated = true; }\n"
      "  rpc B(M) returns (M) { option deprecated = false; }\n"
      "}\n");
  EXPECT_EQ(CommentOf(*file.service(0)), "// About.\n//\n// Deprecated.\n");
  EXPECT_EQ(CommentOf(*file.service(0)->method(0)), "// Deprecated.\n");
  EXPECT_EQ(CommentOf(*file.service(0)->method(1)), "");
}

TEST_F(CommentOfTest, TakesTheCommentsOfSyntaxAndPackageForTheFile) {
  const auto& file = Parse(
      "// Licence.\n\n"
      "// About the file.\n"
      "syntax = \"proto3\";\n"
      "// About the package.\n"
      "package p;\n");
  EXPECT_EQ(CommentOf(file), "// Licence.\n\n// About the file.\n\n// About the package.\n\n");
}

TEST_F(CommentOfTest, LeavesNothingWhereNothingIsSaid) {
  const auto& file = Parse("syntax = \"proto3\"; package p; service S { rpc A(M) returns (M); }");
  EXPECT_EQ(CommentOf(file), "");
  EXPECT_EQ(CommentOf(*file.service(0)), "");
  EXPECT_EQ(CommentOf(*file.service(0)->method(0)), "");
}

}  // namespace
}  // namespace weir::codegen
