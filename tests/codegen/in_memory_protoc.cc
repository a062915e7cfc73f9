#include "tests/codegen/in_memory_protoc.h"

#include <google/protobuf/compiler/code_generator.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include "codegen/generator.h"

namespace weir::codegen {

namespace protobuf = google::protobuf;

class ProtoParser::Errors final : public protobuf::compiler::MultiFileErrorCollector {
 public:
  void AddError(const std::string& file, int line, int column,
                const std::string& message) override {
    ADD_FAILURE() << file << ":" << line + 1 << ":" << column + 1 << ": " << message;
  }
};

// Files given as text, and below them those of the runfiles, which are the working directory.
class ProtoParser::Sources final : public protobuf::compiler::SourceTree {
 public:
  Sources() {
    disk_.MapPath("", ".");
    disk_.MapPath("", "../protobuf/include");
  }

  void Add(const std::string& name, const std::string& text) { texts_[name] = text; }

  protobuf::io::ZeroCopyInputStream* Open(const std::string& name) override {
    const auto found = texts_.find(name);
    if (found == texts_.end()) return disk_.Open(name);
    return new protobuf::io::ArrayInputStream(found->second.data(),
                                              static_cast<int>(found->second.size()));
  }

 private:
  std::map<std::string, std::string> texts_;
  protobuf::compiler::DiskSourceTree disk_;
};

ProtoParser::ProtoParser()
    : sources_(std::make_unique<Sources>()),
      errors_(std::make_unique<Errors>()),
      importer_(sources_.get(), errors_.get()) {}

ProtoParser::~ProtoParser() = default;

const protobuf::FileDescriptor* ProtoParser::ParseFile(const std::string& path) {
  return importer_.Import(path);
}

const protobuf::FileDescriptor* ProtoParser::ParseText(const std::string& name,
                                                       const std::string& text) {
  sources_->Add(name, text);
  return importer_.Import(name);
}

namespace {

class FilesInMemory final : public protobuf::compiler::GeneratorContext {
 public:
  explicit FilesInMemory(std::map<std::string, std::string>* files) : files_(files) {}

  protobuf::io::ZeroCopyOutputStream* Open(const std::string& name) override {
    std::string& content = (*files_)[name];
    content.clear();
    return new protobuf::io::StringOutputStream(&content);
  }

 private:
  std::map<std::string, std::string>* files_;
};

}  // namespace

Generated RunGenerator(const protobuf::FileDescriptor& file, const std::string& parameter) {
  Generated result;
  FilesInMemory files(&result.files);
  result.is_ok = Generator().Generate(&file, parameter, &files, &result.error);
  return result;
}

}  // namespace weir::codegen
