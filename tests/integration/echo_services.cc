#include "tests/integration/echo_services.h"

namespace integration {
namespace {

void Copy(const EchoRequest& request, EchoReply* reply) {
  reply->set_text(request.text());
  reply->set_payload(request.payload());
}

void Join(const EchoRequest& request, EchoReply* reply) {
  reply->mutable_text()->append(request.text());
  reply->mutable_payload()->append(request.payload());
  reply->set_count(reply->count() + 1);
}

EchoReply MakeNumbered(const EchoRequest& request, int number) {
  EchoReply reply;
  Copy(request, &reply);
  reply.mutable_text()->append(std::to_string(number));
  return reply;
}

weir::Status EndOf(weir::ReadResult read) {
  return read.is_end() ? weir::Status::OK : weir::Status::CANCELLED;
}

weir::Task<weir::Status> EchoUnary(const EchoRequest& request, EchoReply& reply) {
  Copy(request, &reply);
  co_return weir::Status::OK;
}

weir::Task<weir::Status> EchoCollect(weir::Reader<EchoRequest>& reader, EchoReply& reply) {
  EchoRequest request;
  weir::ReadResult read = co_await reader.Read(&request);
  while (read) {
    Join(request, &reply);
    read = co_await reader.Read(&request);
  }
  co_return EndOf(read);
}

weir::Task<weir::Status> EchoExpand(const EchoRequest& request, weir::Writer<EchoReply>& writer) {
  for (int i = 0; i < request.count(); ++i) {
    const EchoReply reply = MakeNumbered(request, i);
    if (!co_await writer.Write(reply)) co_return weir::Status::CANCELLED;
  }
  co_return weir::Status::OK;
}

weir::Task<weir::Status> EchoChat(weir::ReaderWriter<EchoRequest, EchoReply>& stream) {
  EchoRequest request;
  weir::ReadResult read = co_await stream.Read(&request);
  while (read) {
    EchoReply reply;
    Copy(request, &reply);
    if (!co_await stream.Write(reply)) co_return weir::Status::CANCELLED;
    read = co_await stream.Read(&request);
  }
  co_return EndOf(read);
}

}  // namespace

// ---- blocking ----------------------------------------------------------------------------------

weir::Status BlockingEcho::Unary(weir::ServerContext* context, const EchoRequest* request,
                                 EchoReply* reply) {
  if (unary) return unary(context, request, reply);
  Copy(*request, reply);
  return weir::Status::OK;
}

weir::Status BlockingEcho::Collect(weir::ServerContext* context,
                                   weir::ServerReader<EchoRequest>* reader, EchoReply* reply) {
  if (collect) return collect(context, reader, reply);
  EchoRequest request;
  weir::ReadResult read = reader->Read(&request);
  while (read) {
    Join(request, reply);
    read = reader->Read(&request);
  }
  return EndOf(read);
}

weir::Status BlockingEcho::Expand(weir::ServerContext* context, const EchoRequest* request,
                                  weir::ServerWriter<EchoReply>* writer) {
  if (expand) return expand(context, request, writer);
  for (int i = 0; i < request->count(); ++i) {
    if (!writer->Write(MakeNumbered(*request, i))) return weir::Status::CANCELLED;
  }
  return weir::Status::OK;
}

weir::Status BlockingEcho::Chat(weir::ServerContext* context,
                                weir::ServerReaderWriter<EchoReply, EchoRequest>* stream) {
  if (chat) return chat(context, stream);
  EchoRequest request;
  weir::ReadResult read = stream->Read(&request);
  while (read) {
    EchoReply reply;
    Copy(request, &reply);
    if (!stream->Write(reply)) return weir::Status::CANCELLED;
    read = stream->Read(&request);
  }
  return EndOf(read);
}

// ---- coroutines --------------------------------------------------------------------------------

weir::Task<weir::Status> CoroutineEcho::Unary(weir::ServerContext& context,
                                              const EchoRequest& request, EchoReply& reply) {
  return unary ? unary(context, request, reply) : EchoUnary(request, reply);
}

weir::Task<weir::Status> CoroutineEcho::Collect(weir::ServerContext& context,
                                                weir::Reader<EchoRequest>& reader,
                                                EchoReply& reply) {
  return collect ? collect(context, reader, reply) : EchoCollect(reader, reply);
}

weir::Task<weir::Status> CoroutineEcho::Expand(weir::ServerContext& context,
                                               const EchoRequest& request,
                                               weir::Writer<EchoReply>& writer) {
  return expand ? expand(context, request, writer) : EchoExpand(request, writer);
}

weir::Task<weir::Status> CoroutineEcho::Chat(weir::ServerContext& context,
                                             weir::ReaderWriter<EchoRequest, EchoReply>& stream) {
  return chat ? chat(context, stream) : EchoChat(stream);
}

}  // namespace integration
