// Does every name of a .proto become a name that C++ takes, the one that protobuf gives it where
// protobuf names it too?
#include "codegen/names.h"

#include <google/protobuf/compiler/cpp/names.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

#include "tests/codegen/in_memory_protoc.h"

namespace weir::codegen {
namespace {

namespace protobuf = google::protobuf;

// [lex.key] and [lex.digraph] of C++20.
constexpr const char* kReservedWords =
    "alignas alignof asm auto bool break case catch char char8_t char16_t char32_t class concept "
    "const consteval constexpr constinit const_cast continue co_await co_return co_yield decltype "
    "default delete do double dynamic_cast else enum explicit export extern false float for friend "
    "goto if inline int long mutable namespace new noexcept nullptr operator private protected "
    "public register reinterpret_cast requires return short signed sizeof static static_assert "
    "static_cast struct switch template this thread_local throw true try typedef typeid typename "
    "union unsigned using virtual void volatile wchar_t while "
    "and and_eq bitand bitor compl not not_eq or or_eq xor xor_eq";

class NamesTest : public testing::Test {
 protected:
  const protobuf::FileDescriptor& Parse(const std::string& name, const std::string& text) {
    const protobuf::FileDescriptor* file = parser_.ParseText(name, "syntax = \"proto3\";" + text);
    if (file == nullptr) std::abort();
    return *file;
  }

  // In a package of its own.
  const protobuf::FileDescriptor& Parse(const std::string& text) {
    const std::string number = std::to_string(++counter_);
    return Parse("file" + number + ".proto", "package p" + number + ";" + text);
  }

  // The function name for a method of this name, in a service that has `others` as well.
  std::string FunctionFor(const std::string& method, const std::string& others = "") {
    const auto& file =
        Parse("message M {} service S { " + others + " rpc " + method + "(M) returns (M); }");
    return MethodFunctionName(*file.service(0)->FindMethodByName(method));
  }

  std::string ClassFor(const std::string& service, const std::string& others = "") {
    return ServiceClassName(
        *Parse(others + " service " + service + " {}").FindServiceByName(service));
  }

  ProtoParser parser_;
  int counter_ = 0;
};

TEST_F(NamesTest, KnowsEveryReservedWord) {
  std::istringstream words(kReservedWords);
  for (std::string word; words >> word;) EXPECT_TRUE(IsCppKeyword(word)) << word;
  for (const char* word : {"", "Delete", "delete_", "final", "override", "import", "module"}) {
    EXPECT_FALSE(IsCppKeyword(word)) << word;
  }
}

TEST_F(NamesTest, AvoidsAtLeastWhatProtobufAvoids) {
  std::string messages = "message NULL {}";
  std::istringstream words(kReservedWords);
  for (std::string word; words >> word;) messages += " message " + word + " {}";
  const protobuf::FileDescriptor& file = Parse("messages.proto", messages);
  int avoided = 0;
  for (int i = 0; i < file.message_type_count(); ++i) {
    const protobuf::Descriptor& message = *file.message_type(i);
    if (protobuf::compiler::cpp::ClassName(&message) == message.name()) continue;
    ++avoided;
    EXPECT_TRUE(IsCppKeyword(message.name())) << message.name();
    EXPECT_EQ(QualifiedMessageName(message), "::" + message.name() + "_");
  }
  EXPECT_GT(avoided, 70);
}

TEST_F(NamesTest, KeepsTheFolderInFileNames) {
  const auto& file = Parse("some/folder/file.name.proto", "");
  EXPECT_EQ(HeaderFileName(file), "some/folder/file.name.weir.h");
  EXPECT_EQ(SourceFileName(file), "some/folder/file.name.weir.cc");
  EXPECT_EQ(MessagesHeaderFileName(file), "some/folder/file.name.pb.h");
}

TEST_F(NamesTest, GivesSimilarPathsDifferentGuards) {
  std::set<std::string> guards;
  const char* paths[] = {"a/b.proto", "a_b.proto", "a-b.proto",
                         "a.b.proto", "A/b.proto", "a_2fb.proto"};
  for (const char* path : paths) guards.insert(HeaderGuard(Parse(path, "")));
  EXPECT_EQ(guards.size(), std::size(paths));
  for (const std::string& guard : guards) {
    EXPECT_EQ(guard.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789_"),
              std::string::npos);
    EXPECT_EQ(guard.find("__"), std::string::npos) << "reserved: " << guard;
  }
}

TEST_F(NamesTest, MakesNamespacesOfPackages) {
  EXPECT_EQ(Namespace(Parse("1.proto", "")), "");
  EXPECT_EQ(Namespace(Parse("2.proto", "package one;")), "one");
  EXPECT_EQ(Namespace(Parse("3.proto", "package one.two.three;")), "one::two::three");
  EXPECT_EQ(Namespace(Parse("4.proto", "package class.delete.x;")), "class_::delete_::x");
}

TEST_F(NamesTest, KeepsOrdinaryMethodNames) {
  for (const char* name : {"SayHello", "sayHello", "Delete", "S", "kFullName", "weir"}) {
    EXPECT_EQ(FunctionFor(name), name);
  }
}

TEST_F(NamesTest, ChangesMethodNamesThatCannotBeFunctions) {
  for (const std::string name : {"delete", "co_yield", "and", "NULL", "Service", "CoroutineService",
                                 "descriptor", "errno", "assert", "stdout"}) {
    EXPECT_EQ(FunctionFor(name), name + "_");
  }
}

TEST_F(NamesTest, DoesNotTakeTheNameOfAnotherMethod) {
  EXPECT_EQ(FunctionFor("delete", "rpc delete_(M) returns (M);"), "delete__");
  EXPECT_EQ(FunctionFor("delete_", "rpc delete(M) returns (M);"), "delete_");
}

TEST_F(NamesTest, KeepsOrdinaryServiceNames) { EXPECT_EQ(ClassFor("Greeter"), "Greeter"); }

TEST_F(NamesTest, ChangesServiceNamesThatCannotBeClasses) {
  for (const std::string name : {"Service", "CoroutineService", "kFullName", "class", "requires"}) {
    EXPECT_EQ(ClassFor(name), name + "_");
  }
}

TEST_F(NamesTest, DoesNotTakeTheNameOfAMessageOrEnum) {
  EXPECT_EQ(ClassFor("Service", "message Service_ {} enum Service__ { ZERO = 0; }"), "Service___");
}

TEST_F(NamesTest, QualifiesNestedMessages) {
  const auto& file = Parse("nested.proto", "package a.b; message Outer { message Inner {} }");
  EXPECT_EQ(QualifiedMessageName(*file.message_type(0)->nested_type(0)), "::a::b::Outer_Inner");
}

}  // namespace
}  // namespace weir::codegen
