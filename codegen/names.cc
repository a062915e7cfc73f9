#include "codegen/names.h"

#include <google/protobuf/compiler/cpp/names.h>

#include <algorithm>
#include <array>
#include <span>

namespace weir::codegen {
namespace {

namespace protobuf = google::protobuf;

constexpr auto kKeywords = std::to_array<std::string_view>({
    "NULL",         "alignas",   "alignof",       "and",
    "and_eq",       "asm",       "auto",          "bitand",
    "bitor",        "bool",      "break",         "case",
    "catch",        "char",      "char16_t",      "char32_t",
    "char8_t",      "class",     "co_await",      "co_return",
    "co_yield",     "compl",     "concept",       "const",
    "const_cast",   "consteval", "constexpr",     "constinit",
    "continue",     "decltype",  "default",       "delete",
    "do",           "double",    "dynamic_cast",  "else",
    "enum",         "explicit",  "export",        "extern",
    "false",        "float",     "for",           "friend",
    "goto",         "if",        "inline",        "int",
    "long",         "mutable",   "namespace",     "new",
    "noexcept",     "not",       "not_eq",        "nullptr",
    "operator",     "or",        "or_eq",         "private",
    "protected",    "public",    "register",      "reinterpret_cast",
    "requires",     "return",    "short",         "signed",
    "sizeof",       "static",    "static_assert", "static_cast",
    "struct",       "switch",    "template",      "this",
    "thread_local", "throw",     "true",          "try",
    "typedef",      "typeid",    "typename",      "union",
    "unsigned",     "using",     "virtual",       "void",
    "volatile",     "wchar_t",   "while",         "xor",
    "xor_eq",
});
static_assert(std::ranges::is_sorted(kKeywords), "IsCppKeyword searches by halves");

// Members of the class of a service; a class cannot have a member of its own name either.
constexpr auto kServiceClassMembers =
    std::to_array<std::string_view>({"CoroutineService", "Service", "kFullName"});

// `Service` and `CoroutineService` would be constructors, `descriptor` would hide the inherited
// function, and the rest would not survive the preprocessor.
constexpr auto kUnusableFunctionNames = std::to_array<std::string_view>({
    "CoroutineService",
    "EOF",
    "Service",
    "assert",
    "descriptor",
    "errno",
    "linux",
    "stderr",
    "stdin",
    "stdout",
    "unix",
});

bool Contains(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// Appends underscores until the name is allowed and is not the name of a sibling.
template <typename IsTaken>
std::string AvoidNames(const std::string& name, std::span<const std::string_view> unusable,
                       IsTaken is_taken) {
  std::string result = name;
  while (IsCppKeyword(result) || Contains(unusable, result) ||
         (result != name && is_taken(result))) {
    result += '_';
  }
  return result;
}

std::string BaseName(const protobuf::FileDescriptor& file) {
  return protobuf::compiler::cpp::StripProto(file.name());
}

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

bool IsCppKeyword(std::string_view word) { return std::ranges::binary_search(kKeywords, word); }

std::string HeaderFileName(const protobuf::FileDescriptor& file) {
  return BaseName(file) + ".weir.h";
}

std::string SourceFileName(const protobuf::FileDescriptor& file) {
  return BaseName(file) + ".weir.cc";
}

std::string MessagesHeaderFileName(const protobuf::FileDescriptor& file) {
  return BaseName(file) + ".pb.h";
}

std::string HeaderGuard(const protobuf::FileDescriptor& file) {
  static constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::string guard = "WEIR_GENERATED_";
  for (const char c : file.name()) {
    if (IsLetterOrDigit(c)) {
      guard += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      guard += {'_', kHexDigits[byte >> 4], kHexDigits[byte & 0xf]};
    }
  }
  return guard + "_H_";
}

std::string Namespace(const protobuf::FileDescriptor& file) {
  std::string result;
  std::string_view rest = file.package();
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find('.'));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    if (!result.empty()) result += "::";
    result += word;
    if (IsCppKeyword(word)) result += '_';
  }
  return result;
}

std::string ServiceClassName(const protobuf::ServiceDescriptor& service) {
  const protobuf::FileDescriptor& file = *service.file();
  return AvoidNames(service.name(), kServiceClassMembers, [&file](const std::string& name) {
    return file.FindServiceByName(name) != nullptr || file.FindMessageTypeByName(name) != nullptr ||
           file.FindEnumTypeByName(name) != nullptr;
  });
}

std::string MethodFunctionName(const protobuf::MethodDescriptor& method) {
  const protobuf::ServiceDescriptor& service = *method.service();
  return AvoidNames(method.name(), kUnusableFunctionNames, [&service](const std::string& name) {
    return service.FindMethodByName(name) != nullptr;
  });
}

std::string QualifiedMessageName(const protobuf::Descriptor& message) {
  return protobuf::compiler::cpp::QualifiedClassName(&message);
}

}  // namespace weir::codegen
