#include "bench/servers/blocking_services.h"

#include "bench/servers/work.h"

namespace weir::bench {

Status BlockingGreeter::SayHello(ServerContext* context, const helloworld::HelloRequest* request,
                                 helloworld::HelloReply* reply) {
  if (answer_encoding_ != CompressionAlgorithm::kNone) {
    context->set_compression_algorithm(answer_encoding_);
  }
  Greet(*request, reply);
  return Status::OK;
}

Status BlockingStreams::Download(ServerContext* context, const DownloadRequest* request,
                                 ServerWriter<Chunk>* writer) {
  context->set_compression_algorithm(answer_encoding_);
  const Chunk chunk = MakeChunk(*request);
  for (uint32_t i = 0; i < request->messages(); ++i) {
    if (!writer->Write(chunk)) return Status::CANCELLED;
  }
  return Status::OK;
}

Status BlockingStreams::Upload(ServerContext* context, ServerReader<Chunk>* reader,
                               UploadSummary* summary) {
  context->set_compression_algorithm(answer_encoding_);
  Chunk chunk;
  ReadResult read = reader->Read(&chunk);
  for (; read; read = reader->Read(&chunk)) Count(chunk, summary);
  return read.is_failed() ? Status::CANCELLED : Status::OK;
}

Status BlockingStreams::Chat(ServerContext* context, ServerReaderWriter<Chunk, Chunk>* stream) {
  context->set_compression_algorithm(answer_encoding_);
  Chunk chunk;
  while (stream->Read(&chunk)) {
    if (!stream->Write(chunk)) return Status::CANCELLED;
  }
  return Status::OK;
}

}  // namespace weir::bench
