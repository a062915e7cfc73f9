#include "codegen/comments.h"

#include <google/protobuf/descriptor.pb.h>

#include <initializer_list>
#include <vector>

namespace weir::codegen {
namespace {

namespace protobuf = google::protobuf;

std::string_view WithoutTrailingSpace(std::string_view line) {
  const size_t last = line.find_last_not_of(" \t\r\v\f");
  return last == std::string_view::npos ? std::string_view() : line.substr(0, last + 1);
}

// Joins blocks into one comment with an empty comment line between two of them.
std::string JoinBlocks(std::initializer_list<std::string> blocks) {
  std::string comment;
  for (const std::string& block : blocks) {
    if (!comment.empty() && !block.empty()) comment += "//\n";
    comment += block;
  }
  return comment;
}

std::string DetachedComments(const protobuf::SourceLocation& location) {
  std::string comments;
  for (const std::string& text : location.leading_detached_comments) {
    if (const std::string comment = AsComment(text); !comment.empty()) comments += comment + "\n";
  }
  return comments;
}

template <typename Descriptor>
std::string CommentOfElement(const Descriptor& element) {
  protobuf::SourceLocation location;
  if (!element.GetSourceLocation(&location)) location = {};
  return DetachedComments(location) +
         JoinBlocks({AsComment(location.leading_comments), AsComment(location.trailing_comments),
                     AsComment(element.options().deprecated() ? "Deprecated." : "")});
}

}  // namespace

std::string AsComment(std::string_view text) {
  std::string comment;
  size_t pending_empty_lines = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = WithoutTrailingSpace(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.empty()) {
      ++pending_empty_lines;
      continue;
    }
    // Empty lines count only between others.
    if (!comment.empty()) {
      for (; pending_empty_lines > 0; --pending_empty_lines) comment += "//\n";
    }
    pending_empty_lines = 0;
    comment += line.front() == ' ' || line.front() == '\t' ? "//" : "// ";
    comment += line;
    // A backslash at the end of the line would make a comment of the next line of code.
    if (line.back() == '\\') comment += " //";
    comment += '\n';
  }
  return comment;
}

std::string CommentOf(const protobuf::ServiceDescriptor& service) {
  return CommentOfElement(service);
}

std::string CommentOf(const protobuf::MethodDescriptor& method) { return CommentOfElement(method); }

std::string CommentOf(const protobuf::FileDescriptor& file) {
  std::string comments;
  for (const int field : {protobuf::FileDescriptorProto::kSyntaxFieldNumber,
                          protobuf::FileDescriptorProto::kPackageFieldNumber}) {
    protobuf::SourceLocation location;
    if (!file.GetSourceLocation(std::vector<int>{field}, &location)) continue;
    comments += DetachedComments(location);
    const std::string block =
        JoinBlocks({AsComment(location.leading_comments), AsComment(location.trailing_comments)});
    if (!block.empty()) comments += block + "\n";
  }
  return comments;
}

}  // namespace weir::codegen
