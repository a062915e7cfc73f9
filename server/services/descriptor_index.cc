#include "server/services/descriptor_index.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>

namespace weir::services {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::ServiceDescriptor;

DescriptorIndex::DescriptorIndex(std::span<const std::string_view> service_names,
                                 std::span<const FileDescriptor* const> more_files) {
  for (const std::string_view name : service_names) {
    const ServiceDescriptor* const service =
        DescriptorPool::generated_pool()->FindServiceByName(std::string(name));
    if (service != nullptr) Add(*service->file());
  }
  for (const FileDescriptor* const file : more_files) {
    if (file != nullptr) Add(*file);
  }
}

// Imports cannot form a circle, and protoc bounds how deep they go.
const DescriptorIndex::File& DescriptorIndex::Add(const FileDescriptor& file) {
  if (const auto found = files_.find(file.name()); found != files_.end()) return found->second;
  File added;
  for (int i = 0; i < file.dependency_count(); ++i) {
    added.imports.push_back(&Add(*file.dependency(i)));
  }
  FileDescriptorProto proto;
  file.CopyTo(&proto);
  added.serialized = proto.SerializeAsString();
  pool_.BuildFile(proto);  // cannot fail: the program's pool holds the same
  return files_.emplace(file.name(), std::move(added)).first->second;
}

const DescriptorIndex::File* DescriptorIndex::Find(const FileDescriptor* file) const {
  return file == nullptr ? nullptr : FindFileByName(file->name());
}

const DescriptorIndex::File* DescriptorIndex::FindFileByName(const std::string& path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : &found->second;
}

const DescriptorIndex::File* DescriptorIndex::FindFileOfSymbol(const std::string& full_name) const {
  return Find(pool_.FindFileContainingSymbol(full_name));
}

const DescriptorIndex::File* DescriptorIndex::FindFileOfExtension(const std::string& extended_type,
                                                                  int number) const {
  const Descriptor* const type = pool_.FindMessageTypeByName(extended_type);
  if (type == nullptr) return nullptr;
  const FieldDescriptor* const extension = pool_.FindExtensionByNumber(type, number);
  return extension == nullptr ? nullptr : Find(extension->file());
}

std::optional<std::vector<int32_t>> DescriptorIndex::FindExtensionNumbers(
    const std::string& extended_type) const {
  const Descriptor* const type = pool_.FindMessageTypeByName(extended_type);
  if (type == nullptr) return std::nullopt;
  std::vector<const FieldDescriptor*> extensions;
  pool_.FindAllExtensions(type, &extensions);
  std::vector<int32_t> numbers;
  for (const FieldDescriptor* const extension : extensions) numbers.push_back(extension->number());
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace weir::services
