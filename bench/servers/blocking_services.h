// The services that are measured, with handlers that wait: they run on the pool, or, where they
// are unary and the registration says so, on the worker.
#ifndef WEIR_BENCH_SERVERS_BLOCKING_SERVICES_H_
#define WEIR_BENCH_SERVERS_BLOCKING_SERVICES_H_

#include "bench/streams.weir.h"
#include "examples/greeter/greeter.weir.h"
#include "weir/weir.h"

namespace weir::bench {

class BlockingGreeter final : public helloworld::Greeter::Service {
 public:
  // `answer_encoding` is what answers are compressed with, if the client accepts it.
  explicit BlockingGreeter(CompressionAlgorithm answer_encoding)
      : answer_encoding_(answer_encoding) {}

  Status SayHello(ServerContext* context, const helloworld::HelloRequest* request,
                  helloworld::HelloReply* reply) override;

 private:
  const CompressionAlgorithm answer_encoding_;
};

class BlockingStreams final : public Streams::Service {
 public:
  explicit BlockingStreams(CompressionAlgorithm answer_encoding)
      : answer_encoding_(answer_encoding) {}

  Status Download(ServerContext* context, const DownloadRequest* request,
                  ServerWriter<Chunk>* writer) override;
  Status Upload(ServerContext* context, ServerReader<Chunk>* reader,
                UploadSummary* summary) override;
  Status Chat(ServerContext* context, ServerReaderWriter<Chunk, Chunk>* stream) override;

 private:
  const CompressionAlgorithm answer_encoding_;
};

}  // namespace weir::bench

#endif  // WEIR_BENCH_SERVERS_BLOCKING_SERVICES_H_
