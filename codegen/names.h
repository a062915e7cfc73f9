// What is each thing of a .proto called in the generated C++?
//
// The rule is protobuf's own: a name is kept, and a name that C++ does not allow there gets an
// underscore. On the wire nothing changes: clients see the names of the .proto.
#ifndef WEIR_CODEGEN_NAMES_H_
#define WEIR_CODEGEN_NAMES_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>

namespace weir::codegen {

// Whether C++20 keeps the word for itself, as a keyword or as an alternative spelling of an
// operator (and NULL, which no header leaves alone).
bool IsCppKeyword(std::string_view word);

// "examples/greeter/greeter.weir.h", ".weir.cc" and ".pb.h" of a file.
std::string HeaderFileName(const google::protobuf::FileDescriptor& file);
std::string SourceFileName(const google::protobuf::FileDescriptor& file);
std::string MessagesHeaderFileName(const google::protobuf::FileDescriptor& file);

// A macro name of its own for every path: `a_b.proto` and `a/b.proto` must not share one.
std::string HeaderGuard(const google::protobuf::FileDescriptor& file);

// "a::b" for package a.b; empty without a package. protobuf 3.21 itself writes a package with a
// keyword in it as it is, which no compiler takes; later ones write what this function gives.
std::string Namespace(const google::protobuf::FileDescriptor& file);

// The class that stands for a service. Besides keywords it avoids the names of its own members.
std::string ServiceClassName(const google::protobuf::ServiceDescriptor& service);

// The virtual function that stands for a method. Besides keywords it avoids the classes it is a
// member of, what it inherits from weir::Service, and macros of the standard library.
std::string MethodFunctionName(const google::protobuf::MethodDescriptor& method);

// "::helloworld::HelloRequest", "::a::Outer_Inner": good in any scope.
std::string QualifiedMessageName(const google::protobuf::Descriptor& message);

}  // namespace weir::codegen

#endif  // WEIR_CODEGEN_NAMES_H_
