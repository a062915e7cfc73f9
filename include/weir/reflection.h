// Lets tools such as grpcurl, grpc_cli and Postman find out which services a server has and what
// their messages look like: grpc.reflection.v1.ServerReflection, and v1alpha, which is the same
// under an older name.
//
//   weir::EnableReflection(builder);
//
// Needs `@weir//server/services:reflection`, which brings the messages of both along. A program
// that links another copy of them (libgrpc++_reflection has one) cannot start.
#ifndef WEIR_REFLECTION_H_
#define WEIR_REFLECTION_H_

#include <vector>

namespace google::protobuf {
class FileDescriptor;
}  // namespace google::protobuf

namespace weir {

class ServerBuilder;

struct ReflectionOptions {
  // Everybody who may call the server can see the .proto files of its services, with all that they
  // import, and nothing else. Here are more to be shown, each with its imports: those of messages
  // that travel in google.protobuf.Any, such as the details of a status:
  // `google::rpc::BadRequest::descriptor()->file()`. Part of the program, never deleted.
  std::vector<const google::protobuf::FileDescriptor*> more_files = {};
};

// Adds both services to the server. Services without a .proto are listed, but cannot be described.
void EnableReflection(ServerBuilder& builder, ReflectionOptions options = {});

}  // namespace weir

#endif  // WEIR_REFLECTION_H_
