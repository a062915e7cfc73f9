// Which files come out for a .proto, and which .proto files are refused?
#ifndef WEIR_CODEGEN_GENERATOR_H_
#define WEIR_CODEGEN_GENERATOR_H_

#include <google/protobuf/compiler/code_generator.h>

#include <cstdint>
#include <string>

namespace weir::codegen {

// NAME.proto gives NAME.weir.h and NAME.weir.cc, which need the NAME.pb.h of `protoc --cpp_out`.
// The same input gives the same bytes, always. Stateless.
class Generator final : public google::protobuf::compiler::CodeGenerator {
 public:
  bool Generate(const google::protobuf::FileDescriptor* file, const std::string& parameter,
                google::protobuf::compiler::GeneratorContext* context,
                std::string* error) const override;

  uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }
};

}  // namespace weir::codegen

#endif  // WEIR_CODEGEN_GENERATOR_H_
