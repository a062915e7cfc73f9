#include "server/plain_responder.h"

#include <string_view>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"

namespace weir::server {
namespace {

constexpr http2::OutputField kHeaders[] = {{":status", "200"}, {"content-type", "text/plain"}};
// The engine ends every response with a field section, and one without fields is legal.
constexpr http2::OutputFields kTrailers;

constexpr std::string_view kBody = "weir answers, and not as a gRPC server\n";

}  // namespace

bool IsPlainRequest(const grpc::RequestHead& head) {
  using Kind = grpc::Rejection::Kind;
  const Kind kind = head.rejection.kind;
  return head.path == "/" && (kind == Kind::kMethodNotPost || kind == Kind::kContentTypeNotGrpc);
}

void AnswerPlainly(http2::Connection& connection, http2::StreamKey stream) {
  connection.SendHeaders(stream, kHeaders);
  connection.SendData(stream, Buffer::CopyOf(AsBytes(kBody)));
  connection.SendTrailers(stream, kTrailers);
  connection.ReleaseStream(stream);
}

}  // namespace weir::server
