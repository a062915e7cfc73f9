#include "bench/servers/coroutine_services.h"

#include "bench/servers/work.h"

namespace weir::bench {

Task<Status> CoroutineGreeter::SayHello(ServerContext& context,
                                        const helloworld::HelloRequest& request,
                                        helloworld::HelloReply& reply) {
  if (answer_encoding_ != CompressionAlgorithm::kNone) {
    context.set_compression_algorithm(answer_encoding_);
  }
  Greet(request, &reply);
  co_return Status::OK;
}

Task<Status> CoroutineStreams::Download(ServerContext& context, const DownloadRequest& request,
                                        Writer<Chunk>& writer) {
  context.set_compression_algorithm(answer_encoding_);
  const Chunk chunk = MakeChunk(request);
  for (uint32_t i = 0; i < request.messages(); ++i) {
    if (!co_await writer.Write(chunk)) co_return Status::CANCELLED;
  }
  co_return Status::OK;
}

Task<Status> CoroutineStreams::Upload(ServerContext& context, Reader<Chunk>& reader,
                                      UploadSummary& summary) {
  context.set_compression_algorithm(answer_encoding_);
  Chunk chunk;
  ReadResult read = co_await reader.Read(&chunk);
  for (; read; read = co_await reader.Read(&chunk)) Count(chunk, &summary);
  co_return read.is_failed() ? Status::CANCELLED : Status::OK;
}

Task<Status> CoroutineStreams::Chat(ServerContext& context, ReaderWriter<Chunk, Chunk>& stream) {
  context.set_compression_algorithm(answer_encoding_);
  Chunk chunk;
  while (co_await stream.Read(&chunk)) {
    if (!co_await stream.Write(chunk)) co_return Status::CANCELLED;
  }
  co_return Status::OK;
}

}  // namespace weir::bench
