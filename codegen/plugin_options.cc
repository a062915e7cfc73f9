#include "codegen/plugin_options.h"

#include <google/protobuf/compiler/code_generator.h>

#include <utility>
#include <vector>

namespace weir::codegen {

std::optional<PluginOptions> ParsePluginOptions(const std::string& parameter, std::string* error) {
  std::vector<std::pair<std::string, std::string>> pairs;
  google::protobuf::compiler::ParseGeneratorParameter(parameter, &pairs);
  PluginOptions options;
  for (const auto& [name, value] : pairs) {
    if (name != "allow_no_services") {
      *error = "unknown option \"" + name + "\"; protoc-gen-weir knows only allow_no_services";
      return std::nullopt;
    }
    if (!value.empty()) {
      *error = "option allow_no_services takes no value, but was given \"" + value + "\"";
      return std::nullopt;
    }
    options.allow_no_services = true;
  }
  return options;
}

}  // namespace weir::codegen
