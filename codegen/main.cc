// protoc-gen-weir: the plugin with which protoc turns the services of a .proto into C++ for weir.
//
//   protoc --cpp_out=OUT --weir_out=OUT --plugin=protoc-gen-weir=PATH -I ROOT NAME.proto
#include <google/protobuf/compiler/plugin.h>

#include "codegen/generator.h"

int main(int argc, char** argv) {
  const weir::codegen::Generator generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
