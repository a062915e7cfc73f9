// Answers requests that are not gRPC at all, for suites that test HTTP/2 without knowing gRPC.
//
// Such suites (h2spec) ask for `/` and judge by frames: they need a 200 with some DATA, where a
// gRPC server owes them 405 or 415. A server for users never has this.
#ifndef WEIR_SERVER_PLAIN_RESPONDER_H_
#define WEIR_SERVER_PLAIN_RESPONDER_H_

#include "transport/grpc/request_head.h"
#include "transport/http2/connection.h"
#include "transport/http2/stream_id.h"

namespace weir {
class ServerBuilder;
}  // namespace weir

namespace weir::server {

// Makes the server that `builder` will build answer every request for `/` that is not gRPC, once it
// is complete, with 200 and a line of text.
void EnablePlainResponder(ServerBuilder& builder);

// Whether a rejected request is one for the plain responder.
bool IsPlainRequest(const grpc::RequestHead& head);

// Answers such a request, whose end has arrived, and releases its stream.
void AnswerPlainly(http2::Connection& connection, http2::StreamKey stream);

}  // namespace weir::server

#endif  // WEIR_SERVER_PLAIN_RESPONDER_H_
