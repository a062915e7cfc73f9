// How do these tests get descriptors and generated files without a protoc process?
#ifndef WEIR_TESTS_CODEGEN_IN_MEMORY_PROTOC_H_
#define WEIR_TESTS_CODEGEN_IN_MEMORY_PROTOC_H_

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.h>

#include <map>
#include <memory>
#include <string>

namespace weir::codegen {

// Parses .proto files. What it returns lives as long as the object.
class ProtoParser {
 public:
  ProtoParser();
  ~ProtoParser();

  // A file of the test's runfiles, by its path from the root of the workspace. nullptr, with the
  // errors as test failures, if it is wrong.
  const google::protobuf::FileDescriptor* ParseFile(const std::string& path);

  // A file with this content, called `name`.
  const google::protobuf::FileDescriptor* ParseText(const std::string& name,
                                                    const std::string& text);

 private:
  class Errors;
  class Sources;

  std::unique_ptr<Sources> sources_;
  std::unique_ptr<Errors> errors_;
  google::protobuf::compiler::Importer importer_;
};

// What one run of the generator gives.
struct Generated {
  bool is_ok = false;
  std::string error;
  std::map<std::string, std::string> files;  // path -> content
};

Generated RunGenerator(const google::protobuf::FileDescriptor& file,
                       const std::string& parameter = "");

}  // namespace weir::codegen

#endif  // WEIR_TESTS_CODEGEN_IN_MEMORY_PROTOC_H_
