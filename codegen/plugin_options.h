// What may a user ask of the plugin? (`protoc --weir_opt=...`, or `--weir_out=OPTIONS:DIRECTORY`)
#ifndef WEIR_CODEGEN_PLUGIN_OPTIONS_H_
#define WEIR_CODEGEN_PLUGIN_OPTIONS_H_

#include <optional>
#include <string>

namespace weir::codegen {

struct PluginOptions {
  // `allow_no_services`: a .proto without services gives two files that declare nothing, instead of
  // an error. For build systems that ask for both files of every .proto.
  bool allow_no_services = false;
};

// `parameter` is the comma-separated list of options. nullopt after setting `*error` to a sentence
// about the first one that is wrong.
std::optional<PluginOptions> ParsePluginOptions(const std::string& parameter, std::string* error);

}  // namespace weir::codegen

#endif  // WEIR_CODEGEN_PLUGIN_OPTIONS_H_
