// Which .proto files is a server made of, and which of them has what a client asks for?
#ifndef WEIR_SERVER_SERVICES_DESCRIPTOR_INDEX_H_
#define WEIR_SERVER_SERVICES_DESCRIPTOR_INDEX_H_

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir::services {

// The files of some services with all that they import, copied from those that are part of the
// program. The pool of the program itself is never asked for what a peer names: it has more than is
// to be shown, and a lock for all threads. Immutable, so any thread may use this.
class DescriptorIndex {
 public:
  struct File {
    std::string serialized;  // google.protobuf.FileDescriptorProto
    std::vector<const File*> imports;
  };

  // `service_names` that are in no .proto of the program are left out.
  DescriptorIndex(std::span<const std::string_view> service_names,
                  std::span<const google::protobuf::FileDescriptor* const> more_files);
  DescriptorIndex(const DescriptorIndex&) = delete;
  DescriptorIndex& operator=(const DescriptorIndex&) = delete;

  // nullptr when there is none. Files live as long as the index.
  const File* FindFileByName(const std::string& path) const;
  const File* FindFileOfSymbol(const std::string& full_name) const;
  const File* FindFileOfExtension(const std::string& extended_type, int number) const;
  // nullopt when there is no such message.
  std::optional<std::vector<int32_t>> FindExtensionNumbers(const std::string& extended_type) const;

 private:
  const File& Add(const google::protobuf::FileDescriptor& file);
  const File* Find(const google::protobuf::FileDescriptor* file) const;

  google::protobuf::DescriptorPool pool_;
  std::unordered_map<std::string_view, File> files_;  // by path
};

}  // namespace weir::services

#endif  // WEIR_SERVER_SERVICES_DESCRIPTOR_INDEX_H_
