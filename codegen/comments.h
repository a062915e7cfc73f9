// How do the comments of a .proto reach the generated code?
#ifndef WEIR_CODEGEN_COMMENTS_H_
#define WEIR_CODEGEN_COMMENTS_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>

namespace weir::codegen {

// The text as `//` comment, one line each, ending in a line feed; empty for an empty text. Any text
// is safe: no line can end the comment early or carry it on to the code below.
std::string AsComment(std::string_view text);

// What the .proto says about an element: comments that stand alone before it (each followed by an
// empty line), then those right before it and after it as one block. The block says so when the
// element is deprecated: as a comment, not as an attribute, because servers go on implementing what
// they ask their clients to leave.
std::string CommentOf(const google::protobuf::ServiceDescriptor& service);
std::string CommentOf(const google::protobuf::MethodDescriptor& method);

// What the .proto says about itself: comments around its `syntax` and `package` lines.
std::string CommentOf(const google::protobuf::FileDescriptor& file);

}  // namespace weir::codegen

#endif  // WEIR_CODEGEN_COMMENTS_H_
